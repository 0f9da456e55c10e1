"""The part of an upload that is being filled: in memory while it is small, beyond that in a file without a name."""

from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

MIB = 1 << 20
# Of an upload two parts exist at a time: one fills while the other is sent.
MEMORY_BYTES = 8 * MIB
# Servers take a thousand parts (Swift's static large objects, its S3 face), of 5 GiB at most.
PARTS_OF_A_SIZE = 90
MOST_PART_BYTES = 5 << 30


class Part:
    """Bytes up to a size; whoever sends them reads `file` from its beginning."""

    def __init__(self, folder: Path, room: int) -> None:
        self.file = cast(BinaryIO, SpooledTemporaryFile(max_size=MEMORY_BYTES, dir=str(folder)))  # noqa: SIM115
        self.size, self._room = 0, room

    @property
    def is_full(self) -> bool:
        return self.size >= self._room

    def take(self, chunk: memoryview) -> int:
        """Add as many of the bytes as fit; how many these are."""
        count = min(len(chunk), self._room - self.size)
        self.file.write(chunk[:count])
        self.size += count
        return count


def room_of(number: int, first_bytes: int) -> int:
    """How large the part of a number, from 0, may be: parts double now and then, so that a thousand hold more
    than a tebibyte while small images cost little memory."""
    return min(first_bytes << (number // PARTS_OF_A_SIZE), MOST_PART_BYTES)
