"""Regions inside regions, each way in one query."""

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Query, Row
from haneul.services.identity.endpoints.models import endpoints
from haneul.services.identity.regions.models import regions


class Place(Row):
    """A region and the one around it."""

    id: str
    parent_region_id: str | None


_own = select(regions.c.id, regions.c.parent_region_id).where(regions.c.id == bindparam("region_id"))
_around = _own.cte("around", recursive=True)
_around = _around.union(
    select(regions.c.id, regions.c.parent_region_id).join(_around, _around.c.parent_region_id == regions.c.id)
)
ABOVE = Query(Place, select(_around.c.id, _around.c.parent_region_id))

_inside = _own.cte("inside", recursive=True)
_inside = _inside.union(
    select(regions.c.id, regions.c.parent_region_id).join(_inside, _inside.c.id == regions.c.parent_region_id)
)
BELOW = Query(Place, select(_inside.c.id, _inside.c.parent_region_id))
HAS_ENDPOINT = select(endpoints.c.id).join(_inside, _inside.c.id == endpoints.c.region_id).limit(1)


def above(db: Db, region_id: str) -> list[str]:
    """The region and those around it, the nearest first; nothing if it isn't there."""
    around = {place.id: place.parent_region_id for place in db.all(ABOVE, region_id=region_id)}
    found: list[str] = []
    at: str | None = region_id
    while at in around:
        found.append(at)
        at = around.pop(at)
    return found


def below(db: Db, region_id: str) -> list[str]:
    """The region and those inside it, each after the one that it stands in."""
    children: dict[str | None, list[str]] = {}
    for place in db.all(BELOW, region_id=region_id):
        if place.id != region_id:
            children.setdefault(place.parent_region_id, []).append(place.id)
    found = [region_id]
    for at in found:
        found += children.get(at, ())
    return found


def has_endpoints(db: Db, region_id: str) -> bool:
    """Whether any endpoint stands in the region or in one inside it."""
    return db.value(HAS_ENDPOINT, region_id=region_id) is not None
