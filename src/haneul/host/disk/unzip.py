"""Reads a zip archive from its beginning on: one file's header, its contents, and the list that names it alone."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from haneul.host.disk.formats import Unsafe

PIECE_BYTES = 1 << 16
LOCAL, CENTRAL, DESCRIPTOR = b"PK\x03\x04", b"PK\x01\x02", b"PK\x07\x08"
ENDS = (b"PK\x05\x06", b"PK\x06\x06")
STORED, DEFLATED = 0, 8
ENCRYPTED, SIZED_LATER = 1, 1 << 3
IN_EXTRA, ZIP64 = 0xFFFFFFFF, 1
RAW_DEFLATE = -15
# Behind the contents: a descriptor of at most 24 bytes, an entry of the list with three texts, and the end's mark.
MOST_BEHIND = 24 + 46 + 3 * 65535 + 4


@dataclass(frozen=True)
class Local:
    """What the header before the contents says; `size` counts compressed bytes, None where it follows later."""

    method: int
    size: int | None


def read_zip(source: BinaryIO) -> Iterator[bytes]:
    """Yield the one file's contents; Unsafe, zlib.error or EOFError for an archive that cannot be used."""
    local = local_header(source)
    summed = 0
    for piece in inflated(source) if local.method == DEFLATED else stored(source, local.size):
        summed = zlib.crc32(piece, summed)
        yield piece
    refuse_other_end(source.read(MOST_BEHIND), summed)


def exactly(source: BinaryIO, size: int) -> bytes:
    """Read so many bytes; EOFError if there are fewer."""
    taken = source.read(size)
    if len(taken) < size:
        raise EOFError
    return taken


def local_header(source: BinaryIO) -> Local:
    """Read what stands before the contents; Unsafe for what is encrypted or compressed in another way."""
    _, flags, method, _, _, size, _, names, extras = struct.unpack("<4xHHHIIIIHH", exactly(source, 30))
    exactly(source, names)
    extra = exactly(source, extras)
    if flags & ENCRYPTED:
        raise Unsafe("The compressed image is encrypted. Upload it unencrypted.")
    if method not in (STORED, DEFLATED) or (method == STORED and flags & SIZED_LATER):
        raise Unsafe("The image is compressed in a way that this cloud does not know.")
    if size == IN_EXTRA:
        size = size_in(extra)
    return Local(method, None if flags & SIZED_LATER else size)


def size_in(extra: bytes) -> int:
    """Return the compressed size that stands among the extra fields; EOFError if none does."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == ZIP64 and length >= 16 and at + 20 <= len(extra):
            return int.from_bytes(extra[at + 12 : at + 20], "little")
        at += 4 + length
    raise EOFError


def stored(source: BinaryIO, size: int | None) -> Iterator[bytes]:
    """Yield contents that are not compressed."""
    left = size or 0
    while left:
        piece = exactly(source, min(left, PIECE_BYTES))
        left -= len(piece)
        yield piece


def inflated(source: BinaryIO) -> Iterator[bytes]:
    """Yield what a deflate stream holds, and leave the source right behind it."""
    stream = zlib.decompressobj(RAW_DEFLATE)
    yield from inflate(stream, source.read(PIECE_BYTES), source)
    source.seek(-len(stream.unused_data), 1)


def inflate(stream: "zlib._Decompress", waiting: bytes, source: BinaryIO) -> Iterator[bytes]:
    """Yield what one stream holds in pieces, first of what is `waiting`; EOFError where the source ends before it."""
    while not stream.eof:
        waiting = waiting or source.read(PIECE_BYTES)
        piece = stream.decompress(waiting, PIECE_BYTES)
        if piece:
            yield piece
        elif not waiting and not stream.eof:
            raise EOFError
        waiting = stream.unconsumed_tail


def refuse_other_end(behind: bytes, summed: int) -> None:
    """Refuse an archive whose list does not follow, names a second file or has another checksum."""
    begin = behind.find(CENTRAL, 0, 24 + len(CENTRAL)) if not behind.startswith(CENTRAL) else 0
    if behind.startswith(LOCAL):
        raise Unsafe("The compressed image holds more than one file.")
    if begin < 0 or len(behind) < begin + 46:
        raise EOFError
    told, names, extras, comment = struct.unpack_from("<16xI8xHHH", behind, begin)
    end = begin + 46 + names + extras + comment
    if behind[end : end + 4] == CENTRAL:
        raise Unsafe("The compressed image holds more than one file.")
    if behind[end : end + 4] not in ENDS or told != summed:
        raise EOFError
