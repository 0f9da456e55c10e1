"""How much is used: of a provider, and by a project's consumers."""

from sqlalchemy import BigInteger, String, bindparam, cast, func, or_, select

from haneul.kernel.db import Query, Row
from haneul.services.placement.allocations.models import allocations, consumers
from haneul.services.placement.inventories.models import inventories
from haneul.services.placement.inventories.queries import used_of


class Usage(Row):
    resource_class: str
    used: int


class TypedUsage(Row):
    """Usage of one type of consumers; None is the type of those whose writer told none."""

    type: str | None
    resource_class: str
    used: int


class TypeCount(Row):
    type: str | None
    consumers: int


OF_PROVIDER = Query(
    Usage,
    select(inventories.c.resource_class, used_of().label("used")).where(
        inventories.c.provider_id == bindparam("provider_id")
    ),
)
_user = bindparam("user_id", type_=String)
_owned = (consumers.c.project_id == bindparam("project_id"), or_(_user == "", consumers.c.user_id == _user))
_used = cast(func.sum(allocations.c.used), BigInteger).label("used")
_held = consumers.join(allocations, allocations.c.consumer_id == consumers.c.id)
OF_PROJECT = Query(
    TypedUsage,
    select(consumers.c.type, allocations.c.resource_class, _used)
    .select_from(_held)
    .where(*_owned)
    .group_by(consumers.c.type, allocations.c.resource_class),
)
COUNTS = Query(
    TypeCount,
    select(consumers.c.type, func.count().label("consumers")).where(*_owned).group_by(consumers.c.type),
)
