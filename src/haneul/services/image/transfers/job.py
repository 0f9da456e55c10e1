"""What a kind of transfer is made of: where its bytes go, and word of how far it is."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from haneul.kernel.db import Db, Store
from haneul.services.image.config import ImageSettings
from haneul.services.image.drivers.base import Draft
from haneul.services.image.files.sources import Sources
from haneul.services.image.images.models import Image
from haneul.services.image.stores.backends import Backends
from haneul.services.image.transfers import logic
from haneul.services.image.transfers.models import Transfer

READ_BYTES = 1 << 20


class Cancelled(Exception):
    """Nobody wants the bytes any more, or another process moves them."""


class Ground(msgspec.Struct, frozen=True):
    """What transfers work with."""

    store: Store
    backends: Backends
    sources: Sources
    settings: ImageSettings


class Outcome(msgspec.Struct, frozen=True):
    """How a transfer ended: the state and size of its location, and what was learnt of the bytes."""

    state: str
    size: int
    result: Mapping[str, Any] = {}


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
        told = partial(logic.keep, transfer=self.transfer, moved_bytes=self.moved_bytes)
        self.is_unwanted = not self.ground.store.write(told)


class Kind(msgspec.Struct, frozen=True):
    """How transfers of one kind are made, and what is written in the transactions that end them."""

    make: Callable[[Job], Outcome]
    done: Callable[[Db, Transfer, Outcome], None] | None = None
    failed: Callable[[Db, Transfer], None] | None = None
