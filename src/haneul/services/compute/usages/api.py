from typing import Any

import msgspec

from haneul.kernel.db.listing import Page
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.http.pages import links_of
from haneul.kernel.policy import Rule
from haneul.services.compute.usages import logic
from haneul.services.compute.usages.schemas import Usage, UsageQuery

routes = Routes()

PATH = "/v2.1/os-simple-tenant-usage"
LIST = Rule("os_compute_api:os-simple-tenant-usage:list", "rule:context_is_admin", "Show what all projects have used.")
SHOW = Rule(
    "os_compute_api:os-simple-tenant-usage:show", "rule:project_reader_or_admin", "Show what a project has used."
)


def _page(call: Call) -> Page:
    page = msgspec.structs.replace(call.page(), sort=())
    return page if call.at_least("2.40") else msgspec.structs.replace(page, limit=None, marker=None)


@routes.get(PATH, rule=LIST, wraps="tenant_usages")
def list_usages(call: Call, query: UsageQuery) -> Listed[Usage]:
    """Pages are of servers, not of projects: a project may go on on the next one."""
    call.enforce()
    period, page = logic.period_of(query), _page(call)
    ran = logic.list_(call.db, page, period, None)
    following = listed(page, ran, lambda it: it, lambda it: it.id).next_marker
    return Listed(items=logic.sums(ran, period, is_detailed=query.detailed == "1"), next_marker=following)


@routes.get(PATH + "/{project_id}", rule=SHOW)
def get_usage(call: Call, project_id: str, query: UsageQuery) -> dict[str, Any]:
    call.enforce(project_id=project_id)
    period, page = logic.period_of(query), _page(call)
    ran = logic.list_(call.db, page, period, project_id)
    found = logic.sums(ran, period, is_detailed=True)
    answer: dict[str, Any] = {"tenant_usage": found[0] if found else {}}
    around = listed(page, ran, lambda it: it, lambda it: it.id)
    return answer | links_of("compute", "tenant_usage", call.url(call.ask.path), call.ask.parameters, around)
