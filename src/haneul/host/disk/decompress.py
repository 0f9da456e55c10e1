"""Decompresses an uploaded file piece by piece: gzip (RFC 1952) and zip with one file in it (PKWARE APPNOTE).

Neither what the file says of its size is believed, nor is more kept in memory than a piece.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from haneul.host.disk.formats import Unsafe
from haneul.host.disk.unzip import PIECE_BYTES, inflate, read_zip

GZIP_MAGIC, ZIP_MAGIC, LHA_MAGIC = b"\x1f\x8b\x08", b"PK\x03\x04", b"-lh"
GZIP_WINDOW = 31
# A member costs time even if it holds nothing; blocked gzip has one for every few KiB.
FREE_MEMBERS, BYTES_PER_MEMBER = 1000, 1024
LEAST_ALLOWED_BYTES = 1 << 20


@dataclass
class Bounds:
    """How much may come out: counts what did, and raises Unsafe for more than `most` bytes."""

    most: int
    write: Callable[[bytes], object]
    written: int = 0

    def take(self, piece: bytes) -> None:
        """Write the next piece."""
        self.written += len(piece)
        if self.written > self.most:
            raise Unsafe(f"The compressed image becomes larger than the {self.most} bytes that are allowed for it.")
        self.write(piece)


def decompress(source: BinaryIO, write: Callable[[bytes], object], most_bytes: int, most_ratio: int) -> int:
    """Write what a seekable file holds, in pieces, and return how many bytes that were.

    Unsafe when more would come than `most_bytes` or than `most_ratio` times the file's size (a mebibyte always may),
    and for what is damaged, encrypted or not one file; what was written until then is the caller's to throw away.
    """
    total = source.seek(0, 2)
    source.seek(0)
    begin = source.read(5)
    source.seek(0)
    bounds = Bounds(min(most_bytes, max(most_ratio * total, LEAST_ALLOWED_BYTES)), write)
    try:
        for piece in pieces(source, begin):
            bounds.take(piece)
    except (zlib.error, EOFError):
        raise Unsafe("The compressed image is damaged or was cut off: it cannot be decompressed.") from None
    if not bounds.written:
        raise Unsafe("The compressed image holds nothing.")
    return bounds.written


def pieces(source: BinaryIO, begin: bytes) -> Iterator[bytes]:
    """Return what decompresses a file that begins so; Unsafe for a compression that is not known."""
    if begin.startswith(GZIP_MAGIC):
        return read_gzip(source)
    if begin.startswith(ZIP_MAGIC):
        return read_zip(source)
    if begin[2:].startswith(LHA_MAGIC):
        raise Unsafe("The image is compressed by lha, which cannot be undone here. Compress it by gzip.")
    raise Unsafe("The image is compressed in a way that this cloud does not know.")


def read_gzip(source: BinaryIO) -> Iterator[bytes]:
    """Yield the contents of all members, one after the other; zlib.error or EOFError for damaged ones."""
    waiting, members = source.read(PIECE_BYTES), 0
    while waiting.strip(b"\0"):
        members += 1
        if members > FREE_MEMBERS + source.tell() // BYTES_PER_MEMBER:
            raise Unsafe("The compressed image is cut into more parts than any real one.")
        stream = zlib.decompressobj(GZIP_WINDOW)
        yield from inflate(stream, waiting, source)
        waiting = stream.unused_data or source.read(PIECE_BYTES)
