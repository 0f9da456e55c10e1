from collections.abc import Mapping, Sequence

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, Conflict
from haneul.services.placement.allocations import logic as allocations
from haneul.services.placement.allocations.schemas import Claim
from haneul.services.placement.hosts import value_of
from haneul.services.placement.inventories import logic as inventories
from haneul.services.placement.inventories.schemas import InventoriesUpdate, Inventory
from haneul.services.placement.resource_classes import logic as resource_classes
from haneul.services.placement.resource_providers import logic as resource_providers
from haneul.services.placement.resource_providers.models import Provider
from haneul.services.placement.resource_providers.queries import BY_ID

REFUSAL = "malformed reshaper data: "


def reshape(db: Db, wanted: Mapping[str, InventoriesUpdate], claims: Sequence[Claim]) -> None:
    """Move inventories between providers together with what is held of them, all or nothing.

    What goes from a provider stays until the allocations have moved: an inventory can't go while it is in use, and
    nothing can be held of one that isn't there.
    """
    providers = {provider_id: _provider(db, provider_id, update) for provider_id, update in wanted.items()}
    names = {name for update in wanted.values() for name in update.inventories}
    if unknown := resource_classes.unknown(db, names, hold=True):
        raise BadRequest(REFUSAL + "No such resource class {name}.", name=unknown[0])
    for provider_id, update in wanted.items():
        if update.inventories:
            inventories.replace(db, providers[provider_id], {**_standing(db, provider_id), **update.inventories})
    allocations.replace(db, claims, REFUSAL)
    for provider_id, update in wanted.items():
        inventories.replace(db, resource_providers.get(db, provider_id), update.inventories)


def _provider(db: Db, provider_id: str, update: InventoriesUpdate) -> Provider:
    provider = db.one(BY_ID, id=provider_id)
    if provider is None:
        raise BadRequest(
            "Resource provider {id} in inventories not found: No resource provider with uuid {id} found",
            id=provider_id,
            kind="placement.resource_provider.not_found",
        )
    if provider.generation != update.resource_provider_generation:
        raise Conflict(
            "resource provider generation conflict for provider {id}: actual: {actual}, given: {given}",
            id=provider_id,
            actual=provider.generation,
            given=update.resource_provider_generation,
            kind="placement.concurrent_update",
        )
    return provider


def _standing(db: Db, provider_id: str) -> dict[str, Inventory]:
    return {name: value_of(row) for name, row in inventories.of_provider(db, provider_id).items()}
