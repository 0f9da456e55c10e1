from sqlalchemy import bindparam

from haneul.kernel.db import Db, Query, by, columns_of
from haneul.services.placement.aggregates.queries import members
from haneul.services.placement.batches import all_by_ids
from haneul.services.placement.inventories.queries import FITTING
from haneul.services.placement.resource_providers.models import Provider, providers
from haneul.services.placement.resource_providers.schemas import ProviderFilters
from haneul.services.placement.traits.queries import holders, providers_meeting

BY_ID = by(Provider, providers, "id")
BY_NAME = by(Provider, providers, "name")
ALL = Query(Provider, columns_of(Provider, providers))
BY_IDS = Query(Provider, columns_of(Provider, providers).where(providers.c.id.in_(bindparam("ids", expanding=True))))
OF_TREES = Query(
    Provider, columns_of(Provider, providers).where(providers.c.root_id.in_(bindparam("ids", expanding=True)))
)
TREES_HELD = Query(Provider, OF_TREES.statement.with_for_update())
CHILD = Query(Provider, columns_of(Provider, providers).where(providers.c.parent_id == bindparam("parent_id")).limit(1))


def matching(db: Db, filters: ProviderFilters) -> list[Provider]:
    """The providers for which every filter holds, oldest first."""
    allowed, refused = _sets(db, filters)
    found = [one for one in _narrowest(db, filters, allowed) if _named(one, filters) and one.id not in refused]
    if allowed is not None:
        found = [one for one in found if one.id in allowed]
    return sorted(found, key=lambda one: (one.created_at, one.id))


def _narrowest(db: Db, filters: ProviderFilters, allowed: set[str] | None) -> list[Provider]:
    if filters.id:
        return db.all(BY_ID, id=filters.id)
    if filters.name:
        return db.all(BY_NAME, name=filters.name)
    if filters.in_tree:
        inside = db.one(BY_ID, id=filters.in_tree)
        return db.all(OF_TREES, ids=[inside.root_id]) if inside else []
    return db.all(ALL) if allowed is None else all_by_ids(db, BY_IDS, sorted(allowed))


def _named(provider: Provider, filters: ProviderFilters) -> bool:
    return filters.name in ("", provider.name) and filters.id in ("", provider.id)


def _sets(db: Db, filters: ProviderFilters) -> tuple[set[str] | None, set[str]]:
    """The providers that traits, aggregates and resources leave (None: all), and those that they rule out."""
    allowed: list[set[str]] = []
    held = holders(db, filters.traits.names)
    if filters.traits.required:
        allowed.append(providers_meeting(filters.traits, held))
    inside = members(db, filters.aggregates)
    if inside.inside is not None:
        allowed.append(inside.inside)
    for name, amount in filters.resources.items():
        allowed.append({seat.provider_id for seat in db.all(FITTING, resource_class=name, amount=amount)})
    refused = {one for one, names in held.items() if not filters.traits.forbidden.isdisjoint(names)} | inside.outside
    return (set.intersection(*allowed) if allowed else None), refused
