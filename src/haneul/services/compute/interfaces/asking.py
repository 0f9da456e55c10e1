"""Which port a request for one more interface means. Source: Compute API reference, "Create Interface"."""

from msgspec import UNSET

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call
from haneul.services.compute.interfaces.schemas import InterfaceCreate
from haneul.services.compute.nics.logic import NicWanted
from haneul.services.compute.servers.models import Server
from haneul.services.compute.servers.rules import ATTACH_EXTERNAL
from haneul.services.network import public as network


def nic_wanted(call: Call, server: Server, asked: InterfaceCreate) -> NicWanted:
    """The NIC that is asked for; BadRequest, NotFound, Conflict or Forbidden with the reason it can't be."""
    if asked.net_id is not UNSET and asked.port_id:
        raise BadRequest("Must not input both network_id and port_id")
    if asked.address and asked.net_id is UNSET:
        raise BadRequest("Must input network_id when request IP address")
    tag = "" if asked.tag is UNSET else asked.tag
    if asked.port_id:
        return NicWanted(port=network.free_port(call.db, asked.port_id, server.project_id), tag=tag)
    found = _only(call, server) if asked.net_id is UNSET else _named(call, server, asked.net_id)
    address = _address(asked.address)
    if address:
        network.refuse_choosing(found, _viewer(call, server))
    return NicWanted(made=network.NetworkWanted(network=found, address=address), tag=tag)


def _named(call: Call, server: Server, network_id: str) -> network.Network:
    found = network.usable_network(call.db, network_id, _viewer(call, server))
    if found.is_external and found.project_id != server.project_id:
        call.enforce(call.caller, rule=ATTACH_EXTERNAL)
    return found


def _viewer(call: Call, server: Server) -> network.Viewer:
    return network.Viewer(server.project_id, "admin" in call.caller.roles)


def _only(call: Call, server: Server) -> network.Network:
    """The network of a project that has but one."""
    found = network.own_networks(call.db, server.project_id)
    if not found:
        raise BadRequest(
            "No specific network was requested and none are available for project '{id}'.", id=server.project_id
        )
    if len(found) > 1:
        raise BadRequest("Multiple possible networks found, use a Network ID to be more specific.")
    return found[0]


def _address(text: str) -> str:
    try:
        return str(network.address_in(text)) if text else ""
    except ValueError:
        raise BadRequest(
            "Invalid input for field/attribute ip_address. Value: {value}. '{value}' is not an IP address.",
            value=text[:100],
        ) from None
