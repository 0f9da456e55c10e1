from typing import Annotated, Any

from haneul.kernel.db import fields
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.kernel.schema import Meta
from haneul.services.identity.base_rules import CLOUD_WIDE
from haneul.services.identity.limits import logic
from haneul.services.identity.limits.models import Limit
from haneul.services.identity.limits.schemas import LimitCreate, LimitQuery, LimitUpdate, LimitView, ModelView
from haneul.services.identity.parts import Parts

PATH = "/v3/limits"
ONE = PATH + "/{limit_id}"
ADMIN = "rule:admin_required"
OWNER = (
    "rule:admin_required or (role:reader and system_scope:all) or (domain_id:%(target.limit.domain.id)s or "
    "domain_id:%(target.limit.project.domain_id)s) or (project_id:%(target.limit.project_id)s and not "
    "None:%(target.limit.project_id)s)"
)
MODEL = Rule("identity:get_limit_model", "", "Show how limits of parent and child bind each other.")
GET = Rule("identity:get_limit", OWNER, "Show a limit.")
LIST = Rule("identity:list_limits", "", "List the limits that one may see.")
CREATE = Rule("identity:create_limits", ADMIN, "Create limits.", scope_types=CLOUD_WIDE)
UPDATE = Rule("identity:update_limit", ADMIN, "Change a limit.", scope_types=CLOUD_WIDE)
DELETE = Rule("identity:delete_limit", ADMIN, "Delete a limit.", scope_types=CLOUD_WIDE)

Several = Annotated[list[LimitCreate], Meta(min_length=1)]
MODELS = {
    "flat": ModelView(
        name="flat",
        description="Limit enforcement and validation does not take project hierarchy into consideration.",
    ),
    "strict_two_level": ModelView(
        name="strict_two_level",
        description="This model requires project hierarchy never exceeds a depth of two",
    ),
}


def view(call: Call, limit: Limit) -> LimitView:
    return LimitView.of(limit, call.url(PATH))


def target(call: Call, limit: Limit | None) -> dict[str, Any]:
    """A limit as rules see it: with its domain or its project."""
    owner = logic.owner_of(call.db, limit) if limit is not None else None
    if owner is None:
        return {}
    if owner.is_domain:
        return {"domain": {"id": owner.id}}
    return {"project_id": owner.id, "project": {"id": owner.id, "domain_id": owner.domain_id}}


def seen(call: Call) -> dict[str, str] | None:
    """What bounds the list for this caller: nothing for administrators and services, None who sees no limit at all."""
    caller = call.caller
    if caller.system_scope or caller.roles & {"admin", "service"}:
        return {}
    if caller.domain_id:
        return {"seen_by_domain": caller.domain_id}
    return {"seen_by_project": caller.project_id} if caller.project_id else None


def routes_with(parts: Parts) -> Routes:
    """Routes of limits in the model that this cloud has."""
    routes = Routes()
    model = parts.settings.limit_model
    is_strict = model == "strict_two_level"

    @routes.get(PATH + "/model", rule=MODEL, wraps="model", quick=True)
    def get_model(call: Call) -> ModelView:
        call.enforce()
        return MODELS[model]

    @routes.get(PATH, rule=LIST, wraps="limits")
    def list_limits(call: Call, query: LimitQuery) -> Listed[LimitView]:
        call.enforce()
        page, bounds = call.page(), seen(call)
        found = [] if bounds is None else logic.list_(call.db, page, {**fields(query), **bounds})
        return listed(page, found, lambda limit: view(call, limit), lambda limit: limit.id)

    @routes.post(PATH, rule=CREATE, wraps="limits")
    def create_limits(call: Call, body: Several) -> list[LimitView]:
        call.enforce()
        return [view(call, limit) for limit in logic.create(call.db, body, is_strict=is_strict)]

    @routes.get(ONE, rule=GET, wraps="limit", quick=True)
    def get_limit(call: Call, limit_id: str) -> LimitView:
        found = logic.find(call.db, limit_id)
        call.enforce(limit=target(call, found))
        return view(call, logic.existing(found, limit_id))

    @routes.patch(ONE, rule=UPDATE, wraps="limit")
    def update_limit(call: Call, limit_id: str, body: LimitUpdate) -> LimitView:
        call.enforce()
        return view(call, logic.update(call.db, limit_id, body, is_strict=is_strict))

    @routes.delete(ONE, rule=DELETE)
    def delete_limit(call: Call, limit_id: str) -> None:
        call.enforce()
        logic.delete(call.db, limit_id)

    return routes
