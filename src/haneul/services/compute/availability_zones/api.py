from collections import defaultdict
from typing import Any

from haneul.kernel.clock import iso_bare
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import View
from haneul.services.compute.aggregates.zones import CONTROL_ZONE, zones_by_host
from haneul.services.compute.hosts.logic import all_services, is_alive
from haneul.services.compute.hosts.models import ComputeService
from haneul.services.compute.services.logic import zone_of

routes = Routes()

LIST = Rule("os_compute_api:os-availability-zone:list", "@", "List availability zones.")
DETAIL = Rule(
    "os_compute_api:os-availability-zone:detail", "rule:context_is_admin", "List availability zones with their hosts."
)


class ZoneView(View):
    """`hosts` maps hosts to services to their state, for administrators."""

    zoneName: str
    zoneState: dict[str, bool]
    hosts: dict[str, dict[str, Any]] | None


def _by_zone(call: Call) -> dict[str, list[ComputeService]]:
    zones, found = zones_by_host(call.db), defaultdict(list)
    for service in all_services(call.db):
        found[zone_of(service, zones)].append(service)
    return dict(sorted(found.items()))


def _is_available(services: list[ComputeService]) -> bool:
    return any(not service.is_disabled for service in services)


def _hosts(services: list[ComputeService]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for service in services:
        if not service.is_disabled:
            found[service.host][service.binary] = {
                "available": is_alive(service),
                "active": True,
                "updated_at": iso_bare(service.seen_at),
            }
    return found


@routes.get("/v2.1/os-availability-zone", rule=LIST, wraps="availabilityZoneInfo")
def list_zones(call: Call) -> list[ZoneView]:
    call.enforce()
    return [
        ZoneView(zoneName=zone, zoneState={"available": _is_available(services)}, hosts=None)
        for zone, services in _by_zone(call).items()
        if zone != CONTROL_ZONE
    ]


@routes.get("/v2.1/os-availability-zone/detail", rule=DETAIL, wraps="availabilityZoneInfo")
def list_zones_in_detail(call: Call) -> list[ZoneView]:
    call.enforce()
    return [
        ZoneView(
            zoneName=zone,
            zoneState={"available": _is_available(services)},
            hosts=_hosts(services) if _is_available(services) else None,
        )
        for zone, services in _by_zone(call).items()
    ]
