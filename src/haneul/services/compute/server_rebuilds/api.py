"""The action that makes a server anew of an image. Source: Compute API reference, "Rebuild Server"."""

import msgspec

from haneul.kernel.http import Call, Reply, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET
from haneul.services.compute.server_actions.api import ACTION
from haneul.services.compute.server_rebuilds import asking, logic
from haneul.services.compute.server_rebuilds.operations import RebuildServer
from haneul.services.compute.server_rebuilds.schemas import Rebuild, RebuiltView
from haneul.services.compute.servers.api import beholder, loaded, shown
from haneul.services.compute.servers.asking import new_password
from haneul.services.compute.servers.logic import current
from haneul.services.compute.servers.views import after_a_change, links

routes = Routes()

REBUILD = Rule("os_compute_api:servers:rebuild", "rule:project_member_or_admin", "Rebuild a server.")


@routes.action(ACTION, "rebuild", rule=REBUILD, wraps="server", lax=True)
def rebuild_server(call: Call, server_id: str, body: Rebuild) -> Reply[RebuiltView]:
    server = loaded(call, server_id)
    logic.refuse_unfit(call, server)
    logic.begin(call.db, call, server, asking.changes_of(call, server, body), RebuildServer)
    password = new_password() if body.adminPass is UNSET else body.adminPass
    return Reply(view=_rebuilt(call, server_id, password), headers={"Location": _location(call, server_id)})


def _rebuilt(call: Call, server_id: str, password: str) -> RebuiltView:
    server = current(call.db, server_id)
    view = shown(call, call.db, server)
    if not call.at_least("2.75"):
        key_name = server.key_name or None if call.at_least("2.54") else UNSET
        view = msgspec.structs.replace(after_a_change(view), key_name=key_name)
    return RebuiltView(**msgspec.structs.asdict(view), adminPass=password, given_user_data=server.user_data)


def _location(call: Call, server_id: str) -> str:
    return links(beholder(call), "servers", server_id)[0]["href"]
