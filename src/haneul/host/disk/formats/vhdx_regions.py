"""Where the parts of a VHDX lie: its headers and the two copies of its region table (MS-VHDX 2.2)."""

from dataclasses import dataclass

from haneul.host.disk.formats.crc32c import crc32c
from haneul.host.disk.formats.sample import Unsafe

HEADERS_AT = (64 * 1024, 128 * 1024)
HEADER_MAGIC = b"head"
HEADER_BYTES = 4096
LOG_GUID = slice(48, 64)
VERSIONS = slice(64, 68)
KNOWN_VERSIONS = b"\0\0\1\0"
TABLES_AT = (192 * 1024, 256 * 1024)
TABLE_MAGIC = b"regi"
TABLE_BYTES = 64 * 1024
MAX_ENTRIES = 2047
REQUIRED = 1
# Identifiers as they lie in the file: MS-VHDX 2.2.3.2.
BLOCK_MAP = bytes.fromhex("6677c22d23f600429d64115e9bfd4a08")
METADATA = bytes.fromhex("06a27c8b90479a4bb8fe575f050f886e")
# Regions begin behind the headers and are aligned so.
MIB = 1 << 20


@dataclass(frozen=True)
class Region:
    """A part of the file, in bytes."""

    kind: bytes
    at: int
    length: int
    is_required: bool

    @property
    def is_placed(self) -> bool:
        return self.at >= MIB and not self.at % MIB


def regions(head: bytes, table_at: int) -> list[Region]:
    """Return what one copy of the table lists, nothing if it is no table; at most 2047 regions."""
    if not head.startswith(TABLE_MAGIC, table_at):
        return []
    count = number(head, table_at + 8, 4)
    entries = range(table_at + 16, table_at + TABLE_BYTES - 31, 32)[: min(count, MAX_ENTRIES)]
    return [
        Region(head[at : at + 16], number(head, at + 16, 8), number(head, at + 24, 4), bool(head[at + 28] & REQUIRED))
        for at in entries
    ]


def number(text: bytes, at: int, size: int) -> int:
    """Return the little-endian number of `size` bytes at `at`; what is missing counts as zeros."""
    return int.from_bytes(text[at : at + size], "little")


def metadata_at(head: bytes) -> int:
    """Return where both copies of the table say that the metadata begins, or 0 if they do not agree."""
    places = {tuple(region.at for region in regions(head, at) if region.kind == METADATA) for at in TABLES_AT}
    place = places.pop()
    return place[0] if not places and len(place) == 1 and place[0] >= MIB else 0


def refuse_log(head: bytes) -> None:
    """Refuse an image whose log is still to be replayed: its contents are not what its map says."""
    header = current_header(head)
    if header[VERSIONS] != KNOWN_VERSIONS:
        raise Unsafe("The image is a VHDX of a version that this cloud does not know.")
    if any(header[LOG_GUID]):
        raise Unsafe(
            "The image was not closed: its log is still to be replayed. Shut its guest down and copy it again."
        )


def current_header(head: bytes) -> bytes:
    """Return the header that counts: of those with a right checksum, the one with the highest number."""
    copies = [head[at : at + HEADER_BYTES] for at in HEADERS_AT if head.startswith(HEADER_MAGIC, at)]
    valid = {number(copy, 8, 8): copy for copy in copies if is_summed(copy)}
    if not valid or (len(valid) == 1 and len({copy for copy in copies if is_summed(copy)}) > 1):
        raise Unsafe("The image has no header that counts: it was cut off or is damaged.")
    return valid[max(valid)]


def is_summed(header: bytes) -> bool:
    """Say whether a header's checksum, which it carries itself, is right."""
    return number(header, 4, 4) == crc32c(header[:4] + bytes(4) + header[8:])


def block_map(head: bytes, total: int) -> Region:
    """Return where the block map lies; Unsafe for regions that are unknown, doubled, misplaced or outside."""
    first, second = (regions(head, at) for at in TABLES_AT)
    if first != second or len({region.kind for region in first}) != len(first):
        raise Unsafe("The image's two region tables are missing, differ or name a region twice.")
    known = {region.kind: region for region in first if region.kind in (BLOCK_MAP, METADATA)}
    if any(region.is_required and region.kind not in known for region in first) or len(known) != 2:
        raise Unsafe("The image needs a part of VHDX that this cloud does not know, or lacks one that it must have.")
    if any(not region.is_placed or region.at + region.length > total for region in known.values()):
        raise Unsafe("The image's regions are not inside the file: it was cut off or is damaged.")
    return known[BLOCK_MAP]
