from typing import Any

from haneul.kernel.db import fields
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.services.identity.extras import extras, with_extras
from haneul.services.identity.groups import logic
from haneul.services.identity.groups.models import Group
from haneul.services.identity.groups.schemas import GroupCreate, GroupFilters, GroupUpdate, GroupView
from haneul.services.identity.projects.models import DEFAULT_DOMAIN

routes = Routes()

READER = (
    "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and "
    "domain_id:%(target.group.domain_id)s)"
)
MANAGER = "(rule:admin_required) or (role:manager and domain_id:%(target.group.domain_id)s)"
GET = Rule("identity:get_group", READER, "Show a group.")
LIST = Rule("identity:list_groups", READER, "List groups.")
CREATE = Rule("identity:create_group", MANAGER, "Create a group.")
UPDATE = Rule("identity:update_group", MANAGER, "Change a group.")
DELETE = Rule("identity:delete_group", MANAGER, "Delete a group.")

View = GroupView | dict[str, Any]


def view(call: Call, group: Group) -> View:
    return with_extras(GroupView.of(group, call.url("/v3/groups")), group.extra)


def allowed(call: Call, group_id: str) -> Group:
    """The group, once the route's rule allows it."""
    group = logic.find(call.db, group_id)
    call.enforce(group=group or {})
    return logic.existing(group, group_id)


@routes.get("/v3/groups", rule=LIST, wraps="groups")
def list_groups(call: Call, query: GroupFilters) -> Listed[View]:
    call.enforce(group={"domain_id": call.caller.domain_id})
    page = call.page()
    found = logic.list_(call.db, page, fields(query), within=call.caller.domain_id)
    return listed(page, found, lambda group: view(call, group), lambda group: group.id)


@routes.post("/v3/groups", rule=CREATE, wraps="group")
def create_group(call: Call, body: GroupCreate) -> View:
    call.enforce(group={"domain_id": body.domain_id})
    domain_id = body.domain_id or call.caller.domain_id or DEFAULT_DOMAIN
    return view(call, logic.create(call.db, body, domain_id=domain_id, extra=extras(call, body)))


@routes.get("/v3/groups/{group_id}", rule=GET, wraps="group", quick=True)
def get_group(call: Call, group_id: str) -> View:
    return view(call, allowed(call, group_id))


@routes.patch("/v3/groups/{group_id}", rule=UPDATE, wraps="group")
def update_group(call: Call, group_id: str, body: GroupUpdate) -> View:
    group = allowed(call, group_id)
    return view(call, logic.update(call.db, group, body, extras(call, body, own_id=group_id)))


@routes.delete("/v3/groups/{group_id}", rule=DELETE)
def delete_group(call: Call, group_id: str) -> None:
    group = logic.existing(logic.find(call.db, group_id), group_id)
    call.enforce(group=group)
    logic.delete(call.db, group)
