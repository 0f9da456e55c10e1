"""At a router: whether it passes packets on, what it makes of their addresses, and where it sends them."""

from ipaddress import ip_address, ip_network
from typing import NoReturn

from msgspec import Struct

from haneul.cli.trace import router_on_host, rows
from haneul.cli.trace.places import AtRouter, OnNetwork
from haneul.cli.trace.ports import METADATA, refuse_unmade
from haneul.cli.trace.translation import remade, to_fixed, to_outside
from haneul.cli.trace.walk import Walk
from haneul.services.network.drivers.base import inside_device_of, outside_device_of
from haneul.services.network.placements import logic as placements
from haneul.services.network.ports.models import ROUTER_GATEWAY, Port
from haneul.services.network.ports.queries import BY_ID as PORT
from haneul.services.network.routers import queries
from haneul.services.network.routers.models import Leg, Router
from haneul.services.network.subnets.models import Subnet

METADATA_PORT = 80
EVERYWHERE = {4: "0.0.0.0/0", 6: "::/0"}


class Way(Struct, frozen=True):
    """Out of a router: the leg, and the next hop, empty for who is on the leg's own network."""

    leg: Leg
    via: str = ""
    to: str = ""


def passes(walk: Walk, at: AtRouter) -> OnNetwork | None:
    """Through the router to its next network; None where the router itself is who was wanted."""
    router = walk.db.one(queries.BY_ID, id=at.port.device_id)
    assert router is not None
    _stands(walk, router, at.port)
    if walk.packet.destination == METADATA:
        _metadata(walk, router)
        return None
    translated = to_fixed(walk, router, at.port)
    known = queries.legs(walk.db, router.id)
    if not translated.is_other and walk.packet.destination in {leg.address for leg in known}:
        _is_wanted_itself(walk, router)
        return None
    way = _way(walk, router, known)
    port = _leaves_by(walk, router, at.port, way)
    to_outside(walk, router, port, translated)
    return _onto(walk, router, port, way)


def _metadata(walk: Walk, router: Router) -> None:
    if (walk.packet.protocol, walk.packet.port) != ("tcp", METADATA_PORT):
        walk.drops("metadata", f"{METADATA} answers on TCP port {METADATA_PORT} alone.", f"curl http://{METADATA}/")
    walk.passes("metadata", f"The router {_name(router)} answers for metadata, in the name of compute.")


def _name(router: Router) -> str:
    return router.name or router.id


def _stands(walk: Walk, router: Router, port: Port) -> None:
    """The router is up and made, and so is the port by which the packet comes."""
    name = _name(router)
    if not router.admin_state_up:
        walk.drops(
            "router", f"The router {name} is administratively down.", f"openstack router set --enable {router.id}"
        )
    if not port.admin_state_up:
        fix = f"openstack port set --enable {port.id}"
        walk.drops("router", f"The {rows.title(walk.db, port)} is administratively down.", fix)
    fix = f"haneul why port {port.id}"
    if port.vif_type != "bridge":
        because = port.binding_error or "no host has been chosen for the router."
        walk.drops("router", f"The {rows.title(walk.db, port)} is not bound: {because}", fix)
    placed = walk.db.one(placements.ONE, kind="router", id=router.id, host=port.host)
    if placed is None:
        walk.drops("router", f"The host {port.host} is not told of router {name}.", fix)
    refuse_unmade(walk, "router", placed, fix)
    text = f"The router {name} on {port.host} is up, and has the packet by {device_of(port)}."
    seen = walk.look(port.host, lambda _: router_on_host.forwards(router.id, walk.packet.version))
    walk.passes("router", text, seen, remade(router))
    _has_leg(walk, router, port)


def _has_leg(walk: Walk, router: Router, port: Port) -> None:
    own = [fixed.address for fixed in rows.held(walk.db, port)]
    named = (device_of(port), port.id, port.network_id)
    seen = walk.look(port.host, lambda here: router_on_host.leg(here, router.id, named, own))
    if seen is not None:
        walk.passes("router leg", f"{device_of(port)} has {', '.join(own)}.", seen, remade(router))


def device_of(port: Port) -> str:
    """The device of a router's port in its namespace."""
    return outside_device_of(port.id) if port.device_owner == ROUTER_GATEWAY else inside_device_of(port.id)


def _is_wanted_itself(walk: Walk, router: Router) -> None:
    if walk.packet.protocol == "icmp":
        walk.passes("arrival", f"The router {_name(router)} itself has {walk.packet.destination} and answers.")
        return
    text = f"{walk.packet.destination} is the router {_name(router)} itself, which answers pings and nothing else."
    walk.drops("arrival", text, "openstack floating ip list")


def _way(walk: Walk, router: Router, known: list[Leg]) -> Way:
    """The longest route that has the destination; Dropped if there is none."""
    destination = walk.packet.destination
    ways = [(ip_network(leg.cidr), Way(leg)) for leg in known]
    ways += [(ip_network(to), way) for to, way in _extra_routes(router, known)]
    ways += [(ip_network(to), way) for to, way in _default_routes(walk, router, known)]
    fitting = [(network.prefixlen, way) for network, way in ways if ip_address(destination) in network]
    elsewhere = _joinable(walk, router, destination)
    best = max(fitting, key=lambda one: one[0])[1] if fitting else None
    if elsewhere is not None and (best is None or best.leg.device_owner == ROUTER_GATEWAY):
        subnet, owner = elsewhere
        text = f"{destination} is an address of network {rows.network_title(walk.db, subnet.network_id)}"
        text += f" ({owner}), and the router {_name(router)} has no interface there."
        walk.drops("route", text, f"openstack router add subnet {router.id} {subnet.id}")
    if best is None:
        _no_way(walk, router, known)
    return best


def _extra_routes(router: Router, known: list[Leg]) -> list[tuple[str, Way]]:
    found = []
    for route in router.routes:
        leg = next((one for one in known if rows.is_in(route["nexthop"], one.cidr)), None)
        if leg is not None:
            found.append((route["destination"], Way(leg, route["nexthop"], route["destination"])))
    return found


def _default_routes(walk: Walk, router: Router, known: list[Leg]) -> list[tuple[str, Way]]:
    found = []
    for leg in known:
        if leg.device_owner == ROUTER_GATEWAY:
            subnet = walk.db.one(queries.SUBNET, id=leg.subnet_id)
            if subnet is not None and subnet.gateway_ip:
                to = EVERYWHERE[subnet.ip_version]
                found.append((to, Way(leg, subnet.gateway_ip, to)))
    return found


def _joinable(walk: Walk, router: Router, destination: str) -> tuple[Subnet, str] | None:
    """A guest of the cloud with this address on a network that the router is not joined to, and that isn't external."""
    for port in rows.holders_elsewhere(walk.db, "", destination, router.project_id):
        if port.project_id == router.project_id and not rows.network_of(walk.db, port.network_id).is_external:
            subnet = rows.subnet_with(rows.subnets_of(walk.db, port.network_id), destination)
            if subnet is not None and all(leg.subnet_id != subnet.id for leg in queries.legs(walk.db, router.id)):
                return subnet, rows.title(walk.db, port)
    return None


def _no_way(walk: Walk, router: Router, known: list[Leg]) -> NoReturn:
    destination = walk.packet.destination
    if any(leg.device_owner == ROUTER_GATEWAY for leg in known):
        text = f"The external network of router {_name(router)} has no gateway to {destination}."
        walk.drops("route", text, f"openstack subnet list --network {router.gateway_network_id}")
    outside = rows.EXTERNAL_SUBNETS
    networks = list(dict.fromkeys(subnet.network_id for subnet in walk.db.all(outside)))
    fix = f"openstack router set --external-gateway {networks[0] if networks else 'NETWORK'} {router.id}"
    walk.drops("route", f"The router {_name(router)} has no external gateway, and no route to {destination}.", fix)


def _leaves_by(walk: Walk, router: Router, came_by: Port, way: Way) -> Port:
    """The port by which the packet leaves."""
    port = walk.db.one(PORT, id=way.leg.port_id)
    assert port is not None
    if not port.admin_state_up:
        fix = f"openstack port set --enable {port.id}"
        walk.drops("router", f"The {rows.title(walk.db, port)} is administratively down.", fix)
    if port.id != came_by.id:
        _has_leg(walk, router, port)
    by = f"via {way.via}" if way.via else "which is on that network"
    text = f"{_name(router)} sends it out by {device_of(port)} to {walk.packet.destination}, {by}."
    seen = walk.look(port.host, lambda _: router_on_host.route(router.id, way.to, way.via)) if way.via else None
    walk.passes("route", text, seen, remade(router))
    return port


def _onto(walk: Walk, router: Router, port: Port, way: Way) -> OnNetwork:
    """Onto the network of that port."""
    target = way.via or walk.packet.destination
    _is_known(walk, router, port, target)
    return OnNetwork(network_id=port.network_id, target=target, host=port.host, project_id=router.project_id)


def _is_known(walk: Walk, router: Router, port: Port, target: str) -> None:
    """A remark where the router asked for the next hop and nobody answered, or another MAC did."""
    if walk.here is None or port.host != walk.here.name:
        return
    mac = router_on_host.neighbour(router.id, device_of(port), target)
    holders = rows.holders_on(walk.db, port.network_id, target)
    if mac == "nobody":
        text = f"When {_name(router)} last asked for {target}, nobody answered: its guest may be down, or booting."
        walk.remarks("ARP", text)
    elif mac and holders and mac not in {holders[0].mac_address, *_pair_macs(holders[0])}:
        text = f"{_name(router)} knows {target} at {mac}, and the rows have it at {holders[0].mac_address}."
        walk.remarks("ARP", text, "haneul doctor --audit")


def _pair_macs(port: Port) -> set[str]:
    return {pair["mac_address"] for pair in port.allowed_address_pairs}
