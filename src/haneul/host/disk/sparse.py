"""Writing a file from its beginning to its end with holes in place of zeros."""

from collections.abc import Iterator
from io import FileIO

BLOCK_BYTES = 64 << 10
ZEROS = bytes(BLOCK_BYTES)


def write(file: FileIO, chunk: bytes | bytearray | memoryview) -> None:
    """Add bytes at the file's place; what is zero from one border of 64 KiB to the next stays a hole.

    Whoever ends the file calls `finish`: a hole at its end isn't there before.
    """
    given = bytes(chunk) if isinstance(chunk, memoryview) else chunk
    place = file.tell()
    view = memoryview(given)
    for start, end, is_zero in _runs(given, place):
        if is_zero:
            file.seek(place + end)
            continue
        while start < end:
            start += file.write(view[start:end])


def finish(file: FileIO) -> None:
    """Give the file the size that was written."""
    file.truncate(file.tell())


def _runs(chunk: bytes | bytearray, place: int) -> Iterator[tuple[int, int, bool]]:
    """The chunk as runs of blocks that are all zero and of blocks that aren't: start, end, whether zero."""
    start, at, was_zero = 0, 0, False
    while at < len(chunk):
        border = min(at + BLOCK_BYTES - (place + at) % BLOCK_BYTES, len(chunk))
        # It compares in place and ends at the first byte that differs: nothing is copied, and data cost nothing.
        is_zero = chunk.startswith(ZEROS if border - at == BLOCK_BYTES else ZEROS[: border - at], at)
        if is_zero != was_zero and at > start:
            yield start, at, was_zero
            start = at
        was_zero, at = is_zero, border
    if at > start:
        yield start, at, was_zero
