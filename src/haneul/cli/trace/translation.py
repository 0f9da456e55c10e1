"""What a router makes of a packet's addresses: floating IPs, port forwardings, and who speaks outside."""

from msgspec import Struct

from haneul.cli.trace import rows, router_on_host
from haneul.cli.trace.values import Packet
from haneul.cli.trace.walk import Walk
from haneul.services.network.drivers.base import inside_device_of, outside_device_of
from haneul.services.network.floating_ips.models import FloatingIp
from haneul.services.network.floating_ips.queries import FORWARDINGS
from haneul.services.network.port_forwardings.models import PortForwarding
from haneul.services.network.ports.models import ROUTER_GATEWAY, Port
from haneul.services.network.routers import queries
from haneul.services.network.routers.models import Leg, Router


class Translated(Struct, frozen=True):
    """A packet as it came to the router, and whether it is to go elsewhere than it was sent."""

    came: Packet
    is_other: bool


def to_fixed(walk: Walk, router: Router, port: Port) -> Translated:
    """Where a packet for one of the router's floating IPs is to go; Dropped where that stands for nothing."""
    came = walk.packet
    floating = rows.floating_at(walk.db, came.destination)
    if floating is None or floating.router_id != router.id:
        return Translated(came, False)
    if floating.fixed_ip_address is not None:
        wanted = came.readdressed(destination=floating.fixed_ip_address)
        text = f"The floating IP {came.destination} stands for {wanted.destination}."
    else:
        forwarding = _forwarding(walk, floating)
        wanted = came.readdressed(destination=forwarding.internal_ip_address, port=_inside(forwarding, came.port or 0))
        text = f"Port {came.port} of {came.destination} is forwarded to {wanted.destination} port {wanted.port}."
    device = _device(port.id, port.device_owner)
    seen = walk.look(port.host, lambda _: router_on_host.destination(router.id, came, wanted, device))
    walk.passes("translation", text, seen)
    walk.packet = wanted
    return Translated(came, True)


def _forwarding(walk: Walk, floating: FloatingIp) -> PortForwarding:
    """The forwarding of the packet's port; Dropped if the floating IP has none."""
    known = walk.db.all(FORWARDINGS, ids=[floating.id])
    packet = walk.packet
    for one in known:
        is_its = packet.port is not None and one.outside_first <= packet.port <= one.outside_last
        if one.protocol == packet.protocol and is_its:
            return one
    address = f"The floating IP {floating.floating_ip_address}"
    if not known or packet.port is None:
        fix = f"openstack floating ip set --port PORT {floating.id}"
        walk.drops("translation", f"{address} stands for no address.", fix)
    inside = f"--internal-ip-address {known[0].internal_ip_address} --port {known[0].internal_port_id}"
    ports = f"--internal-protocol-port {packet.port} --external-protocol-port {packet.port}"
    fix = f"openstack floating ip port forwarding create {inside} {ports} --protocol {packet.protocol} {floating.id}"
    walk.drops("translation", f"{address} forwards other ports, and not {packet.what}.", fix)


def _inside(forwarding: PortForwarding, port: int) -> int:
    if forwarding.inside_first == forwarding.inside_last:
        return forwarding.inside_first
    return forwarding.inside_first + port - forwarding.outside_first


def to_outside(walk: Walk, router: Router, leg: Leg, translated: Translated) -> None:
    """As whom the packet speaks on the leg by which it leaves."""
    packet = walk.packet
    if packet.version == 6:
        return
    speaker, why = _speaker(walk, router, leg, translated.is_other)
    device = _device(leg.port_id, leg.device_owner)
    host = _host_of(walk, leg)
    wanted = speaker or packet.source
    seen = walk.look(
        host, lambda _: router_on_host.source(router.id, packet, wanted, (device, translated.is_other))
    )
    if speaker:
        walk.passes("translation", f"It speaks there as {speaker}, {why}.", seen)
        walk.packet = packet.readdressed(source=speaker)
    elif leg.device_owner == ROUTER_GATEWAY and not _is_from_outside(walk, router, packet.source):
        walk.passes("translation", f"The router does no SNAT: it speaks there as {packet.source}.", seen)
        text = f"Answers come back only if somebody outside has a route to {packet.source}."
        external = router.gateway_network_id
        walk.remarks("translation", text, f"openstack router set --enable-snat --external-gateway {external} {router.id}")


def _speaker(walk: Walk, router: Router, leg: Leg, is_other: bool) -> tuple[str, str]:
    """Whose address the packet gets, and why; nothing where it keeps its own."""
    is_out = leg.device_owner == ROUTER_GATEWAY
    if not (is_out or is_other) or (not is_out and _is_from_outside(walk, router, walk.packet.source)):
        return "", ""
    for port in walk.db.all(rows.PORTS_AT, address=walk.packet.source):
        for floating in walk.db.all(rows.FLOATING_OF, fixed_port_id=port.id):
            if (floating.fixed_ip_address, floating.router_id) == (walk.packet.source, router.id):
                return floating.floating_ip_address, "its floating IP"
    outside = next((one for one in queries.legs(walk.db, router.id) if _is_outside_4(one)), None)
    if outside is not None and router.enable_snat:
        return outside.address, "the router's external address (SNAT)"
    return (leg.address, "the router's own address there") if not is_out else ("", "")


def _is_outside_4(leg: Leg) -> bool:
    return leg.device_owner == ROUTER_GATEWAY and ":" not in leg.address


def _is_from_outside(walk: Walk, router: Router, address: str) -> bool:
    return not any(
        rows.is_in(address, leg.cidr)
        for leg in queries.legs(walk.db, router.id)
        if leg.device_owner != ROUTER_GATEWAY
    )


def _host_of(walk: Walk, leg: Leg) -> str:
    from haneul.services.network.ports.queries import BY_ID

    port = walk.db.one(BY_ID, id=leg.port_id)
    return port.host if port is not None else ""


def _device(port_id: str, owner: str) -> str:
    return outside_device_of(port_id) if owner == ROUTER_GATEWAY else inside_device_of(port_id)
