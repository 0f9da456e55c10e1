"""Floating IPs through compute. Source: Compute API reference, "Floating IPs" and "Floating IP pools", up to 2.35."""

from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.compute.floating_ips_proxy import logic
from haneul.services.compute.floating_ips_proxy.schemas import FloatingIpView, FloatingIpWanted, PoolView, pool_name
from haneul.services.compute.viewers import LAST, viewer
from haneul.services.network import public as network

_READER = "rule:project_reader_or_admin"
_MEMBER = "rule:project_member_or_admin"
LIST = Rule("os_compute_api:os-floating-ips:list", _READER, "List a project's floating IPs.")
SHOW = Rule("os_compute_api:os-floating-ips:show", _READER, "Show a floating IP.")
CREATE = Rule("os_compute_api:os-floating-ips:create", _MEMBER, "Take a floating IP.")
DELETE = Rule("os_compute_api:os-floating-ips:delete", _MEMBER, "Give a floating IP back.")
POOLS = Rule("os_compute_api:os-floating-ip-pools", "@", "List where floating IPs come from.")
PLURAL = "/v2.1/os-floating-ips"
ONE = PLURAL + "/{floating_ip_id}"
routes = Routes()


@routes.get("/v2.1/os-floating-ip-pools", rule=POOLS, wraps="floating_ip_pools", until=LAST)
def list_pools(call: Call) -> Listed[PoolView]:
    call.enforce()
    return Listed(items=[PoolView(name=pool_name(one)) for one in network.external_networks(call.db, viewer(call))])


@routes.get(PLURAL, rule=LIST, wraps="floating_ips", until=LAST)
def list_floating_ips(call: Call) -> Listed[FloatingIpView]:
    call.enforce(call.caller)
    return Listed(items=logic.views(call.db, network.floating_ips_in(call.db, viewer(call).project_id)))


@routes.post(PLURAL, rule=CREATE, wraps="floating_ip", body_wraps="", body_optional=True, status=200, until=LAST)
def create_floating_ip(call: Call, body: FloatingIpWanted | None) -> FloatingIpView:
    call.enforce(call.caller)
    made = logic.create(call.db, body.pool if body is not None else None, viewer(call))
    return logic.views(call.db, [made])[0]


@routes.get(ONE, rule=SHOW, wraps="floating_ip", until=LAST)
def get_floating_ip(call: Call, floating_ip_id: str) -> FloatingIpView:
    call.enforce(call.caller)
    return logic.views(call.db, [logic.get(call.db, floating_ip_id, viewer(call))])[0]


@routes.delete(ONE, rule=DELETE, status=202, until=LAST)
def delete_floating_ip(call: Call, floating_ip_id: str) -> None:
    call.enforce(call.caller)
    network.delete_floating_ip(call.db, logic.get(call.db, floating_ip_id, viewer(call)))
