"""What a floating IP stands for."""

from ipaddress import ip_address

from msgspec import Struct

from haneul.kernel.db import Db, unique
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.services.network.floating_ips import queries
from haneul.services.network.floating_ips.models import FloatingIp
from haneul.services.network.floating_ips.unlinking import CHANGES, FORWARDINGS_OF, release
from haneul.services.network.owners import Viewer
from haneul.services.network.placements import logic as placements
from haneul.services.network.ports import addresses
from haneul.services.network.ports import logic as ports
from haneul.services.network.ports.models import DHCP, FixedIp, Port


class Target(Struct, frozen=True):
    """A port's fixed address, and the router that leads to it; no text where none does."""

    port_id: str
    address: str
    subnet_id: str
    router_id: str


def bad(reason: str, **values: object) -> BadRequest:
    """BadRequest in the form that Neutron gives what is wrong with a floating IP's request."""
    return BadRequest("Bad floatingip request: " + reason + ".", kind="BadRequest", **values)


def find(db: Db, floating: FloatingIp, port_id: str, address: str, viewer: Viewer) -> Target:
    """What a floating IP can stand for; NotFound or BadRequest with the reason it can't."""
    target = reach(db, floating, port_id, address, viewer)
    if not target.router_id:
        raise NotFound(
            "External network {network_id} is not reachable from subnet {subnet_id}.  Therefore, cannot associate Port "
            "{port_id} with a Floating IP.",
            kind="ExternalGatewayForFloatingIPNotFound",
            network_id=floating.floating_network_id,
            subnet_id=target.subnet_id,
            port_id=target.port_id,
        )
    return target


def reach(db: Db, floating: FloatingIp, port_id: str, address: str, viewer: Viewer) -> Target:
    """A port's address, and the router that leads to it if one does; NotFound or BadRequest for what has none."""
    port = ports.get(db, port_id, viewer)
    if port.project_id != floating.project_id and not viewer.is_admin:
        raise bad(
            "Cannot process floating IP association with Port {id}, since that port is owned by a different project",
            id=port.id,
        )
    if port.device_owner == DHCP:
        raise bad("Port {id} is unable to be assigned a floating IP", id=port.id)
    fixed = _fixed(db, port, address)
    subnet = db.one(queries.SUBNET, id=fixed.subnet_id)
    router_id = queries.held_router_between(db, subnet, floating.floating_network_id) if subnet is not None else ""
    return Target(port.id, fixed.address, fixed.subnet_id, router_id)


def _fixed(db: Db, port: Port, address: str) -> FixedIp:
    held = addresses.of_port(db, port.id)
    if address:
        return _named(port, held, address)
    of_4 = [fixed for fixed in held if ":" not in fixed.address]
    if not of_4:
        raise bad("Cannot add floating IP to port {id} that has no fixed IPv4 addresses", id=port.id)
    if len(of_4) > 1:
        raise bad(
            "Port {id} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address when assigning a "
            "floating IP",
            id=port.id,
        )
    return of_4[0]


def _named(port: Port, held: list[FixedIp], address: str) -> FixedIp:
    if ip_address(address).version != 4:
        raise bad(
            "Cannot process floating IP association with {address}, since that is not an IPv4 address", address=address
        )
    for fixed in held:
        if fixed.address == address:
            return fixed
    raise bad("Port {id} does not have fixed ip {address}", id=port.id, address=address)


def associate(db: Db, floating: FloatingIp, target: Target) -> None:
    """Have a floating IP stand for an address; Conflict if another of its network does, or if it forwards ports."""
    if _stands_for(floating, target):
        return
    if db.one(FORWARDINGS_OF, floating_ip_id=floating.id) is not None:
        raise forwards_ports(floating.id)
    other = db.one(
        queries.OF_ADDRESS,
        floating_network_id=floating.floating_network_id,
        fixed_port_id=target.port_id,
        fixed_ip_address=target.address,
    )
    if other is not None and other.id != floating.id:
        raise taken(floating, target)
    if floating.router_id:
        release(db, floating)
    values = {"fixed_port_id": target.port_id, "fixed_ip_address": target.address, "router_id": target.router_id}
    with unique("That fixed IP already has a floating IP on external network {id}.", id=floating.floating_network_id):
        CHANGES.bump(db, floating.id, **values, status="DOWN")
    placements.changed(db, "router", target.router_id)


def _stands_for(floating: FloatingIp, target: Target) -> bool:
    now = (floating.fixed_port_id, floating.fixed_ip_address, floating.router_id)
    return now == (target.port_id, target.address, target.router_id)


def forwards_ports(floating_ip_id: str) -> Conflict:
    return Conflict(
        "Floating IP {id} in use by Port Forwarding resources.", kind="FipInUseByPortForwarding", id=floating_ip_id
    )


def taken(floating: FloatingIp, target: Target) -> Conflict:
    """What Neutron says where an address has a floating IP of this network already."""
    return Conflict(
        "Cannot associate floating IP {floating} ({id}) with port {port_id} using fixed IP {fixed}, as that fixed IP "
        "already has a floating IP on external network {network_id}.",
        kind="FloatingIPPortAlreadyAssociated",
        floating=floating.floating_ip_address,
        id=floating.id,
        port_id=target.port_id,
        fixed=target.address,
        network_id=floating.floating_network_id,
    )
