"""VMware's sparse format (Virtual Disk Format 5.0; QEMU: block/vmdk.c)."""

import re

from haneul.host.disk.formats.sample import Sample, Unsafe

MAGIC = b"KDMV"
OLD_MAGIC = b"COWD"
DESCRIPTOR_MAGIC = b"# disk descriptorfile"
SECTOR = 512
HEADER_BYTES = 79
DIRECTORY_AT_END = 0xFFFFFFFFFFFFFFFF
MAX_DESCRIPTOR_BYTES = 64 * 1024
ALONE = {"monolithicsparse", "streamoptimized"}


def matches(sample: Sample) -> bool:
    """Say whether this is a sparse extent or a text that describes extents."""
    if sample.starts_with(MAGIC) or sample.starts_with(OLD_MAGIC):
        return True
    return is_descriptor(sample.head[:4096])


def is_descriptor(text: bytes) -> bool:
    """Say whether the first line that is not blank is the magic line of a descriptor, as QEMU probes it."""
    for line in text.split(b"\n"):
        stripped = line.strip().lower()
        if stripped.startswith((DESCRIPTOR_MAGIC, b"version=")):
            return True
        if stripped and not stripped.startswith(b"#"):
            return False
    return False


def virtual_size(sample: Sample) -> int:
    """Check header, footer and descriptor and return the disk's size in bytes; Unsafe if it names another file."""
    if not sample.starts_with(MAGIC):
        raise Unsafe("The image only describes where other files lie. Convert it to one file (streamOptimized).")
    header = sample.take(0, HEADER_BYTES)
    refuse_other_footer(sample, header)
    # Without a capacity QEMU follows the descriptor to files that it names.
    if not number(header, 12):
        raise Unsafe("The image has no capacity of its own.")
    refuse_descriptor(sample, number(header, 28) * SECTOR, number(header, 36) * SECTOR)
    return number(header, 12) * SECTOR


def number(header: bytes, offset: int) -> int:
    """Return the eight byte number at `offset`."""
    return int.from_bytes(header[offset : offset + 8], "little")


def refuse_other_footer(sample: Sample, header: bytes) -> None:
    """A stream's footer replaces its header: refuse one that says something else."""
    if number(header, 56) != DIRECTORY_AT_END:
        return
    footer = sample.tail[-1024 : -1024 + HEADER_BYTES]
    same = footer[:56] == header[:56] and footer[64:] == header[64:]
    if len(sample.tail) < 1024 or not same:
        raise Unsafe("The image's footer is missing or differs from its header.")


def refuse_descriptor(sample: Sample, offset: int, length: int) -> None:
    """Refuse a descriptor that names a parent, or more than the one extent that it stands in."""
    if not offset or not 0 < length <= MAX_DESCRIPTOR_BYTES:
        raise Unsafe("The image does not carry a description of itself.")
    text = sample.take(offset, length).partition(b"\0")[0].decode("latin-1").lower()
    kind = re.search(r'^\s*createtype\s*=\s*"([^"\n]*)"', text, re.MULTILINE)
    if not kind or kind[1] not in ALONE:
        raise Unsafe("The image is not a VMDK that stands alone. Convert it to monolithicSparse or streamOptimized.")
    extents = re.findall(r"^\s*(?:rw|rdonly|noaccess)\s.*$", text, re.MULTILINE)
    if len(extents) != 1 or not re.fullmatch(r'\s*rw\s+\d+\s+sparse\s+"[^"/\\]+"\s*', extents[0]):
        raise Unsafe("The image is spread over several files. Convert it to one file.")
    parent = re.search(r"^\s*parentcid\s*=\s*([0-9a-f]+)", text, re.MULTILINE)
    if "parentfilenamehint" in text or (parent and int(parent[1], 16) != 0xFFFFFFFF):
        raise Unsafe("The image names a parent image. Convert it to an image that stands alone.")
