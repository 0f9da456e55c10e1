"""Taking from a quota.

MariaDB and PostgreSQL would let two transactions both count N and both insert. So each first writes the guard row of
the owner's resource: on one server the second waits for the first to commit and then counts what it inserted; between
the servers of a Galera cluster the later commit fails and its body runs again.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Executable, bindparam, update

from haneul.kernel.db import Db
from haneul.kernel.errors import OverQuota
from haneul.kernel.quota.models import Guard, guards

UNLIMITED = -1
EXCEEDED = "Quota exceeded for {names}: Requested {requested}, but already used {used} of {limits} {names}"
BUMP = (
    update(guards)
    .where(guards.c.owner_id == bindparam("of_owner"), guards.c.resource == bindparam("of_resource"))
    .values(revision=guards.c.revision + 1)
)


class Resource(msgspec.Struct, frozen=True):
    """Something limited: `count` is a statement with the parameter `owner_id` that says how much of it an owner has.

    Resources that are always taken together may share one `guard`; without a word there, each has its own.
    """

    name: str
    count: Executable
    guard: str = ""


class Wanted(msgspec.Struct, frozen=True):
    """How much more of a resource is asked for; a limit of -1 is none."""

    resource: Resource
    delta: int
    limit: int


def used(db: Db, owner_id: str, resource: Resource) -> int:
    """How much of a resource an owner has."""
    return int(db.value(resource.count, owner_id=owner_id) or 0)


def take(db: Db, owner_id: str, resource: Resource, delta: int, limit: int, template: str = EXCEEDED) -> None:
    """Make sure that `delta` more stay within the limit, or OverQuota; insert what is taken in this transaction."""
    take_all(db, owner_id, [Wanted(resource, delta, limit)], template)


def take_all(db: Db, owner_id: str, wanted: Sequence[Wanted], template: str = EXCEEDED) -> None:
    """Like `take`, for several resources at once: OverQuota names each that falls short, with its figures."""
    limited = [want for want in wanted if want.limit != UNLIMITED and want.delta > 0]
    for guard in sorted({want.resource.guard or want.resource.name for want in limited}):
        _stand_in_line(db, owner_id, guard)
    counted = [(want, used(db, owner_id, want.resource)) for want in limited]
    over = sorted(
        ((want, have) for want, have in counted if have + want.delta > want.limit), key=lambda it: it[0].resource.name
    )
    if over:
        raise OverQuota(template, **_figures(over))


def _stand_in_line(db: Db, owner_id: str, guard: str) -> None:
    if not db.run(BUMP, of_owner=owner_id, of_resource=guard):
        db.insert_missing(guards, Guard(owner_id, guard, 0))
        db.run(BUMP, of_owner=owner_id, of_resource=guard)


def _figures(over: Sequence[tuple[Wanted, int]]) -> dict[str, Any]:
    return {
        "names": ", ".join(want.resource.name for want, _ in over),
        "requested": ", ".join(str(want.delta) for want, _ in over),
        "used": ", ".join(str(have) for _, have in over),
        "limits": ", ".join(str(want.limit) for want, _ in over),
    }
