from typing import Annotated

from haneul.kernel.db import fields
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.kernel.schema import Meta
from haneul.services.identity.base_rules import CLOUD_WIDE
from haneul.services.identity.registered_limits import logic
from haneul.services.identity.registered_limits.models import RegisteredLimit
from haneul.services.identity.registered_limits.schemas import (
    RegisteredLimitCreate,
    RegisteredLimitQuery,
    RegisteredLimitUpdate,
    RegisteredLimitView,
)

routes = Routes()

PATH = "/v3/registered_limits"
ONE = PATH + "/{registered_limit_id}"
ADMIN = "rule:admin_required"
GET = Rule("identity:get_registered_limit", "", "Show a registered limit.")
LIST = Rule("identity:list_registered_limits", "", "List registered limits.")
CREATE = Rule("identity:create_registered_limits", ADMIN, "Create registered limits.", scope_types=CLOUD_WIDE)
UPDATE = Rule("identity:update_registered_limit", ADMIN, "Change a registered limit.", scope_types=CLOUD_WIDE)
DELETE = Rule("identity:delete_registered_limit", ADMIN, "Delete a registered limit.", scope_types=CLOUD_WIDE)

Several = Annotated[list[RegisteredLimitCreate], Meta(min_length=1)]


def view(call: Call, limit: RegisteredLimit) -> RegisteredLimitView:
    return RegisteredLimitView.of(limit, call.url(PATH))


@routes.get(PATH, rule=LIST, wraps="registered_limits")
def list_registered_limits(call: Call, query: RegisteredLimitQuery) -> Listed[RegisteredLimitView]:
    call.enforce()
    page = call.page()
    found = logic.list_(call.db, page, fields(query))
    return listed(page, found, lambda limit: view(call, limit), lambda limit: limit.id)


@routes.post(PATH, rule=CREATE, wraps="registered_limits")
def create_registered_limits(call: Call, body: Several) -> list[RegisteredLimitView]:
    call.enforce()
    return [view(call, limit) for limit in logic.create(call.db, body)]


@routes.get(ONE, rule=GET, wraps="registered_limit", quick=True)
def get_registered_limit(call: Call, registered_limit_id: str) -> RegisteredLimitView:
    call.enforce()
    return view(call, logic.get(call.db, registered_limit_id))


@routes.patch(ONE, rule=UPDATE, wraps="registered_limit")
def update_registered_limit(call: Call, registered_limit_id: str, body: RegisteredLimitUpdate) -> RegisteredLimitView:
    call.enforce()
    return view(call, logic.update(call.db, registered_limit_id, body))


@routes.delete(ONE, rule=DELETE)
def delete_registered_limit(call: Call, registered_limit_id: str) -> None:
    call.enforce()
    logic.delete(call.db, registered_limit_id)
