"""Hyper-V's format (MS-VHDX)."""

from haneul.host.disk.formats.sample import HEAD_BYTES, Sample, Unsafe

MAGIC = b"vhdxfile"
REGION_TABLES_AT = (192 * 1024, 256 * 1024)
MAX_ENTRIES = 2047
HAS_PARENT = 1 << 1
# Identifiers as they lie in the file: MS-VHDX 2.2.3.2 and 2.2.4.2.
METADATA_REGION = bytes.fromhex("06a27c8b90479a4bb8fe575f050f886e")
METADATA_MAGIC = b"metadata"
FILE_PARAMETERS = bytes.fromhex("3767a1ca36fa434db3b633f0aa44e76b")
VIRTUAL_DISK_SIZE = bytes.fromhex("2442a52f1bcd7648b2115dbed83bf4b8")


def matches(sample: Sample) -> bool:
    """Say whether the file begins as a VHDX does."""
    return sample.starts_with(MAGIC)


def metadata_at(head: bytes) -> int:
    """Return where the metadata region begins, or 0 if this is no VHDX or its region tables do not agree."""
    if not head.startswith(MAGIC) or len(head) < HEAD_BYTES:
        return 0
    places = {region_place(head[at : at + 64 * 1024]) for at in REGION_TABLES_AT}
    place = places.pop()
    return 0 if places or place < HEAD_BYTES else place


def region_place(table: bytes) -> int:
    """Return the file offset of the metadata region that this region table names, or 0."""
    if not table.startswith(b"regi"):
        return 0
    count = min(int.from_bytes(table[8:12], "little"), MAX_ENTRIES)
    for at in range(16, 16 + 32 * count, 32):
        if table[at : at + 16] == METADATA_REGION:
            return int.from_bytes(table[at + 16 : at + 24], "little")
    return 0


def virtual_size(sample: Sample) -> int:
    """Check the metadata and return the disk's size in bytes; Unsafe if it depends on another image."""
    if not sample.window_at or not sample.window.startswith(METADATA_MAGIC):
        raise Unsafe("The image's metadata is missing: it was cut off or is damaged.")
    if int.from_bytes(metadata_item(sample.window, FILE_PARAMETERS, 8)[4:8], "little") & HAS_PARENT:
        raise Unsafe("The image depends on a parent image. Convert it to an image that stands alone.")
    return int.from_bytes(metadata_item(sample.window, VIRTUAL_DISK_SIZE, 8), "little")


def metadata_item(window: bytes, item: bytes, size: int) -> bytes:
    """Return the `size` bytes of the one metadata item with this identifier."""
    count = min(int.from_bytes(window[10:12], "little"), MAX_ENTRIES)
    places = [at for at in range(32, 32 + 32 * count, 32) if window[at : at + 16] == item]
    if len(places) != 1:
        raise Unsafe("The image's metadata does not say what its disk is like.")
    offset = int.from_bytes(window[places[0] + 16 : places[0] + 20], "little")
    value = window[offset : offset + size]
    if len(value) < size:
        raise Unsafe("The image's metadata lies further in than this cloud looks.")
    return value
