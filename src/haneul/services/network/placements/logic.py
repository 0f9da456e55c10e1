"""Which host makes what, and whether it has."""

from collections.abc import Callable, Sequence

from sqlalchemy import bindparam, func, select, update

from haneul.kernel import log
from haneul.kernel.db import Db, Query, by, columns_of
from haneul.kernel.reconcile import Observation, Report, Tombstone
from haneul.kernel.reconcile.plans import bury, unbury
from haneul.kernel.reconcile.plans import touch as touch_plan
from haneul.services.network.drivers.base import Kind
from haneul.services.network.placements.models import Placement, placements

ONE = by(Placement, placements, "kind", "id", "host")
OF_THING = by(Placement, placements, "kind", "id")
ON_HOST = Query(
    Placement,
    columns_of(Placement, placements)
    .where(placements.c.host == bindparam("host"), placements.c.kind == bindparam("kind"))
    .order_by(placements.c.id),
)
OF_IDS_ON_HOST = Query(
    Placement,
    columns_of(Placement, placements).where(
        placements.c.host == bindparam("host"),
        placements.c.kind == bindparam("kind"),
        placements.c.id.in_(bindparam("ids", expanding=True)),
    ),
)
ERRORS = select(placements.c.id, placements.c.error).where(
    placements.c.kind == bindparam("kind"),
    placements.c.id.in_(bindparam("ids", expanding=True)),
    placements.c.error != "",
)
COUNTED = (
    select(placements.c.host, func.count()).where(placements.c.kind == bindparam("kind")).group_by(placements.c.host)
)
COUNT_CHANGE = (
    update(placements)
    .where(placements.c.kind == bindparam("of_kind"), placements.c.id == bindparam("of_id"))
    .where(placements.c.host == bindparam("at_host"))
    .values(generation=placements.c.generation + 1, error="", request_id=bindparam("asked_by"))
)
Heard = Callable[[Db, Placement, Observation], None]
"""What a service makes of a host's word: the placement as it was, and what the host has seen."""


def put(db: Db, kind: Kind, thing_id: str, host: str) -> None:
    """Have a host make this thing; one that has it already is told of no change."""
    if db.one(ONE, kind=kind, id=thing_id, host=host) is None:
        generation = unbury(db, host, kind, thing_id) + 1
        db.insert(placements, Placement(kind, thing_id, host, generation, 0, "", log.request_id.get()))
        touch_plan(db, host, kind, (thing_id,))


def changed(db: Db, kind: Kind, thing_id: str, *, but: str = "") -> None:
    """What is wanted of a thing has changed: every host that has it (but one, if named) makes it anew."""
    for host in hosts_of(db, kind, thing_id):
        if host != but:
            changed_on(db, kind, thing_id, host)


def changed_on(db: Db, kind: Kind, thing_id: str, host: str) -> None:
    """The same for one host."""
    db.run(COUNT_CHANGE, of_kind=kind, of_id=thing_id, at_host=host, asked_by=log.request_id.get())
    touch_plan(db, host, kind, (thing_id,))


def take_away(db: Db, kind: Kind, thing_id: str, host: str) -> None:
    """Have a host remove the thing; if it is away, its tombstone waits. Repeatable."""
    placed = db.one(ONE, kind=kind, id=thing_id, host=host)
    if placed is not None:
        db.delete(placements, kind=kind, id=thing_id, host=host)
        bury(db, host, kind, Tombstone(thing_id, placed.generation + 1, log.request_id.get()))


def take_away_everywhere(db: Db, kind: Kind, thing_id: str) -> None:
    for host in hosts_of(db, kind, thing_id):
        take_away(db, kind, thing_id, host)


def hosts_of(db: Db, kind: Kind, thing_id: str) -> list[str]:
    """The hosts that have, or shall have, a thing."""
    return [placed.host for placed in of_thing(db, kind, thing_id)]


def of_thing(db: Db, kind: Kind, thing_id: str) -> list[Placement]:
    return db.all(OF_THING, kind=kind, id=thing_id)


def on_host(db: Db, kind: Kind, host: str, ids: Sequence[str] = ()) -> list[Placement]:
    """What a host has to make of a kind, in the order of the ids; of these ids where some are named."""
    if ids:
        return db.all(OF_IDS_ON_HOST, host=host, kind=kind, ids=list(ids))
    return db.all(ON_HOST, host=host, kind=kind)


def counts(db: Db, kind: Kind) -> dict[str, int]:
    """How many things of a kind each host has; hosts without any are left out."""
    return dict(db.tuples(COUNTED, kind=kind))


def errors_of(db: Db, kind: Kind, ids: Sequence[str]) -> dict[str, str]:
    """Why things could not be made, by id; those that could are left out."""
    return dict(db.tuples(ERRORS, kind=kind, ids=list(ids))) if ids else {}


def nothing_more(_db: Db, _placement: Placement, _seen: Observation) -> None:
    """For kinds of which only the placement is told."""


def heard_by(kind: Kind, follow: Heard = nothing_more) -> Callable[[Db, Report], None]:
    """What takes a host's reports of this kind: writes down what it has seen, and then lets `follow` act on it."""

    def heard(db: Db, report: Report) -> None:
        seen = {observation.id: observation for observation in report.observations}
        for placed in on_host(db, kind, report.host, list(seen)) if seen else []:
            _observed(db, placed, seen[placed.id], follow)

    return heard


def _observed(db: Db, placed: Placement, seen: Observation, follow: Heard) -> None:
    key = {"kind": placed.kind, "id": placed.id, "host": placed.host}
    if seen.generation > placed.generation:
        # The host has seen more than the database knows, which was restored: what it knows counts.
        db.update(placements, key, generation=seen.generation)
        changed_on(db, placed.kind, placed.id, placed.host)  # type: ignore[arg-type]
        return
    if (seen.generation, seen.error) == (placed.observed_generation, placed.error):
        return
    db.update(placements, key, observed_generation=seen.generation, error=seen.error)
    follow(db, placed, seen)
