"""Availability zones: what aggregates call so, and one for all other hosts."""

from sqlalchemy import select

from haneul.kernel.db import Db
from haneul.services.compute.aggregates.models import ZONE, members, metadata

DEFAULT_ZONE = "nova"
CONTROL_ZONE = "internal"
ZONED = (
    select(members.c.host, metadata.c.value)
    .join(metadata, metadata.c.aggregate == members.c.aggregate)
    .where(metadata.c.key == ZONE)
)


def zones_by_host(db: Db) -> dict[str, str]:
    """The zone of each host that stands in one of its own; the others are in `DEFAULT_ZONE`."""
    return {row.host: row.value for row in db.tuples(ZONED)}
