"""In which availability zones DHCP servers and routers are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db
from haneul.services.network.placements.models import placements

ZONE = "nova"
"""The one zone of network agents, as Neutron's agents have it by default."""
PLACED = (
    select(placements.c.id)
    .where(placements.c.kind == bindparam("kind"), placements.c.id.in_(bindparam("ids", expanding=True)))
    .distinct()
)
MANY = 500


def zones_of(db: Db, kind: Literal["dhcp", "router"], ids: Sequence[str]) -> Mapping[str, list[str]]:
    """The zones by id; none for what no host has."""
    found: dict[str, list[str]] = defaultdict(list)
    for start in range(0, len(ids), MANY):
        for (thing_id,) in db.tuples(PLACED, kind=kind, ids=ids[start : start + MANY]):
            found[thing_id] = [ZONE]
    return found
