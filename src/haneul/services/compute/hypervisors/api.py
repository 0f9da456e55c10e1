from collections.abc import Sequence
from typing import Any

import msgspec

from haneul.kernel.db.listing import Page
from haneul.kernel.errors import BadRequest, NotBuilt
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET, OpenBody, UnsetType
from haneul.services.compute.hosts.logic import computing, is_alive
from haneul.services.compute.hosts.models import ComputeService
from haneul.services.compute.hypervisors import logic, views

routes = Routes()

PATH = "/v2.1/os-hypervisors"
LIST = Rule("os_compute_api:os-hypervisors:list", "rule:context_is_admin", "List hypervisors.")
DETAIL = Rule("os_compute_api:os-hypervisors:list-detail", "rule:context_is_admin", "List hypervisors in detail.")
STATISTICS = Rule("os_compute_api:os-hypervisors:statistics", "rule:context_is_admin", "Sum up all hypervisors.")
SHOW = Rule("os_compute_api:os-hypervisors:show", "rule:context_is_admin", "Show a hypervisor.")
UPTIME = Rule("os_compute_api:os-hypervisors:uptime", "rule:context_is_admin", "Show how long a host is up.")
SERVERS = Rule("os_compute_api:os-hypervisors:servers", "rule:context_is_admin", "Find hypervisors with their servers.")
SEARCH = Rule("os_compute_api:os-hypervisors:search", "rule:context_is_admin", "Find hypervisors by name.")


class HypervisorQuery(OpenBody):
    pattern: str | UnsetType = msgspec.field(default=UNSET, name="hypervisor_hostname_pattern")
    with_servers: bool = False
    limit: str | UnsetType = UNSET
    marker: str | UnsetType = UNSET


def _found(call: Call, query: HypervisorQuery) -> tuple[Page, Sequence[ComputeService]]:
    """The hosts asked for: by name from 2.53, by page from 2.33, before that all."""
    whole = Page()
    if call.at_least("2.53") and isinstance(query.pattern, str):
        if query.limit is not UNSET or query.marker is not UNSET:
            raise BadRequest(
                "Paging over hypervisors with the hypervisor_hostname_pattern query parameter is not supported."
            )
        return whole, logic.matching(call.db, query.pattern)
    if not call.at_least("2.33"):
        return whole, computing(call.db)
    page = msgspec.structs.replace(call.page(), sort=())
    if page.marker is not None and not call.at_least("2.53"):
        page = msgspec.structs.replace(page, marker=_of_number(call, page.marker))
    return page, logic.list_(call.db, page)


def _of_number(call: Call, marker: str) -> str:
    known = {str(host.number): host.provider_id for host in computing(call.db)}
    return known.get(marker, marker)


def _key(call: Call) -> Any:
    return lambda host: host.provider_id if call.at_least("2.53") else str(host.number)


def _listed(
    call: Call, query: HypervisorQuery, page: Page, found: Sequence[ComputeService], *, detail: bool
) -> Listed[dict[str, Any]]:
    hosts = [host.host for host in found]
    uses = logic.uses(call.db, hosts) if detail and not call.at_least("2.88") else {}
    tells_servers = query.with_servers and call.at_least("2.53")
    guests = logic.guests(call.db, hosts) if tells_servers else {}

    def view(host: ComputeService) -> dict[str, Any]:
        use = uses.get(host.host, logic.Use())
        made = views.detailed(host, use, call.version) if detail else views.brief(host, call.version)
        return views.with_servers(made, guests.get(host.host, []), call.version) if tells_servers else made

    return listed(page, found, view, _key(call))


@routes.get(PATH, rule=LIST, wraps="hypervisors")
def list_hypervisors(call: Call, query: HypervisorQuery) -> Listed[dict[str, Any]]:
    call.enforce()
    return _listed(call, query, *_found(call, query), detail=False)


@routes.get(PATH + "/detail", rule=DETAIL, wraps="hypervisors")
def list_hypervisors_in_detail(call: Call, query: HypervisorQuery) -> Listed[dict[str, Any]]:
    call.enforce()
    return _listed(call, query, *_found(call, query), detail=True)


@routes.get(PATH + "/statistics", rule=STATISTICS, wraps="hypervisor_statistics", until="2.87")
def sum_up_hypervisors(call: Call) -> dict[str, int]:
    call.enforce()
    hosts = [host for host in computing(call.db) if not host.is_disabled]
    uses = logic.uses(call.db, [host.host for host in hosts])
    figures = [views.figures(host, uses.get(host.host, logic.Use())) for host in hosts]
    return {"count": len(hosts), **{name: sum(each[name] for each in figures) for name in views.FIGURES}}


@routes.get(PATH + "/{hypervisor_id}", rule=SHOW, wraps="hypervisor")
def get_hypervisor(call: Call, hypervisor_id: str, query: HypervisorQuery) -> dict[str, Any]:
    call.enforce()
    host = logic.get(call.db, hypervisor_id, is_numbered=not call.at_least("2.53"))
    use = logic.uses(call.db, [host.host]).get(host.host, logic.Use())
    view = views.detailed(host, use, call.version)
    if query.with_servers and call.at_least("2.53"):
        views.with_servers(view, logic.guests(call.db, [host.host]).get(host.host, []), call.version)
    return view


@routes.get(PATH + "/{hypervisor_id}/search", rule=SEARCH, wraps="hypervisors", until="2.52")
def search_hypervisors(call: Call, hypervisor_id: str) -> list[dict[str, Any]]:
    """The path's id is a part of names here."""
    call.enforce()
    return [views.brief(host, call.version) for host in logic.matching(call.db, hypervisor_id)]


@routes.get(PATH + "/{hypervisor_id}/servers", rule=SERVERS, wraps="hypervisors", until="2.52")
def search_hypervisors_with_servers(call: Call, hypervisor_id: str) -> list[dict[str, Any]]:
    """The path's id is a part of names here."""
    call.enforce()
    hosts = logic.matching(call.db, hypervisor_id)
    guests = logic.guests(call.db, [host.host for host in hosts])
    return [
        views.with_servers(views.brief(host, call.version), guests.get(host.host, []), call.version) for host in hosts
    ]


@routes.get(PATH + "/{hypervisor_id}/uptime", rule=UPTIME, wraps="hypervisor", until="2.87")
def get_uptime(call: Call, hypervisor_id: str) -> dict[str, Any]:
    call.enforce()
    host = logic.get(call.db, hypervisor_id, is_numbered=not call.at_least("2.53"))
    if not is_alive(host):
        raise BadRequest("Compute service of {host} is unavailable at this time.", host=host.host)
    uptime = views.uptime(host)
    if uptime is None:
        raise NotBuilt("The requested functionality is not supported.")
    return {**views.brief(host, call.version), "uptime": uptime}
