"""Which networks and ports a request for a server means."""

from msgspec import UNSET

from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.kernel.http import Call
from haneul.services.compute.nics.logic import NicWanted
from haneul.services.compute.servers.rules import ATTACH_EXTERNAL, CREATE_ON_NETWORK
from haneul.services.compute.servers.schemas import NetworkRequest, ServerCreate
from haneul.services.network import public as network


def nics_wanted(call: Call, wanted: ServerCreate, count: int) -> list[NicWanted]:
    """The NICs that are asked for; BadRequest, Conflict or Forbidden with the reason they can't be."""
    asked = wanted.networks
    groups = _groups(call, wanted)
    if asked is UNSET and call.at_least("2.37"):
        raise BadRequest("Invalid input for field/attribute server. 'networks' is a required property.")
    if asked == "none":
        return []
    if asked in (UNSET, "auto", []):
        return _by_itself(call, groups, may_make=asked == "auto")
    assert isinstance(asked, list)
    call.enforce(call.caller, rule=CREATE_ON_NETWORK)
    return [_one(call, one, groups, count) for one in asked]


def _groups(call: Call, wanted: ServerCreate) -> tuple[str, ...] | None:
    """The ids of the security groups that new ports get; None for the project's default group."""
    if wanted.security_groups is UNSET:
        return None
    names = list(dict.fromkeys(group.name for group in wanted.security_groups))
    if not names or names == ["default"]:
        return None
    return tuple(network.resolve_groups(call.db, call.caller.project_id or "", names))


def _by_itself(call: Call, groups: tuple[str, ...] | None, *, may_make: bool) -> list[NicWanted]:
    """The network of a project that has but one; where it has none and `auto` was said, one is made."""
    seen = _viewer(call)
    found = network.own_networks(call.db, seen.project_id)
    if len(found) > 1:
        raise Conflict("Multiple possible networks found, use a Network ID to be more specific.")
    if not found and may_make:
        return [
            NicWanted(
                made=network.NetworkWanted(network=network.auto_allocated(call.db, seen.project_id), group_ids=groups)
            )
        ]
    return [NicWanted(made=network.NetworkWanted(network=one, group_ids=groups)) for one in found]


def _viewer(call: Call) -> network.Viewer:
    return network.Viewer(call.caller.project_id or "", "admin" in call.caller.roles)


def _one(call: Call, one: NetworkRequest, groups: tuple[str, ...] | None, count: int) -> NicWanted:
    tag = "" if one.tag is UNSET else one.tag
    if one.port is not UNSET and one.port:
        return NicWanted(port=_port(call, one.port, one, count), tag=tag)
    if one.uuid is UNSET:
        raise BadRequest("Bad networks format: network uuid is not in proper format (None)")
    found = _network(call, one.uuid)
    address = _address(one, count)
    if address:
        network.refuse_choosing(found, _viewer(call))
    if address and network.is_taken(call.db, found.id, address):
        raise BadRequest("Fixed IP {ip} is already in use.", ip=address)
    return NicWanted(made=network.NetworkWanted(network=found, address=address, group_ids=groups), tag=tag)


def _port(call: Call, port_id: str, one: NetworkRequest, count: int) -> network.Port:
    if one.fixed_ip is not UNSET and one.fixed_ip:
        raise BadRequest("Specified Fixed IP '{ip}' cannot be used with port '{id}'.", ip=one.fixed_ip, id=port_id)
    if count > 1:
        raise BadRequest("Unable to launch multiple instances with a single configured port ID.")
    try:
        return network.free_port(call.db, port_id, call.caller.project_id or "")
    except NotFound as refused:
        raise BadRequest("Port id {id} could not be found.", id=port_id[:255]) from refused


def _network(call: Call, network_id: str) -> network.Network:
    try:
        found = network.usable_network(call.db, network_id, _viewer(call))
    except NotFound as refused:
        raise BadRequest("Network {id} could not be found.", id=network_id[:255]) from refused
    if found.is_external and found.project_id != call.caller.project_id:
        call.enforce(call.caller, rule=ATTACH_EXTERNAL)
    return found


def _address(one: NetworkRequest, count: int) -> str:
    if one.fixed_ip is UNSET or not one.fixed_ip:
        return ""
    if count > 1:
        raise BadRequest("Invalid fixed IP Address {ip} in request", ip=one.fixed_ip)
    try:
        return str(network.address_in(one.fixed_ip))
    except ValueError:
        raise BadRequest("Invalid fixed IP address ({ip})", ip=one.fixed_ip[:255]) from None
