from typing import Any

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.block_storage.base_rules import ADMIN, READER
from haneul.services.block_storage.quota_sets import logic
from haneul.services.block_storage.quota_sets.schemas import Detail, Given
from haneul.services.block_storage.yes_no import asked_truth

routes = Routes()

PATH = "/v3/os-quota-sets/{project_id}"
SHOW = Rule("volume_extension:quotas:show", READER, "Show a project's quotas.")
UPDATE = Rule("volume_extension:quotas:update", ADMIN, "Set a project's quotas.")
DELETE = Rule("volume_extension:quotas:delete", ADMIN, "Give a project the default quotas.")
NOT_LIMITS = {"id", "tenant_id"}
"""What clients send back with the limits that they were told."""


@routes.get(PATH, rule=SHOW, wraps="quota_set")
def get_quotas(call: Call, project_id: str) -> dict[str, Any]:
    call.enforce(project_id=project_id)
    limits = logic.named(call.db, logic.limits(call.db, project_id))
    if not asked_truth(call.ask.parameters, "usage"):
        return {"id": project_id, **limits}
    used = logic.named(call.db, logic.usage(call.db, project_id), 0)
    return {"id": project_id, **{name: Detail(limit=most, in_use=used[name]) for name, most in limits.items()}}


@routes.get(PATH + "/defaults", rule=SHOW, wraps="quota_set")
def get_default_quotas(call: Call, project_id: str) -> dict[str, Any]:
    call.enforce(project_id=project_id)
    return {"id": project_id, **logic.named(call.db, logic.defaults(call.db))}


@routes.put(PATH, rule=UPDATE, wraps="quota_set")
def update_quotas(call: Call, project_id: str, body: Given) -> dict[str, Any]:
    call.enforce(project_id=project_id)
    refuse_long("quota_set_name", project_id)
    logic.set_limits(call.db, project_id, {name: most for name, most in body.items() if name not in NOT_LIMITS})
    return logic.named(call.db, logic.limits(call.db, project_id))


@routes.delete(PATH, rule=DELETE, status=200)
def delete_quotas(call: Call, project_id: str) -> None:
    call.enforce(project_id=project_id)
    logic.forget_limits(call.db, project_id)


def refuse_long(what: str, name: str) -> None:
    """BadRequest for a name that no table could keep."""
    if len(name) > 255:
        raise BadRequest("{what} has {length} characters, more than 255.", what=what, length=len(name))
