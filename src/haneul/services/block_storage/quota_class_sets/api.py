from typing import Any

from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.block_storage.base_rules import ADMIN
from haneul.services.block_storage.quota_sets import logic
from haneul.services.block_storage.quota_sets.api import refuse_long
from haneul.services.block_storage.quota_sets.schemas import Given

routes = Routes()

PATH = "/v3/os-quota-class-sets/{class_name}"
SHOW = Rule("volume_extension:quota_classes:get", ADMIN, "Show the quotas of a class.")
UPDATE = Rule("volume_extension:quota_classes:update", ADMIN, "Set the quotas of a class.")


@routes.get(PATH, rule=SHOW, wraps="quota_class_set")
def get_class(call: Call, class_name: str) -> dict[str, Any]:
    call.enforce()
    return {"id": class_name, **logic.named(call.db, logic.class_limits_of(call.db, class_name))}


@routes.put(PATH, rule=UPDATE, wraps="quota_class_set")
def update_class(call: Call, class_name: str, body: Given) -> dict[str, Any]:
    call.enforce()
    refuse_long("quota_class_name", class_name)
    logic.set_class_limits(call.db, class_name, body)
    return logic.named(call.db, logic.class_limits_of(call.db, class_name))
