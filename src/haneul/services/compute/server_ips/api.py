"""A server's addresses. Source: Compute API reference, "Servers IPs" and the actions on addresses, up to 2.43."""

from typing import Any

from haneul.kernel.errors import NotFound
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET
from haneul.services.compute.nics.queries import plugged
from haneul.services.compute.server_actions.api import ACTION
from haneul.services.compute.server_ips import logic
from haneul.services.compute.server_ips.schemas import FixedIpAdd, FixedIpRemove, FloatingIpAdd, FloatingIpRemove
from haneul.services.compute.servers.api import loaded
from haneul.services.compute.servers.logic import refuse_locked
from haneul.services.compute.servers.models import Server
from haneul.services.compute.servers.views import addresses_of
from haneul.services.network.public import Viewer

routes = Routes()

_READER = "rule:project_reader_or_admin"
_MEMBER = "rule:project_member_or_admin"
LIST = Rule("os_compute_api:ips:index", _READER, "List a server's addresses.")
SHOW = Rule("os_compute_api:ips:show", _READER, "List a server's addresses on a network.")
ADD_FIXED = Rule("os_compute_api:os-multinic:add", _MEMBER, "Give a server one more fixed address.")
REMOVE_FIXED = Rule("os_compute_api:os-multinic:remove", _MEMBER, "Take a fixed address from a server.")
ADD_FLOATING = Rule("os_compute_api:os-floating-ips:add", _MEMBER, "Have a floating IP stand for a server.")
REMOVE_FLOATING = Rule("os_compute_api:os-floating-ips:remove", _MEMBER, "Let a floating IP stand for no server.")
LAST = "2.43"


@routes.get("/v2.1/servers/{server_id}/ips", rule=LIST)
def list_addresses(call: Call, server_id: str) -> dict[str, Any]:
    return {"addresses": _short(call, loaded(call, server_id))}


@routes.get("/v2.1/servers/{server_id}/ips/{network_label}", rule=SHOW)
def list_addresses_on_network(call: Call, server_id: str, network_label: str) -> dict[str, Any]:
    found = _short(call, loaded(call, server_id))
    if network_label not in found:
        raise NotFound("Instance is not a member of specified network")
    return {network_label: found[network_label]}


def _short(call: Call, server: Server) -> dict[str, list[dict[str, Any]]]:
    """The addresses by their network's name, without what only a server's own view tells of them."""
    of_networks = addresses_of(plugged(call.db, [server.id])[server.id])
    return {
        name: [{"version": one["version"], "addr": one["addr"]} for one in found] for name, found in of_networks.items()
    }


@routes.action(ACTION, "addFixedIp", rule=ADD_FIXED, until=LAST)
def add_fixed_ip(call: Call, server_id: str, body: FixedIpAdd) -> None:
    logic.add_fixed(call.db, _unlocked(call, server_id), str(body.networkId))


@routes.action(ACTION, "removeFixedIp", rule=REMOVE_FIXED, until=LAST)
def remove_fixed_ip(call: Call, server_id: str, body: FixedIpRemove) -> None:
    logic.remove_fixed(call.db, _unlocked(call, server_id), body.address)


@routes.action(ACTION, "addFloatingIp", rule=ADD_FLOATING, until=LAST)
def add_floating_ip(call: Call, server_id: str, body: FloatingIpAdd) -> None:
    fixed = "" if body.fixed_address is UNSET else body.fixed_address
    logic.add_floating(call.db, loaded(call, server_id), _viewer(call), body.address, fixed)


@routes.action(ACTION, "removeFloatingIp", rule=REMOVE_FLOATING, until=LAST)
def remove_floating_ip(call: Call, server_id: str, body: FloatingIpRemove) -> None:
    logic.remove_floating(call.db, loaded(call, server_id), _viewer(call), body.address)


def _unlocked(call: Call, server_id: str) -> Server:
    server = loaded(call, server_id)
    refuse_locked(server, call.caller)
    return server


def _viewer(call: Call) -> Viewer:
    return Viewer(call.caller.project_id or "", "admin" in call.caller.roles)
