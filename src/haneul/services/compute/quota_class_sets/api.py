from typing import Any

from haneul.kernel.db import fields
from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.compute.quota_class_sets.schemas import ClassUpdate
from haneul.services.compute.quota_sets import logic
from haneul.services.compute.quota_sets.resources import GROUPS, INJECTED, NETWORK, shown

routes = Routes()

PATH = "/v2.1/os-quota-class-sets/{class_name}"
SHOW = Rule("os_compute_api:os-quota-class-sets:show", "rule:context_is_admin", "Show the quotas of a class.")
UPDATE = Rule("os_compute_api:os-quota-class-sets:update", "rule:context_is_admin", "Set the quotas of a class.")


def _names(call: Call) -> list[str]:
    # Other limits than a project's own quotas show: server groups came late, at 2.50, when networks' quotas left.
    return shown(NETWORK if call.at_least("2.50") else GROUPS, INJECTED if call.at_least("2.57") else ())


@routes.get(PATH, rule=SHOW, wraps="quota_class_set")
def get_class(call: Call, class_name: str) -> dict[str, Any]:
    call.enforce()
    return {"id": class_name, **logic.only(logic.class_limits_of(call.db, class_name), _names(call))}


@routes.put(PATH, rule=UPDATE, wraps="quota_class_set", lax=True)
def update_class(call: Call, class_name: str, body: ClassUpdate) -> dict[str, Any]:
    call.enforce()
    if len(class_name) > 255:
        raise BadRequest("quota_class_name has {length} characters, more than 255.", length=len(class_name))
    logic.set_class_limits(call.db, class_name, fields(body))
    return logic.only(logic.class_limits_of(call.db, class_name), _names(call))
