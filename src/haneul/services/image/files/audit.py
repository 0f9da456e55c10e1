"""Comparing what stores hold with what rows say of it. Nothing is changed, and nothing is concluded from a difference
alone: bytes that no row speaks of may belong to a newer database."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Literal

import msgspec
from sqlalchemy import bindparam

from haneul.kernel import operations
from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, Store, columns_of
from haneul.services.image.drivers.base import ImageStore, Unreachable
from haneul.services.image.images import logic as images
from haneul.services.image.locations import deletions
from haneul.services.image.locations import logic as locations
from haneul.services.image.locations.models import ACTIVE, STAGED, Location
from haneul.services.image.stores.backends import Backend, Backends
from haneul.services.image.tasks.models import Task, tasks

Kind = Literal["away", "orphan", "lost", "size", "hash", "stale", "overdue", "task"]
OURS = re.compile(r"([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\.[0-9a-f]{12}", re.ASCII)
READ_BYTES = 1 << 20
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
UNENDED = Query(
    Task,
    columns_of(Task, tasks)
    .where(tasks.c.status.in_(("pending", "processing")), tasks.c.updated_at < bindparam("before"))
    .order_by(tasks.c.created_at)
    .limit(1000),
)


class Odd(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not as it should be: `away` a store that can't be asked, `orphan` bytes without a row, `lost` a
    row without bytes, `size` and `hash` bytes that are not what the image says, `stale` bytes that wait for an import
    since more than a day, `overdue` bytes that should have been deleted, `task` one that nobody works on."""

    kind: Kind
    image_id: str = ""
    store: str = ""
    key: str = ""
    task_id: str = ""
    reason: str = ""


class Audit:
    """One comparison; with `verifies`, every byte is read and hashed."""

    def __init__(self, store: Store, backends: Backends, *, verifies: bool = False) -> None:
        self._store, self._backends, self._verifies = store, backends, verifies

    def run(self) -> Iterator[Odd]:
        """All that is odd. Stores are listed before rows are read: whatever they hold then has had its row before."""
        listed = {}
        for backend in self._backends.every:
            try:
                listed[backend.name] = set(backend.store.list_kept())
            except (Unreachable, OSError):
                yield Odd(kind="away", store=backend.name, reason="The store can't be asked now.")
        rows = self._store.read(_every_location)
        yield from self._orphans(listed, rows)
        for row in rows:
            if row.store in listed:
                yield from self._checked(row)
        yield from self._store.read(_stale)
        yield from self._store.read(_overdue)
        yield from self._store.read(_idle_tasks)

    def _orphans(self, listed: Mapping[str, set[str]], rows: list[Location]) -> Iterator[Odd]:
        known = {(row.store, row.key) for row in rows}
        known |= {(one.store, one.key) for one in self._store.read(deletions.every)}
        for name, keys in listed.items():
            backend = self._backends.holding(name)
            for key in sorted(keys):
                if backend is not None and (name, key) not in known and _size(backend.store, key) is not None:
                    yield Odd(kind="orphan", image_id=image_of(key), store=name, key=key)

    def _checked(self, row: Location) -> Iterator[Odd]:
        backend = self._backends.holding(row.store)
        if backend is None or row.state not in (ACTIVE, STAGED):
            return
        odd = {"image_id": row.image_id, "store": row.store, "key": row.key}
        try:
            size = _size(backend.store, row.key)
            if size is None:
                if self._store.read(partial(locations.get, number=row.id)) is not None:
                    yield Odd(kind="lost", **odd)
            elif row.size is not None and size != row.size:
                yield Odd(kind="size", **odd, reason=f"{size} bytes in place of {row.size}")
            elif self._verifies and not self._is_whole(backend, row):
                yield Odd(kind="hash", **odd)
        except (Unreachable, OSError):
            yield Odd(kind="away", **odd, reason="The bytes can't be read now.")

    def _is_whole(self, backend: Backend, row: Location) -> bool:
        image = self._store.read(partial(images.get, image_id=row.image_id))
        if image is None or row.state != ACTIVE or not image.os_hash_algo or not image.os_hash_value:
            return True
        digest = hashlib.new(image.os_hash_algo)
        source = backend.store.open(row.key)
        try:
            while chunk := source.read(READ_BYTES):
                digest.update(chunk)
        finally:
            source.close()
        return digest.hexdigest() == image.os_hash_value


def _size(store: ImageStore, key: str) -> int | None:
    try:
        return store.size(key)
    except FileNotFoundError:
        return None


def image_of(key: str) -> str:
    """The image that a key of this cloud's was made for; empty for keys that are not of our making."""
    found = OURS.fullmatch(key)
    return found.group(1) if found else ""


def _every_location(db: Db) -> list[Location]:
    return list(locations.every(db))


def _stale(db: Db) -> list[Odd]:
    """Staged bytes that nobody is to import."""
    before = now() - DAY
    return [
        Odd(kind="stale", image_id=one.image_id, store=one.store, key=one.key, reason=f"since {one.created_at:%F}")
        for one in locations.every(db)
        if one.state == STAGED and one.created_at < before and not operations.unfinished(db, one.image_id)
    ]


def _overdue(db: Db) -> list[Odd]:
    before = now() - HOUR
    return [
        Odd(kind="overdue", image_id=one.image_id, store=one.store, key=one.key, reason=f"since {one.due_at:%F %R}")
        for one in deletions.every(db)
        if one.due_at < before
    ]


def _idle_tasks(db: Db) -> list[Odd]:
    """Tasks that were begun and that no operation works on."""
    return [
        Odd(kind="task", task_id=one.id, image_id=one.image_id or "", reason=one.status)
        for one in db.all(UNENDED, before=now() - HOUR)
        if not one.image_id or not operations.unfinished(db, one.image_id)
    ]
