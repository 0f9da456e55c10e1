"""Control's side of reconciling: what should be on a host, and what hosts say of it."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import bindparam, select, update

from haneul.kernel import log
from haneul.kernel.bus import Bus, BusError, Wake
from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, Store, by, columns_of
from haneul.kernel.reconcile.models import Buried, Owner, PlanRevision, owners, plan_revisions, tombstones
from haneul.kernel.reconcile.values import Nothing, PlanAsk, PlanReply, Report, Tombstone

ON_HOST = by(Buried, tombstones, "host", "kind")
STONE = by(Buried, tombstones, "host", "kind", "id")
REVISION = by(PlanRevision, plan_revisions, "host", "kind")
STOPPED = Query(PlanRevision, columns_of(PlanRevision, plan_revisions).where(plan_revisions.c.stopped != ""))
BUMP = (
    update(plan_revisions)
    .where(plan_revisions.c.host == bindparam("at_host"), plan_revisions.c.kind == bindparam("of_kind"))
    .values(revision=plan_revisions.c.revision + 1)
)
OWNER = by(Owner, owners, "number")
# A message holds four times as much, and one entry is far smaller than the rest.
PART_BYTES = 4 << 20
# A database has one owner, so its row has one number.
ONLY = 1
IS_BURIED = select(tombstones.c.id).where(tombstones.c.kind == bindparam("kind"), tombstones.c.id == bindparam("id"))

_wake: Callable[[str, Wake], None] | None = None


class AnotherCloudsDatabase(Exception):
    """The database that we were given is another cloud's."""


class PlanSource(msgspec.Struct, frozen=True):
    """One kind of thing that hosts make: the rows wanted on a host (of all or of some ids), and who hears reports.

    What is wanted comes in the same order as long as the host's revision stays: a large plan goes out in parts.
    """

    kind: str
    wanted: Callable[[Db, str, Sequence[str]], Iterable[msgspec.Struct]]
    heard: Callable[[Db, Report], None]


def touch(db: Db, host: str, kind: str, ids: Sequence[str]) -> None:
    """What is wanted of these things on this host has changed: count it, and wake the host after commit."""
    if not db.run(BUMP, at_host=host, of_kind=kind):
        db.insert_missing(plan_revisions, PlanRevision(host, kind, 0, ""))
        db.run(BUMP, at_host=host, of_kind=kind)
    if _wake is not None:
        tell, wake = _wake, Wake(kind, tuple(ids))
        db.after_commit(lambda: tell(host, wake))


def bury(db: Db, host: str, kind: str, stone: Tombstone) -> None:
    """The host must remove this thing. Repeatable."""
    place = {"kind": kind, "id": stone.id, "host": host}
    if not db.update(tombstones, place, generation=stone.generation, request_id=stone.request_id):
        db.insert(tombstones, Buried(kind, stone.id, host, stone.generation, stone.request_id, now()))
    touch(db, host, kind, (stone.id,))


def unbury(db: Db, host: str, kind: str, thing_id: str) -> int:
    """The host shall have this thing again after all; its tombstone's generation, 0 if it has none.

    What is wanted next must have a newer generation.
    """
    for stone in db.all(STONE, host=host, kind=kind, id=thing_id):
        db.delete(tombstones, kind=kind, id=thing_id, host=host)
        return stone.generation
    return 0


def is_buried(db: Db, kind: str, thing_id: str) -> bool:
    """Whether a host still has to remove this thing."""
    return db.value(IS_BURIED, kind=kind, id=thing_id) is not None


def buried_on(db: Db, host: str, kind: str) -> set[str]:
    """What this host still has to remove."""
    return {stone.id for stone in db.all(ON_HOST, host=host, kind=kind)}


def stopped_plans(db: Db) -> list[PlanRevision]:
    """Hosts that refuse their plan, with the reason; `doctor` shows them."""
    return db.all(STOPPED)


def owner_of(db: Db) -> str:
    """The id of the cloud whose database this is; nothing if it is nobody's yet."""
    found = db.one(OWNER, number=ONLY)
    return found.cloud_id if found else ""


def claim(db: Db, cloud_id: str) -> None:
    """Make the database this cloud's for good; AnotherCloudsDatabase if it is another's."""
    db.insert_missing(owners, Owner(ONLY, cloud_id))
    owner = owner_of(db)
    if owner != cloud_id:
        raise AnotherCloudsDatabase(f"The database belongs to cloud {owner}, and this is cloud {cloud_id}.")


class PlanDesk:
    """Answers agents: plans out, reports in. The plans are of the cloud whose database this is, whoever runs on it."""

    def __init__(self, store: Store, sources: Iterable[PlanSource]) -> None:
        self._store = store
        self._sources = {source.kind: source for source in sources}

    def serve(self, bus: Bus) -> None:
        """Take agents' calls on this bus, and wake agents over it."""
        global _wake
        _wake = bus.wake
        bus.serve("reconcile.plan", PlanAsk, self.plan)
        bus.serve("reconcile.report", Report, self.report)

    def plan(self, ask: PlanAsk) -> PlanReply:
        source = self._source(ask.kind)

        def body(db: Db) -> PlanReply:
            revision = db.one(REVISION, host=ask.host, kind=ask.kind)
            buried = db.all(ON_HOST, host=ask.host, kind=ask.kind)
            if ask.ids:
                buried = [stone for stone in buried if stone.id in ask.ids]
            entries, more = _part(source.wanted(db, ask.host, ask.ids), ask.have)
            return PlanReply(
                owner_of(db),
                revision.revision if revision else 0,
                entries,
                [Tombstone(stone.id, stone.generation, stone.request_id) for stone in buried],
                more,
            )

        return self._store.read(body)

    def report(self, report: Report) -> Nothing:
        source = self._source(report.kind)

        def body(db: Db) -> None:
            for thing_id in report.gone:
                honoured = {"generation": report.gone_at[thing_id]} if thing_id in report.gone_at else {}
                db.delete(tombstones, kind=report.kind, id=thing_id, host=report.host, **honoured)
            if report.stopped:
                # A new database doesn't know the host yet.
                db.insert_missing(plan_revisions, PlanRevision(report.host, report.kind, 0, ""))
            if report.is_full or report.stopped:
                db.update(plan_revisions, {"host": report.host, "kind": report.kind}, stopped=report.stopped)
            source.heard(db, report)

        self._store.write(body)
        if report.stopped:
            log.event("plan refused by host", "error", host=report.host, kind=report.kind, reason=report.stopped)
        return Nothing()

    def _source(self, kind: str) -> Any:
        source = self._sources.get(kind)
        if source is None:
            raise BusError("unknown-kind", f"No service plans things of kind {kind}.")
        return source


def _part(wanted: Iterable[msgspec.Struct], have: int) -> tuple[list[msgspec.Raw], bool]:
    """The entries after the first ones, as many as a message holds; whether there are more."""
    entries: list[msgspec.Raw] = []
    size = 0
    for entry in islice(wanted, have, None):
        if size >= PART_BYTES:
            return entries, True
        entries.append(msgspec.Raw(msgspec.msgpack.encode(entry)))
        size += len(entries[-1])
    return entries, False
