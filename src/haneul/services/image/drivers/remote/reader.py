"""Reading over a network as from a file: one long answer from the place on, asked for again where it breaks off."""

from collections.abc import Callable

from haneul.services.image.drivers.base import Unreachable
from haneul.services.image.drivers.remote.server import Stream

ATTEMPTS = 3
# What a broken connection costs at most: the part of a block that had come is lost with it.
BLOCK_BYTES = 1 << 16


class RangedReader:
    """An object's bytes as an open file. `connect` asks for the bytes from an offset to the end; `first` is the answer
    from the beginning, if there is one already."""

    def __init__(self, size: int, connect: Callable[[int], Stream], first: Stream | None = None) -> None:
        self._size, self._connect, self._stream = size, connect, first
        self._at = 0

    def read(self, size: int = -1, /) -> bytes:
        left = max(self._size - self._at, 0)
        wanted = left if size < 0 else min(size, left)
        pieces = []
        while wanted:
            piece = self._piece(wanted)
            pieces.append(piece)
            wanted -= len(piece)
            self._at += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def seek(self, offset: int, /) -> int:
        if offset != self._at:
            self.close()
            self._at = offset
        return offset

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _piece(self, wanted: int) -> bytes:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._next(wanted)
            except Unreachable:
                self.close()
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("The last attempt returns or raises.")

    def _next(self, wanted: int) -> bytes:
        if self._stream is None:
            self._stream = self._connect(self._at)
        piece = self._stream.read(min(wanted, BLOCK_BYTES))
        if not piece:
            raise Unreachable("The store ended its answer before the end of the image's bytes.")
        return piece
