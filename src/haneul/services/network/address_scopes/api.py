from collections.abc import Sequence

from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.network.address_scopes import logic
from haneul.services.network.address_scopes.models import AddressScope
from haneul.services.network.address_scopes.schemas import (
    AddressScopeCreate,
    AddressScopeCreateBody,
    AddressScopeCreatedView,
    AddressScopeUpdate,
    AddressScopeView,
    address_scope_view,
)
from haneul.services.network.base_rules import ADMIN, MEMBER, READER
from haneul.services.network.bulk import created
from haneul.services.network.field_rules import enforce_fields
from haneul.services.network.lists import answered, asked
from haneul.services.network.owners import owner_of, viewer
from haneul.services.network.rbac.sharing import shared_with

GET = Rule("get_address_scope", f"{READER} or rule:shared_address_scopes", "Show address scopes.")
CREATE = Rule("create_address_scope", MEMBER, "Create an address scope.")
CREATE_SHARED = Rule("create_address_scope:shared", ADMIN, "Create a shared address scope.")
UPDATE = Rule("update_address_scope", MEMBER, "Change an address scope.")
UPDATE_SHARED = Rule("update_address_scope:shared", ADMIN, "Share an address scope.")
DELETE = Rule("delete_address_scope", MEMBER, "Delete an address scope.")

routes = Routes()


def views(call: Call, found: Sequence[AddressScope]) -> list[AddressScopeView]:
    """Many address scopes, with one query for which are shared with the caller."""
    ids = [scope.id for scope in found]
    shared = shared_with(call.db, logic.ADDRESS_SCOPE, ids, call.caller.project_id or "")
    return [address_scope_view(scope, is_shared=scope.id in shared) for scope in found]


@routes.get("/v2.0/address-scopes", rule=GET, wraps="address_scopes")
def list_address_scopes(call: Call) -> Listed[AddressScopeView]:
    call.enforce(call.caller)
    wanted = asked(call, logic.LISTING, beside=("shared",))
    clauses = logic.clauses(call.ask.parameters, call.caller.project_id or "")
    rows = logic.list_(call.db, viewer(call), wanted, clauses)
    return answered(wanted, rows, views(call, rows))


@routes.post("/v2.0/address-scopes", rule=CREATE, lax=True)
def create_address_scope(call: Call, body: AddressScopeCreateBody) -> AddressScopeCreatedView:
    return created(body, AddressScopeCreatedView, lambda wanted: _create(call, wanted))


@routes.get("/v2.0/address-scopes/{address_scope_id}", rule=GET, wraps="address_scope", quick=True)
def get_address_scope(call: Call, address_scope_id: str) -> AddressScopeView:
    scope = logic.get(call.db, address_scope_id, viewer(call))
    (view,) = views(call, [scope])
    call.enforce(scope, shared=view.shared)
    return view


@routes.put("/v2.0/address-scopes/{address_scope_id}", rule=UPDATE, wraps="address_scope", lax=True)
def update_address_scope(call: Call, address_scope_id: str, body: AddressScopeUpdate) -> AddressScopeView:
    scope = logic.get(call.db, address_scope_id, viewer(call))
    call.enforce(scope)
    enforce_fields(call, body, {"shared": UPDATE_SHARED}, scope)
    return views(call, [logic.update(call.db, scope, body)])[0]


@routes.delete("/v2.0/address-scopes/{address_scope_id}", rule=DELETE)
def delete_address_scope(call: Call, address_scope_id: str) -> None:
    scope = logic.get(call.db, address_scope_id, viewer(call))
    call.enforce(scope)
    logic.delete(call.db, scope)


def _create(call: Call, wanted: AddressScopeCreate) -> AddressScopeView:
    project_id = owner_of(call, wanted)
    target = {"project_id": project_id}
    call.enforce(target)
    if wanted.shared:
        call.enforce(target, rule=CREATE_SHARED)
    return views(call, [logic.create(call.db, wanted, project_id)])[0]
