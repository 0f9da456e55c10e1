"""How much of its inventories providers have left: usage is summed from the allocations, never stored."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, cast, func, select
from sqlalchemy.sql.expression import FromClause

from haneul.kernel.db import Query, Row
from haneul.services.placement.allocations.models import allocations
from haneul.services.placement.inventories.models import inventories
from haneul.services.placement.resource_providers.models import providers


class Seat(Row):
    """A provider and the root of its tree."""

    provider_id: str
    root_id: str


class Stock(Row):
    """A provider's inventory with what is used of it."""

    provider_id: str
    root_id: str
    resource_class: str
    total: int
    reserved: int
    min_unit: int
    max_unit: int
    step_size: int
    allocation_ratio: float
    used: int

    @property
    def capacity(self) -> int:
        return int((self.total - self.reserved) * self.allocation_ratio)


def used_of(inventory: FromClause = inventories) -> ColumnElement[int]:
    """What consumers hold of an inventory, as a subquery that one index answers."""
    held = allocations.alias()
    total = select(cast(func.coalesce(func.sum(held.c.used), 0), BigInteger)).where(
        held.c.provider_id == inventory.c.provider_id, held.c.resource_class == inventory.c.resource_class
    )
    return total.correlate(inventory).scalar_subquery()


def fits(amount: ColumnElement[Any], inventory: FromClause = inventories) -> ColumnElement[bool]:
    """Whether an inventory can give this amount in one allocation."""
    capacity = (inventory.c.total - inventory.c.reserved) * inventory.c.allocation_ratio
    return and_(
        inventory.c.min_unit <= amount,
        inventory.c.max_unit >= amount,
        amount % inventory.c.step_size == 0,
        used_of(inventory) + amount <= capacity,
    )


PLACED = inventories.join(providers, providers.c.id == inventories.c.provider_id)
_HAVING = (
    select(inventories.c.provider_id, providers.c.root_id)
    .select_from(PLACED)
    .where(inventories.c.resource_class == bindparam("resource_class"), fits(bindparam("amount", type_=BigInteger)))
)
FITTING = Query(Seat, _HAVING)
FITTING_IN_TREE = Query(Seat, _HAVING.where(providers.c.root_id == bindparam("root_id")))

STOCKS = select(
    inventories.c.provider_id,
    providers.c.root_id,
    inventories.c.resource_class,
    inventories.c.total,
    inventories.c.reserved,
    inventories.c.min_unit,
    inventories.c.max_unit,
    inventories.c.step_size,
    inventories.c.allocation_ratio,
    used_of().label("used"),
).select_from(PLACED)

STOCKS_OF_PROVIDERS = Query(Stock, STOCKS.where(inventories.c.provider_id.in_(bindparam("ids", expanding=True))))
STOCKS_OF_TREES = Query(Stock, STOCKS.where(providers.c.root_id.in_(bindparam("ids", expanding=True))))
STOCKS_OF_CLASSES = Query(
    Stock, STOCKS.where(inventories.c.resource_class.in_(bindparam("resource_classes", expanding=True)))
)
