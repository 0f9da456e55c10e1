"""What a kind of transfer is made of: where its bytes go, and word of how far it is."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, Protocol

import msgspec

from haneul.host.net.fetch import Fetcher
from haneul.kernel.db import Db, Store
from haneul.services.image.config import ImageSettings
from haneul.services.image.drivers.base import Draft
from haneul.services.image.files.sources import Sources
from haneul.services.image.images.models import Image
from haneul.services.image.keys import Certificates
from haneul.services.image.locations import logic as locations
from haneul.services.image.stores.backends import Backends
from haneul.services.image.tasks import logic as tasks
from haneul.services.image.transfers import logic
from haneul.services.image.transfers.models import Transfer
from haneul.services.image.transfers.sealing import Seal

LaneName = Literal["local", "hosts", "elsewhere"]
READ_BYTES = 1 << 20
MIB = 1 << 20


class Cancelled(Exception):
    """Nobody wants the bytes any more, or another process moves them."""


class HostBytes(Protocol):
    """Copies of servers' disks on hosts."""

    def snapshot_part(self, host: str, place: tuple[str, str], offset: int, length: int) -> bytes:
        """A part of the copy that server and copy name by their ids, none at its end; Unavailable."""
        ...


class Ground(msgspec.Struct, frozen=True):
    """What transfers work with. `fetcher` asks at tenants' URLs; `seal` opens what a request has sealed for one."""

    store: Store
    backends: Backends
    sources: Sources
    settings: ImageSettings
    certificates: Certificates
    fetcher: Fetcher
    seal: Seal
    hosts: HostBytes


class Outcome(msgspec.Struct, frozen=True):
    """How a transfer ended: the state and size of its location, and what was learnt of the bytes.

    With `is_needless` the bytes that it began from are right as they are, and its own location is given up.
    """

    state: str
    size: int
    result: Mapping[str, Any] = {}
    is_needless: bool = False


class Job:
    """One transfer while it is made. `draft` takes its bytes, where it has a location; `image` is as it began."""

    def __init__(self, ground: Ground, transfer: Transfer, image: Image, draft: Draft | None) -> None:
        self.ground, self.transfer, self.image = ground, transfer, image
        self._draft = draft
        self.moved_bytes = 0
        self.is_unwanted = False

    @property
    def input(self) -> Mapping[str, Any]:
        return self.transfer.input

    @property
    def draft(self) -> Draft:
        """Where the bytes go."""
        if self._draft is None:
            raise RuntimeError("This transfer has no location.")
        return self._draft

    def moved(self, size: int) -> None:
        """So many bytes more are done; Cancelled when nobody wants them any more."""
        self.moved_bytes += size
        if self.is_unwanted:
            raise Cancelled

    def tell(self) -> None:
        """Write down how far it is, which renews its lease; from another thread than the one that moves bytes."""
        if not self.ground.store.write(partial(_told, transfer=self.transfer, moved_bytes=self.moved_bytes)):
            self.is_unwanted = True


def _told(db: Db, transfer: Transfer, moved_bytes: int) -> bool:
    """Keep the lease and let the task say how far it is; whether the bytes are still wanted."""
    number = transfer.location_id
    if not logic.keep(db, transfer, moved_bytes) or (number is not None and locations.get(db, number) is None):
        return False
    tasks.say(db, transfer.input.get("task_id", ""), f"Copied {moved_bytes // MIB} MiB")
    return True


class Kind(msgspec.Struct, frozen=True):
    """How transfers of one kind are made, and what is written in the transactions that end them.

    The `lane` says what it waits behind: this machine, the hosts, or servers that go as fast as somebody else likes.
    """

    make: Callable[[Job], Outcome]
    lane: LaneName = "local"
    done: Callable[[Db, Transfer, Outcome], None] | None = None
    failed: Callable[[Db, Transfer], None] | None = None
