"""Where there is room for something that one provider must give whole, and what is short where there is none."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Select, bindparam, select

from haneul.kernel.db import Db, Query, columns_of
from haneul.services.placement.inventories.models import inventories
from haneul.services.placement.inventories.queries import STOCKS_OF_PROVIDERS, Stock, fits, used_of
from haneul.services.placement.resource_providers.models import Provider, providers
from haneul.services.placement.traits.models import provider_traits

MOST_ROOMS = 1000
MOST_TOLD = 100
ROOTS = Query(
    Provider,
    columns_of(Provider, providers)
    .where(providers.c.parent_id.is_(None))
    .order_by(providers.c.name)
    .limit(bindparam("most")),
)


class Room(msgspec.Struct, frozen=True):
    """A provider that can give all that is wanted, and how much of each class it has left."""

    provider_id: str
    name: str
    free: Mapping[str, int]


class Shortage(msgspec.Struct, frozen=True):
    """A provider that can't give what is wanted of a class; `free` is the most that it could."""

    provider_name: str
    resource_class: str
    wanted: int
    free: int


def fitting(
    db: Db, wanted: Mapping[str, int], *, required_traits: Sequence[str] = (), limit: int = MOST_ROOMS
) -> list[Room]:
    """Providers that can each give everything, at most `limit` of them, in one query that looks no further."""
    if not wanted:
        return []
    names = sorted(wanted)
    parameters: dict[str, Any] = {f"class_{number}": name for number, name in enumerate(names)}
    parameters |= {f"amount_{number}": wanted[name] for number, name in enumerate(names)}
    parameters |= {f"trait_{number}": trait for number, trait in enumerate(required_traits)}
    found = db.tuples(_fitting(len(names), len(required_traits)), most=limit, **parameters)
    return [
        Room(row[0], row[1], {name: _left(*row[2 + 4 * at : 6 + 4 * at]) for at, name in enumerate(names)})
        for row in found
    ]


@lru_cache(maxsize=64)
def _fitting(classes: int, traits: int) -> Select[Any]:
    """One join for each resource class, one look-up for each trait."""
    first = inventories.alias("inventory_0")
    statement: Select[Any] = select(providers.c.id, providers.c.name)
    source: Any = first.join(providers, providers.c.id == first.c.provider_id)
    for number in range(classes):
        one = inventories.alias(f"inventory_{number}") if number else first
        source = source.join(one, one.c.provider_id == first.c.provider_id) if number else source
        statement = statement.add_columns(one.c.total, one.c.reserved, one.c.allocation_ratio, used_of(one))
        statement = statement.where(
            one.c.resource_class == bindparam(f"class_{number}"),
            fits(bindparam(f"amount_{number}", type_=BigInteger), one),
        )
    for number in range(traits):
        has = provider_traits.alias(f"trait_{number}")
        condition = (has.c.provider_id == providers.c.id) & (has.c.trait == bindparam(f"trait_{number}"))
        statement = statement.where(select(has.c.trait).where(condition).exists())
    # In the order of the index that the first class is looked up by, so that the limit ends the search.
    return statement.select_from(source).order_by(first.c.provider_id).limit(bindparam("most"))


def _left(total: int, reserved: int, ratio: float, used: int) -> int:
    return int((total - reserved) * ratio) - used


def shortages(db: Db, wanted: Mapping[str, int]) -> list[Shortage]:
    """What each provider that stands for itself is short of, by name; for the sentence that says why nothing fits."""
    roots = db.all(ROOTS, most=MOST_TOLD)
    stocks = {
        (stock.provider_id, stock.resource_class): stock
        for stock in db.all(STOCKS_OF_PROVIDERS, ids=[one.id for one in roots])
    }
    judged = (
        Shortage(one.name, name, amount, _most(stocks.get((one.id, name)), amount))
        for one in roots
        for name, amount in wanted.items()
    )
    return [short for short in judged if short.free < short.wanted]


def _most(stock: Stock | None, amount: int) -> int:
    if stock is None or amount < stock.min_unit or amount % stock.step_size:
        return 0
    return max(0, min(stock.capacity - stock.used, stock.max_unit))
