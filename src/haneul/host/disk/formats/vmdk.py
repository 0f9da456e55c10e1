"""VMware's sparse format (Virtual Disk Format 5.0; QEMU: block/vmdk.c)."""

from haneul.host.disk.formats.sample import Sample, Unsafe
from haneul.host.disk.formats.vmdk_descriptor import refuse_reaching_out

MAGIC = b"KDMV"
OLD_MAGIC = b"COWD"
DESCRIPTOR_MAGIC = b"# disk descriptorfile"
SECTOR = 512
HEADER_BYTES = 79
VERSIONS = (1, 2, 3)
DIRECTORY_AT_END = 0xFFFFFFFFFFFFFFFF
DESCRIPTOR_SECTOR = 1
MAX_DESCRIPTOR_BYTES = 64 * 1024
GRAIN_SECTORS = (8, 1 << 16)
MAX_TABLE_ENTRIES = 512
FOOTER_MARKER = 3


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
    if sample.starts_with(OLD_MAGIC):
        raise Unsafe("The image is a VMDK of an old kind. Convert it to monolithicSparse or streamOptimized.")
    if not sample.starts_with(MAGIC):
        raise Unsafe("The image only describes where other files lie. Convert it to one file (streamOptimized).")
    header = sample.take(0, HEADER_BYTES)
    if int.from_bytes(header[4:8], "little") not in VERSIONS:
        raise Unsafe("The image is a VMDK of a version that this cloud does not know.")
    directory_at = number(header, 56)
    if directory_at == DIRECTORY_AT_END:
        directory_at = directory_of_footer(sample, header)
    # Without a capacity QEMU follows the descriptor to files that it names.
    if not number(header, 12):
        raise Unsafe("The image has no capacity of its own.")
    refuse_descriptor(sample, number(header, 28), number(header, 36) * SECTOR)
    refuse_directory(sample, header, directory_at * SECTOR)
    return number(header, 12) * SECTOR


def number(header: bytes, offset: int) -> int:
    """Return the eight byte number at `offset`."""
    return int.from_bytes(header[offset : offset + 8], "little")


def directory_of_footer(sample: Sample, header: bytes) -> int:
    """A stream's footer replaces its header: return where it has the directory, if it says the same otherwise."""
    if len(sample.tail) < 3 * SECTOR or sample.total < 4 * SECTOR:
        raise Unsafe("The image's footer is missing or differs from its header.")
    marker, end = sample.tail[-3 * SECTOR : -2 * SECTOR], sample.tail[-SECTOR:]
    footer = sample.tail[-2 * SECTOR : -2 * SECTOR + HEADER_BYTES]
    same = footer[:56] == header[:56] and footer[64:] == header[64:]
    if not same or number(footer, 56) == DIRECTORY_AT_END:
        raise Unsafe("The image's footer is missing or differs from its header.")
    if int.from_bytes(marker[8:12], "little") or marker[12:16] != FOOTER_MARKER.to_bytes(4, "little") or any(end):
        raise Unsafe("The image's footer is not marked as one.")
    return number(footer, 56)


def refuse_descriptor(sample: Sample, sector: int, length: int) -> None:
    """Refuse an image without a descriptor at its place, and one whose descriptor reaches out of the file."""
    if sector != DESCRIPTOR_SECTOR or not 0 < length <= MAX_DESCRIPTOR_BYTES:
        raise Unsafe("The image does not carry a description of itself where it belongs.")
    refuse_reaching_out(sample.take(sector * SECTOR, length))


def refuse_directory(sample: Sample, header: bytes, offset: int) -> None:
    """Refuse grains and tables of sizes that cannot be, and a directory that is not inside the file."""
    capacity, grain, entries = number(header, 12), number(header, 20), int.from_bytes(header[44:48], "little")
    if not GRAIN_SECTORS[0] <= grain <= GRAIN_SECTORS[1] or grain & (grain - 1) or not 0 < entries <= MAX_TABLE_ENTRIES:
        raise Unsafe("The image's grains have a size that no VMDK has.")
    tables = -(-capacity // (grain * entries))
    if offset < SECTOR or offset + 4 * tables > sample.total:
        raise Unsafe("The image's directory is not inside the file: it was cut off or is damaged.")
