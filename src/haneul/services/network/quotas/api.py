from haneul.kernel.db import fields
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.network.base_rules import ADMIN, MANAGER
from haneul.services.network.owners import ADMIN_CONTEXT, ANYONE, viewer
from haneul.services.network.quotas import logic, usage
from haneul.services.network.quotas.schemas import (
    Figures,
    ProjectQuotaView,
    QuotaDetailsView,
    QuotaUpdate,
    QuotaView,
)

GET = Rule("get_quota", MANAGER, "Show a project's limits.")
UPDATE = Rule("update_quota", ADMIN, "Change a project's limits.")
DELETE = Rule("delete_quota", ADMIN, "Give a project the default limits again.")
ONE = "/v2.0/quotas/{project_id}"

routes = Routes()


@routes.get("/v2.0/quotas", rule=GET, wraps="quotas")
def list_quotas(call: Call) -> list[ProjectQuotaView]:
    call.enforce(call.caller)
    seen = viewer(call)
    found = logic.own_limits(call.db, "" if seen.is_admin else seen.project_id)
    return [
        ProjectQuotaView(**limits, project_id=project_id, tenant_id=project_id)
        for project_id, limits in sorted(found.items())
    ]


@routes.get(ONE, rule=GET, wraps="quota")
def get_quota(call: Call, project_id: str) -> QuotaView:
    _enforce(call, project_id, GET)
    return QuotaView(**logic.limits_of(call.db, project_id))


@routes.put(ONE, rule=UPDATE, wraps="quota", lax=True)
def update_quota(call: Call, project_id: str, body: QuotaUpdate) -> QuotaView:
    call.enforce({"project_id": project_id})
    wanted = {name: most for name, most in fields(body).items() if name in logic.DEFAULTS}
    if not body.force:
        logic.refuse_below(usage.usage_of(call.db, project_id), wanted)
    logic.set_(call.db, project_id, wanted)
    return QuotaView(**logic.limits_of(call.db, project_id))


@routes.delete(ONE, rule=DELETE)
def delete_quota(call: Call, project_id: str) -> None:
    call.enforce({"project_id": project_id})
    logic.reset(call.db, project_id)


@routes.get(ONE + "/default", rule=GET, wraps="quota")
def get_default_quota(call: Call, project_id: str) -> QuotaView:
    _enforce(call, project_id, GET)
    return QuotaView(**logic.defaults())


@routes.get(ONE + "/details", rule=GET, wraps="quota")
def get_quota_details(call: Call, project_id: str) -> QuotaDetailsView:
    return _details(call, project_id)


@routes.get(ONE + "/details.json", rule=GET, wraps="quota")
def get_quota_details_as_json(call: Call, project_id: str) -> QuotaDetailsView:
    return _details(call, project_id)


def _details(call: Call, project_id: str) -> QuotaDetailsView:
    """Of others only an admin sees what they have, whatever the rule on limits says."""
    _enforce(call, project_id, ADMIN_CONTEXT)
    limits, have = logic.limits_of(call.db, project_id), usage.usage_of(call.db, project_id)
    return QuotaDetailsView(**{name: Figures(limit=most, used=have[name]) for name, most in limits.items()})


def _enforce(call: Call, project_id: str, rule: Rule) -> None:
    """Everyone sees his own project's limits, with whatever role."""
    is_own = project_id == call.caller.project_id
    call.enforce({"project_id": project_id}, rule=ANYONE if is_own else rule)
