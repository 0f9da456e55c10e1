from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.compute.server_actions.api import ACTION
from haneul.services.compute.server_security_groups import logic
from haneul.services.compute.server_security_groups.schemas import GroupNamed, GroupView
from haneul.services.compute.servers.api import loaded

routes = Routes()

_MEMBER = "rule:project_member_or_admin"
LIST = Rule("os_compute_api:os-security-groups:list", "rule:project_reader_or_admin", "List a server's groups.")
ADD = Rule("os_compute_api:os-security-groups:add", _MEMBER, "Give a server a security group.")
REMOVE = Rule("os_compute_api:os-security-groups:remove", _MEMBER, "Take a security group from a server.")


@routes.get("/v2.1/servers/{server_id}/os-security-groups", rule=LIST, wraps="security_groups")
def list_server_security_groups(call: Call, server_id: str) -> Listed[GroupView]:
    return Listed(items=logic.list_(call.db, loaded(call, server_id)))


@routes.action(ACTION, "addSecurityGroup", rule=ADD)
def add_security_group(call: Call, server_id: str, body: GroupNamed) -> None:
    server = loaded(call, server_id)
    logic.add(call.db, server, call.caller.project_id or "", _name(body))


@routes.action(ACTION, "removeSecurityGroup", rule=REMOVE)
def remove_security_group(call: Call, server_id: str, body: GroupNamed) -> None:
    server = loaded(call, server_id)
    logic.remove(call.db, server, call.caller.project_id or "", _name(body))


def _name(body: GroupNamed) -> str:
    if not body.name.strip():
        raise BadRequest("Security group name cannot be empty")
    return body.name
