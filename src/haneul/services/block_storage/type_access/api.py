from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.block_storage.base_rules import ADMIN
from haneul.services.block_storage.type_access import logic
from haneul.services.block_storage.type_access.schemas import AccessView, Grant

routes = Routes()

ACTION = "/v3/types/{volume_type_id}/action"
LIST = Rule(
    "volume_extension:volume_type_access:get_all_for_type", ADMIN, "List the projects that may use a private type."
)
ADD = Rule("volume_extension:volume_type_access:addProjectAccess", ADMIN, "Let a project use a private volume type.")
REMOVE = Rule(
    "volume_extension:volume_type_access:removeProjectAccess",
    ADMIN,
    "Let a project no longer use a private volume type.",
)


@routes.get("/v3/types/{volume_type_id}/os-volume-type-access", rule=LIST, wraps="volume_type_access")
def list_access(call: Call, volume_type_id: str) -> list[AccessView]:
    call.enforce()
    found = logic.list_(call.db, volume_type_id)
    return [AccessView(volume_type_id=one.type_id, project_id=one.project_id) for one in found]


@routes.action(ACTION, "addProjectAccess", rule=ADD)
def add_access(call: Call, volume_type_id: str, body: Grant) -> None:
    call.enforce()
    logic.add(call.db, volume_type_id, body.project)


@routes.action(ACTION, "removeProjectAccess", rule=REMOVE)
def remove_access(call: Call, volume_type_id: str, body: Grant) -> None:
    call.enforce()
    logic.remove(call.db, volume_type_id, body.project)
