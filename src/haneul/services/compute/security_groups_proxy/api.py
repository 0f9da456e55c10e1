"""Security groups through compute. Source: Compute API reference, "Security groups" and their rules, up to 2.35."""

import re

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.compute.security_groups_proxy import logic
from haneul.services.compute.security_groups_proxy.schemas import GroupQuery, GroupWanted, RuleWanted
from haneul.services.compute.server_security_groups.schemas import GroupView, RuleView
from haneul.services.compute.viewers import LAST, viewer
from haneul.services.network import public as network

_READER = "rule:project_reader_or_admin"
_MEMBER = "rule:project_member_or_admin"
LIST = Rule("os_compute_api:os-security-groups:get", _READER, "List security groups.")
SHOW = Rule("os_compute_api:os-security-groups:show", _READER, "Show a security group.")
CREATE = Rule("os_compute_api:os-security-groups:create", _MEMBER, "Create a security group.")
UPDATE = Rule("os_compute_api:os-security-groups:update", _MEMBER, "Rename a security group.")
DELETE = Rule("os_compute_api:os-security-groups:delete", _MEMBER, "Delete a security group.")
ADD_RULE = Rule("os_compute_api:os-security-groups:rule:create", _MEMBER, "Add a rule to a security group.")
DELETE_RULE = Rule("os_compute_api:os-security-groups:rule:delete", _MEMBER, "Delete a rule of a security group.")
PLURAL = "/v2.1/os-security-groups"
ONE = PLURAL + "/{security_group_id}"
RULES = "/v2.1/os-security-group-rules"
UUID = re.compile(r"[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
routes = Routes()


@routes.get(PLURAL, rule=LIST, wraps="security_groups", until=LAST, transaction="none")
async def list_security_groups(call: Call, query: GroupQuery) -> Listed[GroupView]:
    call.enforce(call.caller)
    watching = viewer(call)
    # Most lists only read, and shall not wait for the one thread that writes.
    if not await call.transaction(lambda db: network.has_default_group(db, watching.project_id), writes=False):
        await call.transaction(lambda db: network.make_default_group(db, watching.project_id), writes=True)
    return Listed(items=await call.transaction(lambda db: logic.list_(db, watching, query), writes=False))


@routes.post(PLURAL, rule=CREATE, wraps="security_group", status=200, until=LAST)
def create_security_group(call: Call, body: GroupWanted) -> GroupView:
    call.enforce(call.caller)
    return logic.create(call.db, body, viewer(call).project_id)


@routes.get(ONE, rule=SHOW, wraps="security_group", until=LAST)
def get_security_group(call: Call, security_group_id: str) -> GroupView:
    call.enforce(call.caller)
    return logic.show(call.db, _checked(security_group_id), viewer(call))


@routes.put(ONE, rule=UPDATE, wraps="security_group", until=LAST)
def update_security_group(call: Call, security_group_id: str, body: GroupWanted) -> GroupView:
    call.enforce(call.caller)
    return logic.update(call.db, _checked(security_group_id), body, viewer(call))


@routes.delete(ONE, rule=DELETE, status=202, until=LAST)
def delete_security_group(call: Call, security_group_id: str) -> None:
    call.enforce(call.caller)
    logic.delete(call.db, _checked(security_group_id), viewer(call))


@routes.post(RULES, rule=ADD_RULE, wraps="security_group_rule", status=200, until=LAST)
def create_security_group_rule(call: Call, body: RuleWanted) -> RuleView:
    call.enforce(call.caller)
    return logic.add_rule(call.db, body, viewer(call))


@routes.delete(RULES + "/{security_group_rule_id}", rule=DELETE_RULE, status=202, until=LAST)
def delete_security_group_rule(call: Call, security_group_rule_id: str) -> None:
    call.enforce(call.caller)
    network.delete_rule(call.db, _checked(security_group_rule_id), viewer(call))


def _checked(text: str) -> str:
    if not UUID.fullmatch(text):
        raise BadRequest("Security group id should be uuid")
    return text
