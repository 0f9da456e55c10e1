"""What compute tells of its hosts: each is a provider that stands for itself."""

from collections.abc import Iterable, Mapping

from haneul.kernel.clock import now
from haneul.kernel.db import Db, unique
from haneul.services.placement.inventories import logic as inventories
from haneul.services.placement.inventories.models import InventoryRow
from haneul.services.placement.inventories.schemas import FIGURES, Inventory
from haneul.services.placement.resource_providers import logic as resource_providers
from haneul.services.placement.resource_providers.models import Provider, providers
from haneul.services.placement.resource_providers.queries import BY_ID
from haneul.services.placement.traits import logic as traits


def ensure_provider(
    db: Db, provider_id: str, name: str, wanted: Mapping[str, Inventory], wanted_traits: Iterable[str]
) -> None:
    """Make the provider have this name, these inventories and at least these traits; three reads if it has.

    An inventory that is told no longer goes, unless it is in use: then it stays until that ends. Traits that others
    gave it stay.
    """
    provider = db.one(BY_ID, id=provider_id) or _create(db, provider_id, name)
    if provider.name != name:
        with unique(resource_providers.DUPLICATE, duplicate=f"name: {name}"):
            db.update(providers, {"id": provider_id}, name=name, updated_at=now())
    standing = inventories.of_provider(db, provider_id)
    if not _are_same(standing, wanted):
        kept = inventories.in_use(db, provider_id, standing.keys() - wanted.keys())
        provider = inventories.replace(db, provider, {**{one: value_of(standing[one]) for one in kept}, **wanted})
    has = set(traits.of_provider(db, provider_id))
    if not has.issuperset(wanted_traits):
        traits.replace(db, provider, has.union(wanted_traits))


def _create(db: Db, provider_id: str, name: str) -> Provider:
    moment = now()
    with unique(resource_providers.DUPLICATE, duplicate=f"name: {name}"):
        return db.insert(providers, Provider(provider_id, name, 0, None, provider_id, moment, moment))


def _are_same(standing: Mapping[str, InventoryRow], wanted: Mapping[str, Inventory]) -> bool:
    return standing.keys() == wanted.keys() and all(value_of(standing[name]) == wanted[name] for name in wanted)


def value_of(row: InventoryRow) -> Inventory:
    """An inventory's figures without its place."""
    return Inventory(**{figure: getattr(row, figure) for figure in FIGURES})
