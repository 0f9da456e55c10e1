"""What a router makes of a packet's addresses: floating IPs, port forwardings, and who speaks outside."""

from collections.abc import Sequence
from typing import NoReturn

from msgspec import Struct

from haneul.cli.trace import router_on_host, rows
from haneul.cli.trace.values import Packet
from haneul.cli.trace.walk import Walk
from haneul.kernel.db import by
from haneul.services.network.drivers.base import inside_device_of, outside_device_of
from haneul.services.network.floating_ips.models import FloatingIp, floating_ips
from haneul.services.network.floating_ips.queries import FORWARDINGS
from haneul.services.network.port_forwardings.models import PortForwarding
from haneul.services.network.ports.models import ROUTER_GATEWAY, ROUTER_INTERFACE, Port
from haneul.services.network.routers import queries
from haneul.services.network.routers.models import Leg, Router

FLOATING_OF = by(FloatingIp, floating_ips, "router_id", "fixed_ip_address")


def remade(router: Router) -> str:
    """What has the host make the router anew."""
    return f"openstack router set --disable {router.id}; openstack router set --enable {router.id}"


class Translated(Struct, frozen=True):
    """What a router has made of a packet's destination; `is_turned`: it came from inside, by a floating IP."""

    is_other: bool
    is_turned: bool = False


def to_fixed(walk: Walk, router: Router, port: Port) -> Translated:
    """Where a packet for one of the router's floating IPs is to go; Dropped where that stands for nothing."""
    came = walk.packet
    floating = rows.floating_at(walk.db, came.destination)
    if floating is None or floating.router_id != router.id:
        return Translated(is_other=False)
    if floating.fixed_ip_address is not None:
        wanted = came.readdressed(destination=floating.fixed_ip_address)
        text = f"The floating IP {came.destination} stands for {wanted.destination}."
    else:
        forwarding = _forwarding(walk, floating)
        wanted = came.readdressed(destination=forwarding.internal_ip_address, port=_inside(forwarding, came.port or 0))
        text = f"Port {came.port} of {came.destination} is forwarded to {wanted.destination} port {wanted.port}."
    device = _device(port.id, port.device_owner)
    seen = walk.look(port.host, lambda _: router_on_host.destination(router.id, came, wanted, device))
    walk.passes("translation", text, seen, remade(router))
    walk.packet = wanted
    return Translated(is_other=True, is_turned=port.device_owner == ROUTER_INTERFACE)


def _forwarding(walk: Walk, floating: FloatingIp) -> PortForwarding:
    """The forwarding of the packet's port; Dropped if the floating IP has none."""
    known = walk.db.all(FORWARDINGS, ids=[floating.id])
    found = next((one for one in known if _is_for(one, walk.packet)), None)
    if found is None:
        _refuse(walk, floating, known)
    return found


def _is_for(forwarding: PortForwarding, packet: Packet) -> bool:
    is_its = packet.port is not None and forwarding.outside_first <= packet.port <= forwarding.outside_last
    return is_its and forwarding.protocol == packet.protocol


def _refuse(walk: Walk, floating: FloatingIp, known: Sequence[PortForwarding]) -> NoReturn:
    port = walk.packet.port
    address = f"The floating IP {floating.floating_ip_address}"
    if not known or port is None:
        fix = f"openstack floating ip set --port PORT {floating.id}"
        walk.drops("translation", f"{address} stands for no address.", fix)
    walk.drops("translation", f"{address} forwards other ports, and not {walk.packet.what}.", _forward(walk, known))


def _forward(walk: Walk, known: Sequence[PortForwarding]) -> str:
    """What forwards the packet's port: to the same port of the guest, which can be forwarded to only once."""
    packet, other = walk.packet, known[0]
    for one in known:
        if one.protocol == packet.protocol and one.inside_first <= (packet.port or 0) <= one.inside_last:
            words = f"set --external-protocol-port {packet.port} {one.floating_ip_id} {one.id}"
            return f"openstack floating ip port forwarding {words}"
    inside = f"--internal-ip-address {other.internal_ip_address} --port {other.internal_port_id}"
    ports = f"--internal-protocol-port {packet.port} --external-protocol-port {packet.port}"
    rest = f"{inside} {ports} --protocol {packet.protocol} {other.floating_ip_id}"
    return f"openstack floating ip port forwarding create {rest}"


def _inside(forwarding: PortForwarding, port: int) -> int:
    if forwarding.inside_first == forwarding.inside_last:
        return forwarding.inside_first
    return forwarding.inside_first + port - forwarding.outside_first


def to_outside(walk: Walk, router: Router, port: Port, translated: Translated) -> None:
    """As whom the packet speaks on the leg by which it leaves; IPv6 is passed on as it is."""
    packet = walk.packet
    if packet.version == 6:
        return
    speaker, why = _speaker(walk, router, port, translated)
    wanted = speaker or packet.source
    leaves_by = (_device(port.id, port.device_owner), translated.is_turned)
    seen = walk.look(port.host, lambda _: router_on_host.source(router.id, packet, wanted, leaves_by))
    if speaker:
        walk.passes("translation", f"It speaks there as {speaker}, {why}.", seen, remade(router))
        walk.packet = packet.readdressed(source=speaker)
    elif port.device_owner == ROUTER_GATEWAY:
        walk.passes("translation", f"The router does no SNAT: it speaks there as {packet.source}.", seen)
        external = router.gateway_network_id
        fix = f"openstack router set --enable-snat --external-gateway {external} {router.id}"
        walk.remarks("translation", f"Answers come only if somebody outside has a route to {packet.source}.", fix)


def _speaker(walk: Walk, router: Router, port: Port, translated: Translated) -> tuple[str, str]:
    """Whose address the packet gets, and why; nothing where it keeps its own."""
    is_out = port.device_owner == ROUTER_GATEWAY
    if not (is_out or translated.is_turned):
        return "", ""
    floating = walk.db.one(FLOATING_OF, router_id=router.id, fixed_ip_address=walk.packet.source)
    if floating is not None:
        return floating.floating_ip_address, "its floating IP"
    outside = next((leg.address for leg in queries.legs(walk.db, router.id) if _is_outside_4(leg)), "")
    if outside and router.enable_snat:
        return outside, "the router's external address (SNAT)"
    if is_out:
        return "", ""
    return next(fixed.address for fixed in rows.held(walk.db, port)), "the router's own address there"


def _is_outside_4(leg: Leg) -> bool:
    return leg.device_owner == ROUTER_GATEWAY and ":" not in leg.address


def _device(port_id: str, owner: str) -> str:
    return outside_device_of(port_id) if owner == ROUTER_GATEWAY else inside_device_of(port_id)
