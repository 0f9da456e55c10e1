"""Hosts as clients before 2.43 knew them; newer ones ask for services and hypervisors."""

from typing import Any, Literal

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, NotBuilt, NotFound
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET, OpenBody, StrictBody, UnsetType
from haneul.services.compute.aggregates.zones import zones_by_host
from haneul.services.compute.hosts import logic
from haneul.services.compute.hosts.models import ComputeService
from haneul.services.compute.hypervisors.logic import by_project, uses
from haneul.services.compute.services.logic import zone_of

routes = Routes()

LIST = Rule("os_compute_api:os-hosts:list", "rule:context_is_admin", "List hosts.")
SHOW = Rule("os_compute_api:os-hosts:show", "rule:context_is_admin", "Show what a host has and who uses it.")
UPDATE = Rule("os_compute_api:os-hosts:update", "rule:context_is_admin", "Ask a hypervisor to take no more guests.")
START = Rule("os_compute_api:os-hosts:start", "rule:context_is_admin", "Switch a host on.")
SHUTDOWN = Rule("os_compute_api:os-hosts:shutdown", "rule:context_is_admin", "Switch a host off.")
REBOOT = Rule("os_compute_api:os-hosts:reboot", "rule:context_is_admin", "Reboot a host.")
ONE = "/v2.1/os-hosts/{host}"
Switch = Literal["enable", "disable", "Enable", "Disable", "ENABLE", "DISABLE"]


class HostQuery(OpenBody):
    zone: str | UnsetType = UNSET


class HostUpdate(StrictBody):
    status: Switch | UnsetType = UNSET
    maintenance_mode: Switch | UnsetType = UNSET


@routes.get("/v2.1/os-hosts", rule=LIST, wraps="hosts", until="2.42")
def list_hosts(call: Call, query: HostQuery) -> list[dict[str, str]]:
    call.enforce()
    zones = zones_by_host(call.db)
    found = [(it, zone_of(it, zones)) for it in logic.all_services(call.db) if not it.is_disabled]
    return [
        {"host_name": service.host, "service": service.binary.removeprefix("nova-"), "zone": zone}
        for service, zone in found
        if not query.zone or zone == query.zone
    ]


@routes.get(ONE, rule=SHOW, wraps="host", until="2.42")
def get_host(call: Call, host: str) -> list[dict[str, Any]]:
    call.enforce()
    found = _known(call.db, host)
    facts, use = found.facts, uses(call.db, [host]).get(host)
    taken = (use.vcpus, use.memory_mb, use.disk_gb) if use else (0, 0, 0)
    used_now = (taken[0], taken[1] + logic.reserved_mb(facts), taken[2])
    rows = [
        ("(total)", (facts.vcpus, facts.memory_mb, facts.disk_gb)),
        ("(used_now)", used_now),
        ("(used_max)", taken),
        *by_project(call.db, host),
    ]
    return [
        {"resource": {"host": host, "project": project, "cpu": cpu, "memory_mb": memory_mb, "disk_gb": disk_gb}}
        for project, (cpu, memory_mb, disk_gb) in rows
    ]


@routes.put(ONE, rule=UPDATE, until="2.42")
def update_host(call: Call, host: str, body: HostUpdate) -> None:
    call.enforce()
    if body.status is UNSET and body.maintenance_mode is UNSET:
        raise BadRequest("Invalid input for field/attribute host: 'status' is a required property.")
    _refuse(call.db, host)


@routes.get(ONE + "/startup", rule=START, until="2.42")
def start_host(call: Call, host: str) -> None:
    call.enforce()
    _refuse(call.db, host)


@routes.get(ONE + "/shutdown", rule=SHUTDOWN, until="2.42")
def shut_host_down(call: Call, host: str) -> None:
    call.enforce()
    _refuse(call.db, host)


@routes.get(ONE + "/reboot", rule=REBOOT, until="2.42")
def reboot_host(call: Call, host: str) -> None:
    call.enforce()
    _refuse(call.db, host)


def _refuse(db: Db, host: str) -> None:
    """What only XenServer ever did: the answer is QEMU's."""
    _known(db, host)
    raise NotBuilt("The requested functionality is not supported.")


def _known(db: Db, host: str) -> ComputeService:
    found = logic.computing_host(db, host)
    if found is None:
        raise NotFound("Compute host {host} could not be found.", host=host)
    return found
