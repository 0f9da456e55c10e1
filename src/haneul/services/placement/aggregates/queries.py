from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Query, Row
from haneul.services.placement.aggregates.models import Membership, provider_aggregates
from haneul.services.placement.query_words import Wanted
from haneul.services.placement.resource_providers.models import providers

MEMBERS = Query(
    Membership,
    select(provider_aggregates.c.provider_id, provider_aggregates.c.aggregate_id).where(
        provider_aggregates.c.aggregate_id.in_(bindparam("ids", expanding=True))
    ),
)


class Anchor(Row):
    """A provider that shares, and the root of a tree that has a provider in one of its aggregates."""

    provider_id: str
    root_id: str


_mine, _theirs = provider_aggregates.alias("mine"), provider_aggregates.alias("theirs")
ANCHORS = Query(
    Anchor,
    select(_mine.c.provider_id, providers.c.root_id)
    .select_from(
        _mine.join(_theirs, _theirs.c.aggregate_id == _mine.c.aggregate_id).join(
            providers, providers.c.id == _theirs.c.provider_id
        )
    )
    .where(_mine.c.provider_id.in_(bindparam("ids", expanding=True)))
    .distinct(),
)


class Members:
    """The providers inside and outside of the aggregates that a request names. `inside` is None if it requires none."""

    def __init__(self, inside: set[str] | None, outside: set[str]) -> None:
        self.inside, self.outside = inside, outside

    def allow(self, provider_id: str) -> bool:
        return provider_id not in self.outside and (self.inside is None or provider_id in self.inside)


def members(db: Db, wanted: Wanted) -> Members:
    """Look up, in one query, who is in which of the named aggregates."""
    if not wanted:
        return Members(None, set())
    of: dict[str, set[str]] = {}
    for row in db.all(MEMBERS, ids=sorted(wanted.names)):
        of.setdefault(row.provider_id, set()).add(row.aggregate_id)
    inside = {one for one, ids in of.items() if all(not some.isdisjoint(ids) for some in wanted.required)}
    outside = {one for one, ids in of.items() if not wanted.forbidden.isdisjoint(ids)}
    return Members(inside if wanted.required else None, outside)
