"""Taking from a quota.

MariaDB and PostgreSQL would let two transactions both count N and both insert. So each first writes the guard row of
the owner's resource: on one server the second waits for the first to commit and then counts what it inserted; between
the servers of a Galera cluster the later commit fails and its body runs again.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Executable, bindparam, update

from haneul.kernel.db import Db
from haneul.kernel.errors import OverQuota
from haneul.kernel.quota.models import Guard, guards
from haneul.kernel.quota.registered import UNLIMITED, Known, Registered, Tree, registered

EXCEEDED = "Quota exceeded for {names}: Requested {requested}, but already used {used} of {limits} {names}"
# In oslo.limit's words, since clients of services that use it read those.
OVER_REGISTERED = "Project {owner} is over a limit for [{overs}]"
OVER = "Resource {name} is over limit of {limit} due to current usage {used} and delta {delta}"
BUMP = (
    update(guards)
    .where(guards.c.owner_id == bindparam("of_owner"), guards.c.resource == bindparam("of_resource"))
    .values(revision=guards.c.revision + 1)
)
COUNTED_TOGETHER = 500
"""How many projects one statement counts: databases bound the number of parameters."""


class Resource(msgspec.Struct, frozen=True):
    """Something limited: `count` is a statement with the parameter `owner_id` that says how much of it an owner has.

    Resources that are always taken together may share one `guard`; without a word there, each has its own. `unit`: how
    many of what is counted make one of what is limited (1 << 20 for bytes that are limited in MiB). `known`: where
    operators may register a limit of it for all services, which then counts in place of any other.
    """

    name: str
    count: Executable
    guard: str = ""
    unit: int = 1
    known: Known | None = None


class Wanted(msgspec.Struct, frozen=True):
    """How much more of a resource is asked for; a limit of -1 is none.

    With `even_nothing`, an owner who has too much already is refused though he asks for nothing more.
    """

    resource: Resource
    delta: int
    limit: int
    even_nothing: bool = False


class _Bound(msgspec.Struct, frozen=True):
    """One limit to keep, by the owner or by the tree that he stands in."""

    want: Wanted
    owner_id: str
    tree: Tree | None = None
    is_registered: bool = False

    @property
    def limit(self) -> int:
        return self.want.limit if self.tree is None else self.tree.limit

    @property
    def guard(self) -> tuple[bool, str, str]:
        """Whom to wait behind. Everybody waits for himself first and then for his tree, and so never for each other."""
        resource = self.want.resource
        return self.tree is not None, self.owner_id, resource.guard or resource.name

    def used(self, db: Db) -> int:
        resource = self.want.resource
        return used(db, self.owner_id, resource) if self.tree is None else _used_in(db, self.tree, resource)


def used(db: Db, owner_id: str, resource: Resource) -> int:
    """How much of a resource an owner has."""
    return int(db.value(resource.count, owner_id=owner_id) or 0) // resource.unit


def _used_in(db: Db, tree: Tree, resource: Resource) -> int:
    assert resource.known is not None
    assert resource.known.among is not None
    counted = 0
    for first in range(0, len(tree.project_ids), COUNTED_TOGETHER):
        ids = tree.project_ids[first : first + COUNTED_TOGETHER]
        counted += int(db.value(resource.known.among, owner_ids=ids) or 0)
    return counted // resource.unit


def take(db: Db, owner_id: str, resource: Resource, delta: int, limit: int, template: str = EXCEEDED) -> None:
    """Make sure that `delta` more stay within the limit, or OverQuota; insert what is taken in this transaction."""
    take_all(db, owner_id, [Wanted(resource, delta, limit)], template)


def take_all(db: Db, owner_id: str, wanted: Sequence[Wanted], template: str = EXCEEDED) -> None:
    """Like `take`, for several resources at once: OverQuota names each that falls short, with its figures.

    A registered limit counts in place of the one that is given.
    """
    asked = [want for want in wanted if want.delta > 0 or want.even_nothing]
    bounds = [bound for bound in _bounds(db, owner_id, asked) if bound.limit != UNLIMITED]
    for _, guarded, guard in sorted({bound.guard for bound in bounds}):
        _stand_in_line(db, guarded, guard)
    counted = ((bound, bound.used(db)) for bound in bounds)
    over = sorted(
        ((bound, have) for bound, have in counted if have + bound.want.delta > bound.limit),
        key=lambda it: it[0].want.resource.name,
    )
    if strict := [(bound, have) for bound, have in over if bound.is_registered]:
        raise OverQuota(OVER_REGISTERED, **_in_words(strict))
    if over:
        raise OverQuota(template, **_figures(over))


def refuse_large(db: Db, known: Known, amount: int) -> bool:
    """OverQuota for an amount that alone is more than is registered; False if nothing is, and others may decide.

    For what is limited in each request or each server, where nothing is counted.
    """
    limit = registered(db, known.service, "", [known.name]).get(known.name)
    if limit is not None and UNLIMITED < limit.limit < amount:
        over = OVER.format(name=known.name, limit=limit.limit, used=0, delta=amount)
        raise OverQuota(OVER_REGISTERED, owner=None, overs=over)
    return limit is not None


def _bounds(db: Db, owner_id: str, wanted: Sequence[Wanted]) -> Iterator[_Bound]:
    found = _registered(db, owner_id, [want.resource.known for want in wanted if want.resource.known])
    for want in wanted:
        limit = found.get(want.resource.known) if want.resource.known else None
        if limit is None:
            yield _Bound(want, owner_id)
            continue
        yield _Bound(msgspec.structs.replace(want, limit=limit.limit), owner_id, is_registered=True)
        if limit.tree is not None:
            yield _Bound(want, limit.tree.id, limit.tree, is_registered=True)


def _registered(db: Db, owner_id: str, known: Sequence[Known]) -> Mapping[Known, Registered]:
    """One query for each service and kind of owner; what is taken together has but one of each."""
    asked: dict[tuple[str, str], list[Known]] = {}
    for one in known:
        asked.setdefault((one.service, "" if one.among is None else owner_id), []).append(one)
    found: dict[Known, Registered] = {}
    for (service, project_id), group in asked.items():
        limits = registered(db, service, project_id, [one.name for one in group])
        found.update((one, limits[one.name]) for one in group if one.name in limits)
    return found


def _stand_in_line(db: Db, owner_id: str, guard: str) -> None:
    if not db.run(BUMP, of_owner=owner_id, of_resource=guard):
        db.insert_missing(guards, Guard(owner_id, guard, 0))
        db.run(BUMP, of_owner=owner_id, of_resource=guard)


def _figures(over: Sequence[tuple[_Bound, int]]) -> dict[str, Any]:
    return {
        "names": ", ".join(bound.want.resource.name for bound, _ in over),
        "requested": ", ".join(str(bound.want.delta) for bound, _ in over),
        "used": ", ".join(str(have) for _, have in over),
        "limits": ", ".join(str(bound.limit) for bound, _ in over),
    }


def _in_words(over: Sequence[tuple[_Bound, int]]) -> dict[str, Any]:
    """What is over its limit at the owner, or if nothing is, in his tree."""
    own = [(bound, have) for bound, have in over if bound.tree is None] or over
    overs = [
        OVER.format(name=known.name, limit=bound.limit, used=have, delta=bound.want.delta)
        for bound, have in own
        if (known := bound.want.resource.known) is not None
    ]
    # What is limited for each user or server, not for a project, is told of with no project's id.
    known = own[0][0].want.resource.known
    is_project = known is not None and known.among is not None
    return {"owner": own[0][0].owner_id if is_project else None, "overs": ", ".join(sorted(overs))}
