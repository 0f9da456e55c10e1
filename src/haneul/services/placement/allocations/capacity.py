"""Whether what consumers want still fits into what providers have."""

from collections.abc import Iterable, Mapping

from haneul.kernel.errors import ApiError, Conflict
from haneul.services.placement.inventories.queries import Stock

Sums = Mapping[tuple[str, str], int]
"""Amounts by provider and resource class."""

REFUSAL = "Unable to allocate inventory: "
FOR_CLASS = "Unable to create allocation for '{name}' on resource provider '{id}'. The requested amount would "


def refuse_what_does_not_fit(stocks: Iterable[Stock], wanted: Iterable[tuple[str, str, int]], given_back: Sums) -> None:
    """Conflict for the first (provider, resource class, amount) that breaks a limit.

    `stocks` are the inventories without what is being replaced, which is `given_back`. What is over capacity already
    may stay so, as long as it gets no worse.
    """
    by_key = {(stock.provider_id, stock.resource_class): stock for stock in stocks}
    sums: dict[tuple[str, str], int] = {}
    for provider_id, name, amount in wanted:
        key = (provider_id, name)
        stock = by_key.get(key)
        if stock is None:
            raise refused("Inventory for '{name}' on resource provider '{id}' invalid.", name, provider_id)
        if not stock.min_unit <= amount <= stock.max_unit or amount % stock.step_size:
            raise refused(FOR_CLASS + "violate inventory constraints.", name, provider_id)
        sums[key] = sums.get(key, 0) + amount
        over = stock.used + sums[key] > (stock.total - stock.reserved) * stock.allocation_ratio
        if over and sums[key] > given_back.get(key, 0):
            raise refused(FOR_CLASS + "exceed the capacity.", name, provider_id)


def refused(sentence: str, name: str, provider_id: str) -> ApiError:
    return Conflict(REFUSAL + sentence, name=name, id=provider_id)
