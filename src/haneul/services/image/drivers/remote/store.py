"""A store of image bytes on a server."""

from collections.abc import Sequence
from pathlib import Path

from haneul.services.image.drivers.base import Draft, Reader
from haneul.services.image.drivers.keys import checked
from haneul.services.image.drivers.remote.draft import Place, RemoteDraft
from haneul.services.image.drivers.remote.holds import Holds
from haneul.services.image.drivers.remote.reader import RangedReader
from haneul.services.image.drivers.remote.server import Server


class RemoteStore:
    """Objects on a server; `folder` holds who is busy with which key, and is shared by all processes of a cloud."""

    is_read_only = False

    def __init__(self, server: Server, folder: Path, part_bytes: int) -> None:
        self._server, self._folder, self._part_bytes = server, folder, part_bytes
        self._holds = Holds(folder)

    def open_draft(self, key: str) -> Draft:
        place = Place(checked(key), self._server, self._folder, self._part_bytes, self.delete)
        return RemoteDraft(place, self._holds.take(key))

    def open(self, key: str) -> Reader:
        size = self.size(key)
        return RangedReader(size, lambda offset: self._server.read(key, offset))

    def size(self, key: str) -> int:
        return self._server.size(checked(key))

    def delete(self, key: str) -> None:
        self._holds.condemn(checked(key))
        self._server.delete(key)
        self._holds.forget(key)

    def address(self, key: str) -> str:
        return self._server.address(checked(key))

    def key_at(self, address: str) -> str | None:
        place, _, key = address.rpartition("/")
        if not place.startswith(f"{self._server.scheme}:"):
            return None
        try:
            return key if self._server.address(checked(key)) == f"{place}/{key}" else None
        except ValueError:
            return None

    def path(self, key: str) -> Path | None:
        return None

    def is_abandoned(self, key: str) -> bool:
        return self._holds.is_free(checked(key))

    def list_abandoned(self) -> Sequence[str]:
        self._holds.clear_kept()
        return self._holds.abandoned()

    def list_kept(self) -> Sequence[str]:
        return sorted(self._server.keys())
