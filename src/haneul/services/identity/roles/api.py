from typing import Any

from haneul.kernel.db import fields
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.services.identity.base_rules import CLOUD_WIDE
from haneul.services.identity.extras import extras, with_extras
from haneul.services.identity.roles import logic
from haneul.services.identity.roles.models import GLOBAL, Role
from haneul.services.identity.roles.schemas import RoleCreate, RoleFilters, RoleUpdate, RoleView

routes = Routes()

SYSTEM_READER = "rule:admin_required or (role:reader and system_scope:all)"
GET = Rule(
    "identity:get_role", f"({SYSTEM_READER}) or (role:manager and rule:domain_managed_target_role)", "Show a role."
)
LIST = Rule("identity:list_roles", f"({SYSTEM_READER}) or (role:manager and not domain_id:None)", "List roles.")
CREATE = Rule("identity:create_role", "rule:admin_required", "Create a role.", scope_types=CLOUD_WIDE)
UPDATE = Rule("identity:update_role", "rule:admin_required", "Change a role.", scope_types=CLOUD_WIDE)
DELETE = Rule("identity:delete_role", "rule:admin_required", "Delete a role.", scope_types=CLOUD_WIDE)
GET_OF_DOMAIN = Rule("identity:get_domain_role", SYSTEM_READER, "Show a domain's role.", scope_types=CLOUD_WIDE)
LIST_OF_DOMAIN = Rule("identity:list_domain_roles", SYSTEM_READER, "List a domain's roles.", scope_types=CLOUD_WIDE)
CREATE_OF_DOMAIN = Rule(
    "identity:create_domain_role", "rule:admin_required", "Create a role of a domain.", scope_types=CLOUD_WIDE
)
UPDATE_OF_DOMAIN = Rule(
    "identity:update_domain_role", "rule:admin_required", "Change a domain's role.", scope_types=CLOUD_WIDE
)
DELETE_OF_DOMAIN = Rule(
    "identity:delete_domain_role", "rule:admin_required", "Delete a domain's role.", scope_types=CLOUD_WIDE
)

View = RoleView | dict[str, Any]


def view(call: Call, role: Role) -> View:
    return with_extras(RoleView.of(role, call.url("/v3/roles")), role.extra)


def allowed(call: Call, role_id: str, of_domain: Rule) -> Role:
    """The role, once the route's rule allows it, or the other one where the role is a domain's own.

    Anybody learns that there is none, as from Keystone.
    """
    role = logic.get(call.db, role_id)
    call.enforce(rule=None if role.domain_id == GLOBAL else of_domain, role=role.target)
    return role


@routes.get("/v3/roles", rule=LIST, wraps="roles")
def list_roles(call: Call, query: RoleFilters) -> Listed[View]:
    call.enforce(rule=LIST_OF_DOMAIN if query.domain_id else None)
    page = call.page()
    found = logic.list_(call.db, page, {name: value for name, value in fields(query).items() if value})
    return listed(page, found, lambda role: view(call, role), lambda role: role.id)


@routes.post("/v3/roles", rule=CREATE, wraps="role")
def create_role(call: Call, body: RoleCreate) -> View:
    call.enforce(rule=CREATE_OF_DOMAIN if body.domain_id else None)
    return view(call, logic.create(call.db, body, extras(call, body)))


@routes.get("/v3/roles/{role_id}", rule=GET, wraps="role", quick=True)
def get_role(call: Call, role_id: str) -> View:
    return view(call, allowed(call, role_id, GET_OF_DOMAIN))


@routes.patch("/v3/roles/{role_id}", rule=UPDATE, wraps="role")
def update_role(call: Call, role_id: str, body: RoleUpdate) -> View:
    role = allowed(call, role_id, UPDATE_OF_DOMAIN)
    return view(call, logic.update(call.db, role, body, extras(call, body, own_id=role_id)))


@routes.delete("/v3/roles/{role_id}", rule=DELETE)
def delete_role(call: Call, role_id: str) -> None:
    logic.delete(call.db, allowed(call, role_id, DELETE_OF_DOMAIN))
