"""Bytes on their way into the cache: one thread fetches them, whoever wants them meanwhile reads along."""

import hashlib
import logging
import os
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Literal

from haneul.services.image.cache.content import Content
from haneul.services.image.cache.shelf import Part
from haneul.services.image.drivers.base import Reader, Unreachable

log = logging.getLogger("haneul.image.cache")
READ_BYTES = 1 << 20
# Who wants what lies further ahead than this asks the store for it.
AHEAD_BYTES = 32 << 20

State = Literal["coming", "whole", "mismatch", "broken"]


class Fill:
    """One image's bytes on their way into a part; `front` have come, and `checked` is told before they are kept."""

    def __init__(self, content: Content, part: Part, checked: Callable[[], None]) -> None:
        self.content, self._part, self._checked = content, part, checked
        self.front = 0
        self.state: State = "coming"
        self._is_wanted = True
        self._moved = threading.Condition()

    def run(self, source: Callable[[], Reader]) -> State:
        """Fetch, check and keep them; what is not what its row says is thrown away."""
        state: State = "broken"
        try:
            with closing(source()) as reader:
                state = self._copied(reader)
            if state == "whole":
                self._checked()
                self._part.keep()
        except Exception as error:
            # Whatever a store or a disk says, readers go on without the cache.
            log.warning("The bytes of image %s could not be cached: %s", self.content.image_id, error)
            state = "broken"
        finally:
            self._part.discard()
            self._tell(state)
        return state

    def cancel(self) -> None:
        """Nobody wants it cached any more; who reads along goes on without."""
        self._is_wanted = False

    def wait(self, position: int) -> int:
        """How many bytes after a position have come, once there are any; 0 if none will come."""
        with self._moved:
            self._moved.wait_for(lambda: self.front > position or self.state != "coming")
            return max(self.front - position, 0)

    def ended(self) -> State:
        """How it ended, once it has."""
        with self._moved:
            self._moved.wait_for(lambda: self.state != "coming")
            return self.state

    def open(self) -> int:
        """The part, for reading; FileNotFoundError where it is done with already."""
        return os.open(self._part.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)

    def _copied(self, reader: Reader) -> State:
        content, digest = self.content, hashlib.new(self.content.hash_name)
        while self.front < content.size:
            chunk = reader.read(min(READ_BYTES, content.size - self.front))
            if not chunk or not self._is_wanted:
                break
            digest.update(chunk)
            self._write(chunk)
        if not self._is_wanted:
            return "broken"
        if self.front < content.size or reader.read(1) or digest.hexdigest() != content.hash:
            log.error("The bytes of image %s do not match its checksum, and were not cached.", content.image_id)
            return "mismatch"
        return "whole"

    def _write(self, chunk: bytes) -> None:
        rest = memoryview(chunk)
        while rest:
            rest = rest[self._part.file.write(rest) or 0 :]
        with self._moved:
            self.front += len(chunk)
            self._moved.notify_all()

    def _tell(self, state: State) -> None:
        with self._moved:
            self.state = state
            self._moved.notify_all()


class AlongReader:
    """Reads what a fill brings, and asks the store itself for what lies far ahead or does not come."""

    def __init__(self, fill: Fill, source: Callable[[], Reader]) -> None:
        self._fill, self._source = fill, source
        self._descriptor = fill.open()
        self._direct: Reader | None = None
        self._at = 0

    def read(self, size: int = -1, /) -> bytes:
        left = max(self._fill.content.size - self._at, 0)
        wanted = left if size < 0 else min(size, left)
        pieces = []
        while wanted:
            piece = self._piece(wanted)
            if not piece:
                raise Unreachable("The store ended its answer before the end of the image's bytes.")
            pieces.append(piece)
            wanted -= len(piece)
            self._at += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def seek(self, offset: int, /) -> int:
        if self._direct is not None and offset != self._at:
            self._direct.seek(offset)
        self._at = offset
        return offset

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if self._direct is not None:
            self._direct.close()

    def _piece(self, wanted: int) -> bytes:
        if self._direct is None and self._at <= self._fill.front + AHEAD_BYTES and (come := self._fill.wait(self._at)):
            return os.pread(self._descriptor, min(wanted, come), self._at)
        if self._direct is None:
            self._direct = self._source()
            self._direct.seek(self._at)
        return self._direct.read(wanted)
