"""Small files that become large: the decompressor refuses them, whatever was claimed."""

import struct
import zlib
from collections.abc import Callable

from tests.support.zoo.makers import MIB, gzipped, patch, zipped

ZEROS = bytes(32 * MIB)


def bomb_gzip() -> bytes:
    """A thousandfold: the most that deflate can."""
    return gzipped(ZEROS)


def bomb_gzip_of_many_members() -> bytes:
    return gzipped(ZEROS[:MIB]) * 32


def bomb_gzip_of_a_gzip() -> bytes:
    return gzipped(gzipped(ZEROS) * 1000)


def bomb_zip() -> bytes:
    return zipped({"disk": ZEROS})


def bomb_zip_that_lies_about_its_size() -> bytes:
    """Its headers tell of one byte."""
    archive = bomb_zip()
    central = archive.rindex(b"PK\x01\x02")
    return patch(patch(archive, 22, struct.pack("<I", 1)), central + 24, struct.pack("<I", 1))


def bomb_zip_that_overlaps_itself() -> bytes:
    """Two entries of one body, as in the bomb of David Fifield (2019)."""
    archive = bomb_zip()
    central = archive.rindex(b"PK\x01\x02")
    end = archive.rindex(b"PK\x05\x06")
    listed = archive[central:end] * 2
    closing = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 2, 2, len(listed), central, 0)
    return archive[:central] + listed + closing


def bomb_gzip_with_a_name_without_an_end() -> bytes:
    return b"\x1f\x8b\x08\x08".ljust(10, b"\0") + b"n" * MIB


def bomb_gzip_of_empty_blocks() -> bytes:
    """Deflate blocks that hold nothing: they cost time and give no byte."""
    blocks = b"\0\0\0\xff\xff" * 200_000
    return b"\x1f\x8b\x08".ljust(10, b"\0") + blocks + b"\1\0\0\xff\xff" + struct.pack("<II", zlib.crc32(b""), 0)


BOMBS: dict[str, Callable[[], bytes]] = {
    make.__name__: make
    for make in (
        bomb_gzip,
        bomb_gzip_of_many_members,
        bomb_gzip_of_a_gzip,
        bomb_zip,
        bomb_zip_that_lies_about_its_size,
        bomb_zip_that_overlaps_itself,
        bomb_gzip_with_a_name_without_an_end,
        bomb_gzip_of_empty_blocks,
    )
}
