"""Bytes on their way to a server: parts as they fill, or one object if they stay few."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec

from haneul.services.image.drivers.base import Unreachable
from haneul.services.image.drivers.remote.holds import Hold
from haneul.services.image.drivers.remote.parts import MIB, Part, room_of
from haneul.services.image.drivers.remote.sending import Sending
from haneul.services.image.drivers.remote.server import Server, Upload

log = logging.getLogger("haneul.image.stores")


class Place(msgspec.Struct, frozen=True):
    """Where a draft goes: its key, the server, the folder for large parts and their first size; `delete` deletes what
    lies under a key."""

    key: str
    server: Server
    folder: Path
    part_bytes: int
    delete: Callable[[str], None]


class RemoteDraft:
    """A draft on a server. Deleted by another it takes bytes as before, and `keep` tells; what goes wrong with a part
    shows when the next one is full, or in `keep`."""

    def __init__(self, place: Place, hold: Hold) -> None:
        self._place, self._hold = place, hold
        self._parts = 0
        self._part = self._next_part()
        self._sending = Sending()
        self._upload: Upload | None = None
        self._may_lie_there = False
        self._broken: Exception | None = None

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        rest = memoryview(chunk)
        with self._breaking():
            while rest:
                rest = rest[self._part.take(rest) :]
                if self._part.is_full:
                    self._send_part()

    def fill(self, source: Path) -> None:
        with source.open("rb", buffering=0) as file:
            while chunk := file.read(MIB):
                self.write(chunk)

    def keep(self) -> None:
        try:
            with self._breaking():
                self._make_whole()
            self._hold.keep()
        except FileNotFoundError:
            # Deleted while the last request was under way: the server may have made the object all the same.
            self._delete()
            raise

    def release(self) -> None:
        self._end()
        self._hold.release()

    def discard(self) -> None:
        self._end()
        try:
            self._delete()
            self._hold.drop()
        except Unreachable as error:
            log.warning("Bytes of %s were left in their store, to be deleted later. %s", self._place.key, error)
        finally:
            self._hold.close()

    def _end(self) -> None:
        self._sending.end()
        self._part.file.close()

    def _delete(self) -> None:
        if self._may_lie_there:
            self._place.delete(self._place.key)

    def _make_whole(self) -> None:
        self._refuse_deleted()
        is_small = not self._may_lie_there
        self._may_lie_there = True
        if is_small:
            self._place.server.put(self._place.key, self._part.file, self._part.size)
            return
        if self._part.size:
            self._send_part()
        self._sending.wait()
        self._refuse_deleted()
        if self._upload is not None:
            self._complete(self._upload)

    def _complete(self, upload: Upload) -> None:
        try:
            upload.complete()
        except Unreachable:
            self._refuse_deleted()
            raise

    def _send_part(self) -> None:
        part, self._part = self._part, self._next_part()
        self._may_lie_there = True
        self._sending.begin(partial(self._add, part))

    def _add(self, part: Part) -> None:
        with part.file:
            if not self._hold.stands:
                return
            try:
                if self._upload is None:
                    self._upload = self._place.server.begin(self._place.key)
                self._upload.add(part.file, part.size)
            except FileNotFoundError:
                if self._hold.stands:
                    raise Unreachable("The store lost what was sent of an image.") from None

    def _next_part(self) -> Part:
        self._parts += 1
        return Part(self._place.folder, room_of(self._parts - 1, self._place.part_bytes))

    def _refuse_deleted(self) -> None:
        if not self._hold.stands:
            raise FileNotFoundError(f"What was written under {self._place.key} was deleted meanwhile.")

    @contextmanager
    def _breaking(self) -> Iterator[None]:
        """After an error all else fails with the same."""
        if self._broken is not None:
            raise self._broken
        try:
            yield
        except Exception as error:
            self._broken = error
            raise
