from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import bindparam, delete, select

from haneul.kernel.clock import now
from haneul.kernel.db import Db, by, unique
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.services.placement.allocations.models import allocations
from haneul.services.placement.inventories.models import InventoryRow, inventories
from haneul.services.placement.inventories.schemas import FIGURES, Inventory
from haneul.services.placement.resource_classes import logic as resource_classes
from haneul.services.placement.resource_providers import logic as resource_providers
from haneul.services.placement.resource_providers.models import Provider

OF_PROVIDER = by(InventoryRow, inventories, "provider_id")
IN_USE = (
    select(allocations.c.resource_class)
    .where(
        allocations.c.provider_id == bindparam("provider_id"),
        allocations.c.resource_class.in_(bindparam("names", expanding=True)),
    )
    .distinct()
)
REMOVE = delete(inventories).where(
    inventories.c.provider_id == bindparam("provider_id"),
    inventories.c.resource_class.in_(bindparam("names", expanding=True)),
)
CONFLICT = "update conflict: " + resource_providers.CHANGED


def of_provider(db: Db, provider_id: str) -> dict[str, InventoryRow]:
    """A provider's inventories by resource class."""
    return {row.resource_class: row for row in db.all(OF_PROVIDER, provider_id=provider_id)}


def refuse_overreserved(
    provider_id: str, wanted: Mapping[str, Inventory], doing: str, *, may_reserve_all: bool
) -> None:
    """BadRequest if an inventory reserves more than it has, or (until 1.25) all that it has."""
    for name, inventory in wanted.items():
        if inventory.capacity < 0 or (inventory.capacity == 0 and not may_reserve_all):
            raise BadRequest(
                "Unable to {doing} inventory for resource provider {id}: Invalid inventory for '{name}' on resource "
                "provider '{id}'. The reserved value is greater than {than}total.",
                doing=doing,
                id=provider_id,
                name=name,
                than="" if may_reserve_all else "or equal to ",
            )


def refuse_stale(provider: Provider, generation: int) -> None:
    """Conflict if the client has seen another generation of the provider than the one that stands."""
    if provider.generation != generation:
        raise Conflict("resource provider generation conflict", kind="placement.concurrent_update")


def add(db: Db, provider: Provider, name: str, wanted: Inventory) -> Provider:
    """Give the provider an inventory of a class of which it has none."""
    if resource_classes.unknown(db, [name], hold=True):
        raise BadRequest(
            "Unable to create inventory for resource provider {id}: No such resource class {name}.",
            id=provider.id,
            name=name,
        )
    provider = resource_providers.hold(db, provider, CONFLICT)
    if name in of_provider(db, provider.id):
        raise Conflict(
            "Update conflict: There is an inventory of class {name} already.",
            name=name,
            kind="placement.concurrent_update",
        )
    _insert(db, provider, {name: wanted})
    return provider


def change(db: Db, provider: Provider, name: str, wanted: Inventory) -> Provider:
    """Change an inventory that is there; less than what is in use is allowed and lasts until that is given back."""
    if resource_classes.unknown(db, [name]):
        raise NotFound("No such resource class {name}.", name=name)
    provider = resource_providers.hold(db, provider, CONFLICT)
    if not _update(db, provider, name, wanted):
        raise BadRequest(
            "No inventory record with resource class for resource provider {id}: No inventory of class {name} found.",
            id=provider.id,
            name=name,
        )
    return provider


def replace(db: Db, provider: Provider, wanted: Mapping[str, Inventory]) -> Provider:
    """Make the provider's inventories just these; Conflict if one that goes is in use."""
    if unknown := resource_classes.unknown(db, wanted, hold=True):
        raise BadRequest(
            "Unknown resource class in inventory for resource provider {id}: No such resource class {name}.",
            id=provider.id,
            name=unknown[0],
        )
    provider = resource_providers.hold(db, provider, CONFLICT)
    has = of_provider(db, provider.id)
    _remove(db, provider.id, has.keys() - wanted.keys(), "update conflict: ")
    _insert(db, provider, {name: one for name, one in wanted.items() if name not in has})
    for name in wanted.keys() & has.keys():
        if any(getattr(has[name], figure) != getattr(wanted[name], figure) for figure in FIGURES):
            _update(db, provider, name, wanted[name])
    return provider


def clear(db: Db, provider: Provider) -> None:
    """Take all inventories from the provider; Conflict if one is in use."""
    provider = resource_providers.hold(db, provider)
    _remove(db, provider.id, of_provider(db, provider.id).keys(), "")


def delete_(db: Db, provider: Provider, name: str) -> None:
    """Take one inventory from the provider; Conflict if it is in use."""
    refusal = "No inventory of class {name} found for delete: {reason}"
    if resource_classes.unknown(db, [name]):
        raise NotFound(refusal, name=name, reason=f"No such resource class {name}.")
    provider = resource_providers.hold(db, provider)
    if name not in of_provider(db, provider.id):
        raise NotFound(refusal, name=name, reason=f"No inventory of class {name} found for delete")
    prefix = f"Unable to delete inventory of class {name}: "
    _remove(db, provider.id, [name], prefix, kind="placement.concurrent_update")


def in_use(db: Db, provider_id: str, names: Collection[str]) -> list[str]:
    """Those of the provider's resource classes of which somebody holds something."""
    found = db.tuples(IN_USE, provider_id=provider_id, names=sorted(names)) if names else ()
    return resource_classes.in_order(row[0] for row in found)


def _remove(
    db: Db, provider_id: str, names: Collection[str], prefix: str, kind: str = "placement.inventory.inuse"
) -> None:
    if held := in_use(db, provider_id, names):
        raise Conflict(
            "{prefix}Inventory for '{names}' on resource provider '{id}' in use.",
            prefix=prefix,
            names=", ".join(held),
            id=provider_id,
            kind=kind,
        )
    if names:
        db.run(REMOVE, provider_id=provider_id, names=sorted(names))


def _insert(db: Db, provider: Provider, wanted: Mapping[str, Inventory]) -> None:
    moment = now()
    rows = [InventoryRow(provider.id, name, **_figures(one), updated_at=moment) for name, one in wanted.items()]
    with unique(CONFLICT):
        db.insert_all(inventories, rows)


def _update(db: Db, provider: Provider, name: str, wanted: Inventory) -> int:
    where = {"provider_id": provider.id, "resource_class": name}
    return db.update(inventories, where, **_figures(wanted), updated_at=now())


def _figures(inventory: Inventory) -> dict[str, Any]:
    return {name: getattr(inventory, name) for name in FIGURES}
