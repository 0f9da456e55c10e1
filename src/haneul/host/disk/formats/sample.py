"""What the inspector keeps of an image: its first half mebibyte, its last bytes and one window further in."""

from dataclasses import dataclass

HEAD_BYTES = 512 * 1024
TAIL_BYTES = 1536
WINDOW_BYTES = 128 * 1024


class Unsafe(Exception):
    """The image is of the claimed format, but opening it could reach or cost what is not the user's."""


class Mismatch(Exception):
    """The image is not of the format that was claimed for it."""


@dataclass(frozen=True)
class Sample:
    """The kept parts of an image; `window` was read at `window_at`, or is empty."""

    head: bytes
    tail: bytes
    total: int
    window_at: int = 0
    window: bytes = b""

    def take(self, offset: int, size: int) -> bytes:
        """Return `size` bytes at `offset` of the head; Unsafe if the file ends before, or if they were not kept."""
        if offset + size > self.total:
            raise Unsafe("The image file ends before its header does: it was cut off or is damaged.")
        if offset + size > len(self.head):
            raise Unsafe("The image file keeps a part of its header at an unusual place, so it cannot be checked.")
        return self.head[offset : offset + size]

    def big(self, offset: int, size: int) -> int:
        """Return the big-endian number of `size` bytes at `offset`."""
        return int.from_bytes(self.take(offset, size), "big")

    def little(self, offset: int, size: int) -> int:
        """Return the little-endian number of `size` bytes at `offset`."""
        return int.from_bytes(self.take(offset, size), "little")

    def starts_with(self, magic: bytes, offset: int = 0) -> bool:
        """Say whether `magic` stands at `offset`; False also where the file is shorter."""
        return self.head[offset : offset + len(magic)] == magic

    def ends_with(self, magic: bytes, before_end: int) -> bool:
        """Say whether `magic` stands so many bytes before the end (at most 1536); False where the file is shorter."""
        return self.total >= before_end and self.tail[-before_end:].startswith(magic)
