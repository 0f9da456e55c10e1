"""The text in which a VMDK describes itself (Virtual Disk Format 5.0): every line that is not known is refused."""

import re

from haneul.host.disk.formats.sample import Unsafe

ALONE = {"monolithicsparse", "streamoptimized"}
EXTENT = re.compile(r'(?:rw|rdonly)\s+(\d{1,19})\s+sparse\s+"[^"/\\:]{1,255}"', re.ASCII)
FIELD = re.compile(r"([a-z][\w.]{0,63})\s*=\s*(.*)", re.ASCII)
ACCESS = ("rw ", "rdonly ", "noaccess ", "rw\t", "rdonly\t", "noaccess\t")
NO_PARENT = 0xFFFFFFFF
SECTOR = 512


def refuse_reaching_out(text: bytes) -> None:
    """Refuse a descriptor that names a parent, other files than the one it stands in, or what is not a descriptor."""
    lines = readable_lines(text)
    extents = [line for line in lines if line.startswith(ACCESS)]
    fields = fields_of([line for line in lines if not line.startswith(ACCESS)], "\n".join(lines))
    if fields.get("createtype", "").strip('"') not in ALONE:
        raise Unsafe("The image is not a VMDK that stands alone. Convert it to monolithicSparse or streamOptimized.")
    if len(extents) != 1 or not EXTENT.fullmatch(extents[0]):
        raise Unsafe("The image is spread over several files. Convert it to one file.")
    if "changetrackpath" in fields:
        raise Unsafe("The image names a file of changes beside itself. Convert it to an image that stands alone.")
    refuse_parent(fields)


def readable_lines(text: bytes) -> list[str]:
    """Return the lines in lower case that are neither blank nor comments; Unsafe for bytes that are no text."""
    written = text.partition(b"\0")[0]
    try:
        lines = [line.strip() for line in written.decode("ascii").lower().split("\n")]
    except UnicodeDecodeError:
        raise Unsafe("The image's description of itself is not plain text.") from None
    # QEMU looks for this word anywhere, in comments too.
    if sum(line.count("createtype") for line in lines) > 1:
        raise Unsafe("The image is not a VMDK that stands alone: it says more than once what it is.")
    return [line for line in lines if line and not line.startswith("#")]


def fields_of(lines: list[str], whole: str) -> dict[str, str]:
    """Return the fields by name; Unsafe for a line that is no field, and for one that is there twice."""
    if "parentfilenamehint" in whole:
        raise Unsafe("The image names a parent image. Convert it to an image that stands alone.")
    fields: dict[str, str] = {}
    for line in lines:
        found = FIELD.fullmatch(line)
        if not found or (found[1] in fields and not found[1].startswith("ddb.")):
            raise Unsafe("The image's description of itself has a line that makes no sense.")
        fields[found[1]] = found[2]
    return fields


def refuse_parent(fields: dict[str, str]) -> None:
    """Refuse any other content as the parent than none."""
    parent = fields.get("parentcid", f"{NO_PARENT:x}")
    if not re.fullmatch(r"[0-9a-f]{1,8}", parent) or int(parent, 16) != NO_PARENT:
        raise Unsafe("The image names a parent image. Convert it to an image that stands alone.")
