"""Hyper-V's format (MS-VHDX)."""

from haneul.host.disk.formats import vhdx_regions
from haneul.host.disk.formats.sample import HEAD_BYTES, Sample, Unsafe
from haneul.host.disk.formats.vhdx_regions import number

MAGIC = b"vhdxfile"
METADATA_MAGIC = b"metadata"
ENTRY_BYTES = 32
MAX_ENTRIES = 2047
REQUIRED = 1 << 2
HAS_PARENT = 1 << 1
KIB, MIB = 1 << 10, 1 << 20
SECTORS_PER_CHUNK = 1 << 23
# Identifiers as they lie in the file: MS-VHDX 2.6.2.
FILE_PARAMETERS = bytes.fromhex("3767a1ca36fa434db3b633f0aa44e76b")
VIRTUAL_DISK_SIZE = bytes.fromhex("2442a52f1bcd7648b2115dbed83bf4b8")
VIRTUAL_DISK_ID = bytes.fromhex("ab12cabee6b2234593efc309e000c746")
LOGICAL_SECTOR = bytes.fromhex("1dbf41816fa90947ba47f233a8faab5f")
PHYSICAL_SECTOR = bytes.fromhex("c748a3cd5d4471449cc9e9885251c556")
PARENT_LOCATOR = bytes.fromhex("2d5fd3a80bb34d45abf7d3d84834ab0c")
KNOWN = (FILE_PARAMETERS, VIRTUAL_DISK_SIZE, VIRTUAL_DISK_ID, LOGICAL_SECTOR, PHYSICAL_SECTOR)


def matches(sample: Sample) -> bool:
    """Say whether the file begins as a VHDX does."""
    return sample.starts_with(MAGIC)


def metadata_at(head: bytes) -> int:
    """Return where the metadata region begins, or 0 if this is no VHDX or its region tables do not agree."""
    if not head.startswith(MAGIC) or len(head) < HEAD_BYTES:
        return 0
    return vhdx_regions.metadata_at(head)


def virtual_size(sample: Sample) -> int:
    """Check the whole header and return the disk's size in bytes; Unsafe if it depends on another image."""
    if not sample.window_at or not sample.window.startswith(METADATA_MAGIC):
        raise Unsafe("The image's metadata is missing: it was cut off or is damaged.")
    vhdx_regions.refuse_log(sample.head)
    place = vhdx_regions.block_map(sample.head, sample.total)
    refuse_items(sample.window)
    parameters = metadata_item(sample.window, FILE_PARAMETERS, 8)
    if number(parameters, 4, 4) & HAS_PARENT:
        raise Unsafe("The image depends on a parent image. Convert it to an image that stands alone.")
    size = number(metadata_item(sample.window, VIRTUAL_DISK_SIZE, 8), 0, 8)
    sector = number(metadata_item(sample.window, LOGICAL_SECTOR, 4), 0, 4)
    block = number(parameters, 0, 4)
    if sector not in (512, 4096) or size % sector or not MIB <= block <= 256 * MIB or block & (block - 1):
        raise Unsafe("The image's sizes of sectors and blocks are none that VHDX allows.")
    if entries(size, block, sector) * 8 > place.length:
        raise Unsafe("The image's block map does not fit the size of its disk.")
    return size


def entries(size: int, block: int, sector: int) -> int:
    """Return how many entries the block map of a disk without a parent has (MS-VHDX 2.5)."""
    blocks = -(-size // block)
    return blocks + max(blocks - 1, 0) // (SECTORS_PER_CHUNK * sector // block)


def refuse_items(window: bytes) -> None:
    """Refuse a parent's place, and metadata that must be understood but that nobody has told us of."""
    for at in places(window):
        kind, flags = window[at : at + 16], number(window, at + 24, 4)
        if kind == PARENT_LOCATOR:
            raise Unsafe("The image names a parent image. Convert it to an image that stands alone.")
        if flags & REQUIRED and kind not in KNOWN:
            raise Unsafe(
                "The image needs a part of VHDX that this cloud does not know, or lacks one that it must have."
            )


def places(window: bytes) -> range:
    """Return where the entries of the metadata's table begin."""
    count = min(number(window, 10, 2), MAX_ENTRIES)
    return range(ENTRY_BYTES, ENTRY_BYTES + ENTRY_BYTES * count, ENTRY_BYTES)


def metadata_item(window: bytes, item: bytes, size: int) -> bytes:
    """Return the `size` bytes of the one metadata item with this identifier."""
    found = [at for at in places(window) if window[at : at + 16] == item]
    if len(found) != 1:
        raise Unsafe("The image's metadata does not say what its disk is like.")
    offset = number(window, found[0] + 16, 4)
    value = window[offset : offset + size]
    if offset < 64 * KIB or len(value) < size:
        raise Unsafe("The image's metadata lies further in than this cloud looks.")
    return value
