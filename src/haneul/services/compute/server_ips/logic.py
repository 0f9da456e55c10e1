"""Addresses of a server that is there: one more, one less, and floating ones.

All but reading them ended with 2.43: newer clients ask the network for it.
"""

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.services.compute.nics.queries import Plugged, plugged
from haneul.services.compute.servers.models import Server
from haneul.services.network import public as network


def add_fixed(db: Db, server: Server, network_id: str) -> None:
    """Give the server's first NIC on a network one more address."""
    for one in plugged(db, [server.id])[server.id]:
        if one.port.network_id == network_id:
            if not network.add_address(db, one.port.id, network_id):
                raise BadRequest("No fixed IP addresses available for network: {id}", id=network_id)
            return
    raise NotFound("Network could not be found for instance {id}.", id=server.id)


def remove_fixed(db: Db, server: Server, address: str) -> None:
    """Take an address from whichever of the server's NICs has it."""
    wanted = _canonical(address)
    for one, held in _fixed(plugged(db, [server.id])[server.id]):
        if held == wanted:
            return network.remove_address(db, one.port.id, held)
    raise BadRequest("Instance {id} does not have fixed IP '{ip}'.", id=server.id, ip=wanted)


def add_floating(db: Db, server: Server, viewer: network.Viewer, address: str, fixed_address: str) -> None:
    """Have a floating IP stand for an address of the server: the one that is said, or its first of IPv4."""
    port_id, fixed = _chosen(db, server, address, fixed_address)
    found = network.floating_at(db, _canonical(address), viewer)
    if not found:
        raise NotFound("floating IP not found")
    try:
        network.associate(db, _only(found, address), port_id, fixed, viewer)
    except (BadRequest, NotFound, Conflict) as refused:
        raise BadRequest(
            "Unable to associate floating IP {address} to fixed IP {fixed} for instance {id}. Error: {error}",
            address=address,
            fixed=fixed,
            id=server.id,
            error=str(refused),
        ) from refused


def _chosen(db: Db, server: Server, address: str, fixed_address: str) -> tuple[str, str]:
    """The port and the fixed address that a floating IP is to stand for."""
    known = [(one.port.id, held) for one, held in _fixed(plugged(db, [server.id])[server.id])]
    if not known:
        raise BadRequest("No fixed IPs associated to instance")
    if fixed_address:
        wanted = _canonical(fixed_address)
        for port_id, held in known:
            if held == wanted:
                return port_id, held
        raise BadRequest("Specified fixed address not assigned to instance")
    for port_id, held in known:
        if ":" not in held:
            return port_id, held
    raise BadRequest(
        "Unable to associate floating IP {address} to any fixed IPs for instance {id}. Instance has no fixed IPv4 "
        "addresses to associate.",
        address=address,
        id=server.id,
    )


def remove_floating(db: Db, server: Server, viewer: network.Viewer, address: str) -> None:
    """Let a floating IP no longer stand for the server."""
    found = network.floating_at(db, _canonical(address), viewer)
    if not found:
        raise NotFound("Floating IP not found for address {address}.", address=address)
    one = _only(found, address)
    if one.fixed_port_id not in {known.port.id for known in plugged(db, [server.id])[server.id]}:
        raise Conflict("Floating IP {address} is not associated with instance {id}.", address=address, id=server.id)
    network.disassociate(db, one, viewer)


def _only(found: list[network.FloatingIp], address: str) -> network.FloatingIp:
    if len(found) > 1:
        raise Conflict("Multiple floating IPs are found for address {address}.", address=address)
    return found[0]


def _fixed(known: list[Plugged]) -> list[tuple[Plugged, str]]:
    return [(one, held.address) for one in known for held in one.port.addresses]


def _canonical(text: str) -> str:
    try:
        return str(network.address_in(text))
    except ValueError:
        raise BadRequest(
            "Invalid input for field/attribute address. Value: {value}. '{value}' is not an IP address.",
            value=text[:100],
        ) from None
