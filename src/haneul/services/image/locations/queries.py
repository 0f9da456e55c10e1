from sqlalchemy import bindparam, func, select

from haneul.kernel.db import Query, by, columns_of
from haneul.kernel.db.among import among
from haneul.services.image.locations.models import ACTIVE, Deletion, Location, deletions, locations

BY_ID = by(Location, locations, "id")
OF_IMAGE = Query(
    Location,
    columns_of(Location, locations)
    .where(locations.c.image_id == bindparam("image_id"))
    .order_by(locations.c.position, locations.c.id),
)
ACTIVE_OF = Query(
    Location,
    columns_of(Location, locations)
    .where(among(locations.c.image_id, "ids"), locations.c.state == ACTIVE)
    .order_by(locations.c.image_id, locations.c.position, locations.c.id),
)
IN_STATE = Query(
    Location,
    columns_of(Location, locations).where(locations.c.state == bindparam("state")).order_by(locations.c.id),
)
LAST_POSITION = select(func.max(locations.c.position)).where(locations.c.image_id == bindparam("image_id"))
AFTER = Query(
    Location,
    columns_of(Location, locations).where(locations.c.id > bindparam("after")).order_by(locations.c.id).limit(1000),
)
DELETIONS_AFTER = Query(
    Deletion,
    columns_of(Deletion, deletions).where(deletions.c.id > bindparam("after")).order_by(deletions.c.id).limit(1000),
)
DUE = Query(
    Deletion,
    columns_of(Deletion, deletions)
    .where(deletions.c.due_at <= bindparam("moment"), deletions.c.id > bindparam("after"))
    .order_by(deletions.c.id)
    .limit(100),
)
AT = select(locations.c.id).where(locations.c.store == bindparam("store"), locations.c.key == bindparam("key")).limit(1)
DELETION_AT = (
    select(deletions.c.id).where(deletions.c.store == bindparam("store"), deletions.c.key == bindparam("key")).limit(1)
)
DELETIONS_OF = by(Deletion, deletions, "image_id")
