from typing import Any

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET
from haneul.services.compute.aggregates.zones import zones_by_host
from haneul.services.compute.hosts.logic import all_services
from haneul.services.compute.services import logic
from haneul.services.compute.services.schemas import Named, ServiceQuery, ServiceUpdate, ServiceView

routes = Routes()

PATH = "/v2.1/os-services"
LIST = Rule("os_compute_api:os-services:list", "rule:context_is_admin", "List compute's services on all hosts.")
UPDATE = Rule("os_compute_api:os-services:update", "rule:context_is_admin", "Enable, disable or force down a service.")
DELETE = Rule("os_compute_api:os-services:delete", "rule:context_is_admin", "Delete a service that is gone.")


@routes.get(PATH, rule=LIST, wraps="services")
def list_services(call: Call, query: ServiceQuery) -> list[ServiceView]:
    call.enforce()
    zones, is_numbered = zones_by_host(call.db), not call.at_least("2.53")
    return [
        ServiceView.of(service, logic.zone_of(service, zones), is_numbered=is_numbered)
        for service in all_services(call.db)
        if (not query.host or service.host == query.host) and (not query.binary or service.binary == query.binary)
    ]


@routes.put(PATH + "/{service_id}", rule=UPDATE, wraps="service", since="2.53", body_wraps="", lax=True)
def update_service(call: Call, service_id: str, body: ServiceUpdate) -> ServiceView:
    call.enforce()
    service = logic.update(call.db, logic.get(call.db, service_id), body)
    return ServiceView.of(service, logic.zone_of(service, zones_by_host(call.db)), is_numbered=False)


@routes.put(PATH + "/enable", rule=UPDATE, wraps="service", until="2.52", body_wraps="")
def enable_service(call: Call, body: Named) -> dict[str, Any]:
    call.enforce()
    logic.update(call.db, logic.get_named(call.db, body.host, body.binary), ServiceUpdate(status="enabled"))
    return {"host": body.host, "binary": body.binary, "status": "enabled"}


@routes.put(PATH + "/disable", rule=UPDATE, wraps="service", until="2.52", body_wraps="")
def disable_service(call: Call, body: Named) -> dict[str, Any]:
    call.enforce()
    logic.update(call.db, logic.get_named(call.db, body.host, body.binary), ServiceUpdate(status="disabled"))
    return {"host": body.host, "binary": body.binary, "status": "disabled"}


@routes.put(PATH + "/disable-log-reason", rule=UPDATE, wraps="service", until="2.52", body_wraps="")
def disable_service_with_reason(call: Call, body: Named) -> dict[str, Any]:
    call.enforce()
    if body.disabled_reason is UNSET:
        raise BadRequest("Missing disabled reason field")
    wanted = ServiceUpdate(status="disabled", disabled_reason=body.disabled_reason)
    logic.update(call.db, logic.get_named(call.db, body.host, body.binary), wanted)
    return {"host": body.host, "binary": body.binary, "status": "disabled", "disabled_reason": body.disabled_reason}


@routes.put(PATH + "/force-down", rule=UPDATE, wraps="service", since="2.11", until="2.52", body_wraps="", lax=True)
def force_service_down(call: Call, body: Named) -> dict[str, Any]:
    call.enforce()
    if body.forced_down is UNSET:
        raise BadRequest("Missing forced_down field")
    service = logic.get_named(call.db, body.host, body.binary)
    logic.update(call.db, service, ServiceUpdate(forced_down=body.forced_down))
    return {"host": body.host, "binary": body.binary, "forced_down": body.forced_down}


@routes.delete(PATH + "/{service_id}", rule=DELETE)
def delete_service(call: Call, service_id: str) -> None:
    call.enforce()
    find = logic.get if call.at_least("2.53") else logic.get_numbered
    logic.delete(call.db, find(call.db, service_id))
