from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, delete, select

from haneul.kernel.db import Query, Row, by, columns_of
from haneul.services.placement.allocations.models import Allocation, Consumer, allocations, consumers
from haneul.services.placement.resource_providers.models import providers

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
CONSUMER = by(Consumer, consumers, "id")
CONSUMERS = Query(Consumer, columns_of(Consumer, consumers).where(consumers.c.id.in_(_IDS)))
OF_CONSUMERS = Query(Allocation, columns_of(Allocation, allocations).where(allocations.c.consumer_id.in_(_IDS)))
FORGET_ALLOCATIONS = delete(allocations).where(allocations.c.consumer_id.in_(_IDS))
FORGET_CONSUMERS = delete(consumers).where(consumers.c.id.in_(_IDS))


class Held(Row):
    """What a consumer holds of a provider, with the provider's generation."""

    provider_id: str
    generation: int
    resource_class: str
    used: int
    created_at: datetime


OF_CONSUMER = Query(
    Held,
    select(
        allocations.c.provider_id,
        providers.c.generation,
        allocations.c.resource_class,
        allocations.c.used,
        allocations.c.created_at,
    )
    .select_from(allocations.join(providers, providers.c.id == allocations.c.provider_id))
    .where(allocations.c.consumer_id == bindparam("consumer_id"))
    .order_by(allocations.c.provider_id, allocations.c.resource_class),
)


class Holding(Row):
    """What a consumer holds of a provider, with the consumer's generation."""

    consumer_id: str
    generation: int
    resource_class: str
    used: int
    created_at: datetime


OF_PROVIDER = Query(
    Holding,
    select(
        allocations.c.consumer_id,
        consumers.c.generation,
        allocations.c.resource_class,
        allocations.c.used,
        allocations.c.created_at,
    )
    .select_from(allocations.join(consumers, consumers.c.id == allocations.c.consumer_id))
    .where(allocations.c.provider_id == bindparam("provider_id"))
    .order_by(allocations.c.consumer_id, allocations.c.resource_class),
)


class Pair(Row):
    consumer_id: str
    provider_id: str


PAIRS = Query(Pair, select(allocations.c.consumer_id, allocations.c.provider_id).distinct())
