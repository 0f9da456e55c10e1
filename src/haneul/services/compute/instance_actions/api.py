"""What was done with a server: a view of the operations' journals. Source: Compute API, "Servers actions"."""

from collections.abc import Mapping
from typing import Annotated, Any

from haneul.kernel import operations
from haneul.kernel.clock import iso_bare
from haneul.kernel.errors import NotFound
from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.operations.models import OperationRow
from haneul.kernel.schema import UNSET, Since, UnsetType, View
from haneul.services.compute.servers import logic
from haneul.services.compute.servers.models import Server
from haneul.services.compute.servers.rules import ACTION_DETAILS, ACTION_EVENTS, LIST_ACTIONS, SHOW_ACTION
from haneul.services.compute.servers.views import host_id

routes = Routes()

ACTIONS: Mapping[str, str] = {
    "server-create": "create",
    "server-delete": "delete",
    "server-start": "start",
    "server-stop": "stop",
    "server-reboot": "reboot",
    "server-pause": "pause",
    "server-unpause": "unpause",
    "server-suspend": "suspend",
    "server-resume": "resume",
    "server-rebuild": "rebuild",
    "server-image": "createImage",
    "server-backup": "backup",
    "server-attach-interface": "attach_interface",
    "server-detach-interface": "detach_interface",
    "server-lock": "lock",
    "server-unlock": "unlock",
    "server-reset-state": "resetState",
}


class ActionView(View):
    action: str
    instance_uuid: str
    message: str | None
    project_id: str | None
    request_id: str
    start_time: str
    user_id: str
    updated_at: Annotated[str | UnsetType, Since("2.58")] = UNSET


class EventView(View):
    event: str
    start_time: str
    finish_time: str | None
    result: str | None
    traceback: str | None
    hostId: Annotated[str | UnsetType, Since("2.62")] = UNSET
    host: Annotated[str | UnsetType, Since("2.62")] = UNSET
    details: Annotated[str | UnsetType | None, Since("2.84")] = UNSET


class ActionDetailView(ActionView):
    events: list[EventView] | UnsetType = UNSET


@routes.get("/v2.1/servers/{server_id}/os-instance-actions", rule=LIST_ACTIONS, wraps="instanceActions")
def list_actions(call: Call, server_id: str) -> Listed[ActionView]:
    server = _loaded(call, server_id)
    rows = operations.of_resource(call.db, server.id)[: call.page().limit]
    return Listed(items=[ActionView(**_common(row)) for row in rows if row.name in ACTIONS])


@routes.get("/v2.1/servers/{server_id}/os-instance-actions/{request_id}", rule=SHOW_ACTION, wraps="instanceAction")
def show_action(call: Call, server_id: str, request_id: str) -> ActionDetailView:
    server = _loaded(call, server_id)
    for row in operations.of_resource(call.db, server.id):
        if row.request_id == request_id and row.name in ACTIONS:
            return ActionDetailView(**_common(row), events=_events(call, server, row))
    raise NotFound("Action for request_id {id} on instance {server} not found", id=request_id, server=server.id)


def _loaded(call: Call, server_id: str) -> Server:
    server = logic.get(call.db, server_id, call.caller, with_deleted=call.at_least("2.21"))
    call.enforce(server)
    return server


def _common(row: OperationRow) -> dict[str, Any]:
    message = "Error" if row.error and row.state == "failed" else None
    return {
        "action": ACTIONS[row.name],
        "instance_uuid": row.resource_id,
        "message": message,
        "project_id": row.project_id,
        "request_id": row.request_id,
        "start_time": iso_bare(row.created_at),
        "user_id": row.user_id,
        "updated_at": iso_bare(row.updated_at),
    }


def _events(call: Call, server: Server, row: OperationRow) -> list[EventView] | UnsetType:
    if not (call.at_least("2.51") or call.allows(ACTION_EVENTS, server)):
        return UNSET
    is_admin = call.allows(ACTION_EVENTS, server)
    details = (row.error or {}).get("message") if call.allows(ACTION_DETAILS, server) else None
    return [
        EventView(
            event=f"compute_{entry['step'].replace(' ', '_')}",
            start_time=entry["begun"].removesuffix("Z"),
            finish_time=(entry.get("done") or entry.get("failed") or "").removesuffix("Z") or None,
            result="Error" if "failed" in entry else ("Success" if "done" in entry else None),
            traceback=None,
            hostId=host_id(server.project_id, server.host),
            host=server.host if is_admin else UNSET,
            details=details if "failed" in entry else None,
        )
        for entry in row.journal
    ]
