from haneul.kernel.errors import NotFound, Unacceptable
from haneul.kernel.http import Call, Reply, Routes
from haneul.services.placement.answers import latest, shown, stamped
from haneul.services.placement.base_rules import admin_or_service
from haneul.services.placement.inventories import logic
from haneul.services.placement.inventories.models import InventoryRow
from haneul.services.placement.inventories.schemas import (
    InventoriesUpdate,
    InventoriesView,
    InventoryCreate,
    InventoryUpdate,
    InventoryView,
)
from haneul.services.placement.resource_providers import logic as resource_providers
from haneul.services.placement.resource_providers.models import Provider

routes = Routes()

LIST = admin_or_service("placement:resource_providers:inventories:list", "List a provider's inventories.")
CREATE = admin_or_service("placement:resource_providers:inventories:create", "Give a provider one more inventory.")
SHOW = admin_or_service("placement:resource_providers:inventories:show", "Show one inventory.")
UPDATE = admin_or_service("placement:resource_providers:inventories:update", "Change or replace inventories.")
DELETE = admin_or_service("placement:resource_providers:inventories:delete", "Take inventories from a provider.")
ALL = "/resource_providers/{provider_id}/inventories"
ONE = "/resource_providers/{provider_id}/inventories/{resource_class}"


def view_all(provider: Provider, rows: dict[str, InventoryRow]) -> InventoriesView:
    inventories = {name: InventoryView.of(row) for name, row in rows.items()}
    return InventoriesView(resource_provider_generation=provider.generation, inventories=inventories)


@routes.get(ALL, rule=LIST, quick=True)
def list_inventories(call: Call, provider_id: str) -> Reply[InventoriesView]:
    call.enforce()
    provider = resource_providers.get(call.db, provider_id)
    rows = logic.of_provider(call.db, provider_id)
    return shown(call, view_all(provider, rows), latest(row.updated_at for row in rows.values()))


@routes.post(ALL, rule=CREATE)
def create_inventory(call: Call, provider_id: str, body: InventoryCreate) -> Reply[InventoryView]:
    call.enforce()
    provider = resource_providers.get(call.db, provider_id)
    wanted = {body.resource_class: body}
    logic.refuse_overreserved(provider_id, wanted, "create", may_reserve_all=call.at_least("1.26"))
    provider = logic.add(call.db, provider, body.resource_class, body)
    row = logic.of_provider(call.db, provider_id)[body.resource_class]
    here = f"/resource_providers/{provider_id}/inventories/{body.resource_class}"
    return stamped(call, InventoryView.of(row, provider.generation), row.updated_at, status=201, location=here)


@routes.put(ALL, rule=UPDATE)
def replace_inventories(call: Call, provider_id: str, body: InventoriesUpdate) -> Reply[InventoriesView]:
    call.enforce()
    provider = resource_providers.get(call.db, provider_id)
    logic.refuse_stale(provider, body.resource_provider_generation)
    logic.refuse_overreserved(provider_id, body.inventories, "update", may_reserve_all=call.at_least("1.26"))
    provider = logic.replace(call.db, provider, body.inventories)
    rows = logic.of_provider(call.db, provider_id)
    return stamped(call, view_all(provider, rows), latest(row.updated_at for row in rows.values()))


@routes.delete(ALL, rule=DELETE)
def delete_inventories(call: Call, provider_id: str) -> None:
    call.enforce()
    if not call.at_least("1.5"):
        raise Unacceptable(405, "The method is not allowed for this resource.", allow="GET, POST, PUT")
    logic.clear(call.db, resource_providers.get(call.db, provider_id))


@routes.get(ONE, rule=SHOW, quick=True)
def get_inventory(call: Call, provider_id: str, resource_class: str) -> Reply[InventoryView]:
    call.enforce()
    provider = resource_providers.get(call.db, provider_id)
    row = logic.of_provider(call.db, provider_id).get(resource_class)
    if row is None:
        raise NotFound("No inventory of class {name} for {id}", name=resource_class, id=provider_id)
    return shown(call, InventoryView.of(row, provider.generation), row.updated_at)


@routes.put(ONE, rule=UPDATE)
def update_inventory(call: Call, provider_id: str, resource_class: str, body: InventoryUpdate) -> Reply[InventoryView]:
    call.enforce()
    provider = resource_providers.get(call.db, provider_id)
    logic.refuse_stale(provider, body.resource_provider_generation)
    wanted = {resource_class: body}
    logic.refuse_overreserved(provider_id, wanted, "update", may_reserve_all=call.at_least("1.26"))
    provider = logic.change(call.db, provider, resource_class, body)
    row = logic.of_provider(call.db, provider_id)[resource_class]
    return stamped(call, InventoryView.of(row, provider.generation), row.updated_at)


@routes.delete(ONE, rule=DELETE)
def delete_inventory(call: Call, provider_id: str, resource_class: str) -> None:
    call.enforce()
    logic.delete_(call.db, resource_providers.get(call.db, provider_id), resource_class)
