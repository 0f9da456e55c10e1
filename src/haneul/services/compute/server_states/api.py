"""Actions that make a server stand still or go on. Their bodies say nothing."""

from typing import Any

from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.compute.server_actions.api import ACTION
from haneul.services.compute.server_states import changes
from haneul.services.compute.servers.api import loaded

routes = Routes()

_MEMBER = "rule:project_member_or_admin"
PAUSE = Rule("os_compute_api:os-pause-server:pause", _MEMBER, "Pause a server.")
UNPAUSE = Rule("os_compute_api:os-pause-server:unpause", _MEMBER, "Let a paused server go on.")
SUSPEND = Rule("os_compute_api:os-suspend-server:suspend", _MEMBER, "Suspend a server to disk.")
RESUME = Rule("os_compute_api:os-suspend-server:resume", _MEMBER, "Let a suspended server go on.")


@routes.action(ACTION, "pause", rule=PAUSE)
def pause_server(call: Call, server_id: str, body: Any) -> None:
    changes.begin(call.db, call, loaded(call, server_id), "pause")


@routes.action(ACTION, "unpause", rule=UNPAUSE)
def unpause_server(call: Call, server_id: str, body: Any) -> None:
    changes.begin(call.db, call, loaded(call, server_id), "unpause")


@routes.action(ACTION, "suspend", rule=SUSPEND)
def suspend_server(call: Call, server_id: str, body: Any) -> None:
    changes.begin(call.db, call, loaded(call, server_id), "suspend")


@routes.action(ACTION, "resume", rule=RESUME)
def resume_server(call: Call, server_id: str, body: Any) -> None:
    changes.begin(call.db, call, loaded(call, server_id), "resume")
