from typing import Any

from haneul.kernel.db import fields
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.compute.quota_sets import logic
from haneul.services.compute.quota_sets.resources import INJECTED, NETWORK, shown
from haneul.services.compute.quota_sets.schemas import Detail, QuotaQuery, QuotaUpdate

routes = Routes()

PATH = "/v2.1/os-quota-sets/{project_id}"
SHOW = Rule("os_compute_api:os-quota-sets:show", "rule:project_reader_or_admin", "Show a project's quotas.")
DETAIL = Rule("os_compute_api:os-quota-sets:detail", "rule:project_reader_or_admin", "Show quotas and their use.")
DEFAULTS = Rule("os_compute_api:os-quota-sets:defaults", "@", "Show the quotas of a project without its own.")
UPDATE = Rule("os_compute_api:os-quota-sets:update", "rule:context_is_admin", "Set a project's quotas.")
DELETE = Rule("os_compute_api:os-quota-sets:delete", "rule:context_is_admin", "Give a project the default quotas.")


def names(call: Call) -> list[str]:
    """What this version shows: no networks' quotas from 2.36, no injected files' from 2.57."""
    return shown(NETWORK if call.at_least("2.36") else (), INJECTED if call.at_least("2.57") else ())


def _owner(project_id: str, query: QuotaQuery) -> logic.Owner:
    return logic.Owner(project_id, query.user_id)


@routes.get(PATH, rule=SHOW, wraps="quota_set")
def get_quotas(call: Call, project_id: str, query: QuotaQuery) -> dict[str, Any]:
    call.enforce(project_id=project_id)
    return {"id": project_id, **logic.only(logic.limits(call.db, _owner(project_id, query)), names(call))}


@routes.get(PATH + "/detail", rule=DETAIL, wraps="quota_set")
def get_quotas_in_detail(call: Call, project_id: str, query: QuotaQuery) -> dict[str, Any]:
    call.enforce(project_id=project_id)
    owner = _owner(project_id, query)
    limits, usage = logic.limits(call.db, owner), logic.usage(call.db, owner)
    return {"id": project_id, **{name: Detail(limit=limits[name], in_use=usage[name]) for name in names(call)}}


@routes.get(PATH + "/defaults", rule=DEFAULTS, wraps="quota_set")
def get_default_quotas(call: Call, project_id: str) -> dict[str, Any]:
    call.enforce(project_id=project_id)
    return {"id": project_id, **logic.only(logic.defaults(call.db), names(call))}


@routes.put(PATH, rule=UPDATE, wraps="quota_set", lax=True)
def update_quotas(call: Call, project_id: str, body: QuotaUpdate, query: QuotaQuery) -> dict[str, Any]:
    call.enforce(project_id=project_id)
    owner = _owner(project_id, query)
    wanted = {name: most for name, most in fields(body).items() if name != "force"}
    logic.set_limits(call.db, owner, wanted, is_forced=body.force)
    return logic.only(logic.limits(call.db, owner), names(call))


@routes.delete(PATH, rule=DELETE, status=202)
def delete_quotas(call: Call, project_id: str, query: QuotaQuery) -> None:
    call.enforce(project_id=project_id)
    logic.forget_limits(call.db, _owner(project_id, query))
