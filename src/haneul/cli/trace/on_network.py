"""On a network: who there has the address, and how the packet gets to his host."""

from typing import NoReturn

from haneul.cli.trace import rows
from haneul.cli.trace.places import AtGuest, AtRouter, OnNetwork, Place
from haneul.cli.trace.ports import refuse_unmade
from haneul.cli.trace.walk import Walk
from haneul.services.network.agents import hosts
from haneul.services.network.agents.models import BRIDGE_AGENT
from haneul.services.network.host_plans import segments
from haneul.services.network.networks.models import Network
from haneul.services.network.placements import logic as placements
from haneul.services.network.ports.models import DHCP, FLOATING_IP, ROUTER_GATEWAY, ROUTER_INTERFACE, Port
from haneul.services.network.ports.queries import BY_ID as PORT
from haneul.services.network.routers.queries import BY_ID as ROUTER
from haneul.services.network.subnets.models import Subnet

FORWARD = {4: "sysctl -w net.ipv4.ip_forward=1", 6: "sysctl -w net.ipv6.conf.all.forwarding=1"}
TUNNELS = ("vxlan", "gre")


def crosses(walk: Walk, at: OnNetwork) -> Place | None:
    """To whoever has the address on the network; Dropped if nobody has, or his host can't be reached."""
    holder = _holder(walk, at)
    if holder is None:
        return None
    _carried(walk, at, holder)
    if holder.device_owner in (ROUTER_INTERFACE, ROUTER_GATEWAY):
        return AtRouter(holder)
    if holder.device_owner == DHCP:
        walk.passes("arrival", f"It arrives at the DHCP server on {holder.host}.")
        return None
    if at.target == walk.packet.destination:
        return AtGuest(holder)
    text = f"It goes on through the {rows.title(walk.db, holder)}: what becomes of it there, its guest decides."
    walk.passes("arrival", text)
    return None


def _holder(walk: Walk, at: OnNetwork) -> Port | None:
    """The port that answers for the address; None where that is nobody of the cloud's."""
    found = rows.holders_on(walk.db, at.network_id, at.target)
    if len(found) > 1:
        text = f"{len(found)} ports may speak as {at.target}; this follows the first."
        walk.remarks("network", text)
    if found and found[0].device_owner == FLOATING_IP:
        return _router_of_floating(walk, at.target)
    if found:
        return found[0]
    network = rows.network_of(walk.db, at.network_id)
    if not network.is_external:
        _nobody(walk, at, network)
    _leaves_the_cloud(walk, at, network)
    return None


def _router_of_floating(walk: Walk, address: str) -> Port:
    """The gateway of the router that serves a floating IP; Dropped if none does."""
    floating = rows.floating_at(walk.db, address)
    assert floating is not None
    router = walk.db.one(ROUTER, id=floating.router_id) if floating.router_id else None
    gateway = walk.db.one(PORT, id=router.gateway_port_id) if router is not None and router.gateway_port_id else None
    if gateway is None:
        text = f"The floating IP {address} stands for nothing, so that no router answers for it."
        walk.drops("floating IP", text, f"openstack floating ip set --port PORT {floating.id}")
    return gateway


def _nobody(walk: Walk, at: OnNetwork, network: Network) -> NoReturn:
    name = network.name or network.id
    known = rows.subnets_of(walk.db, network.id)
    if at.target != walk.packet.destination:
        subnet = next((one for one in known if one.gateway_ip == at.target), None)
        if subnet is not None:
            text = f"No router has {at.target}, the gateway of subnet {subnet.name or subnet.id} on network {name}."
            walk.drops("router", text, join_command(walk, subnet, at.project_id))
        text = f"Nobody on network {name} has {at.target}, which the route names."
        walk.drops("network", text, f"openstack port list --network {network.id}")
    text = f"Nobody on network {name} has the address {at.target}."
    others = rows.holders_elsewhere(walk.db, network.id, at.target, at.project_id)
    if others:
        elsewhere = rows.network_title(walk.db, others[0].network_id)
        text += f" The {rows.title(walk.db, others[0])} has it on another network, {elsewhere}."
        walk.drops("network", text, f"openstack server add network SERVER {others[0].network_id}")
    walk.drops("network", text, f"openstack port list --fixed-ip ip-address={at.target}")


def join_command(walk: Walk, subnet: Subnet, project_id: str) -> str:
    """What joins a subnet to a router of the project: one that is there, or else a new one."""
    mine = walk.db.all(rows.ROUTERS_OF, project_id=project_id or subnet.project_id)
    if mine:
        return f"openstack router add subnet {mine[0].id} {subnet.id}"
    return f"openstack router create router1; openstack router add subnet router1 {subnet.id}"


def _leaves_the_cloud(walk: Walk, at: OnNetwork, network: Network) -> None:
    """Out of an external network, or to one of its addresses that no port has: nothing of the cloud's decides there."""
    name = network.name or network.id
    gateways = {subnet.gateway_ip for subnet in rows.subnets_of(walk.db, network.id)}
    if at.target in gateways:
        is_through = at.target != walk.packet.destination
        if is_through and walk.here is not None and walk.here.is_dead_end(at.target, walk.packet.version):
            text = f"This machine is the gateway {at.target} of network {name}, and it forwards no packets."
            walk.drops("outside", text, FORWARD[walk.packet.version])
        beyond = f" towards {walk.packet.destination}" if is_through else ""
        walk.passes("outside", f"It leaves the cloud by {at.target}, the gateway of network {name}{beyond}.")
        return
    text = f"No port of network {name} has the address {at.target}: if somebody has, the cloud does not know him."
    if at.host:
        walk.passes("outside", text)
        return
    fix = f"openstack floating ip create --floating-ip-address {at.target} {network.id}"
    walk.drops("floating IP", f"No floating IP, and no port of network {name}, has the address {at.target}.", fix)


def _carried(walk: Walk, at: OnNetwork, holder: Port) -> None:
    """Over the network from host to host."""
    network = rows.network_of(walk.db, at.network_id)
    name = network.name or network.id
    if holder.vif_type == "binding_failed":
        fix = f"haneul why port {holder.id}"
        walk.drops("network", f"The {rows.title(walk.db, holder)} could not be bound: {holder.binding_error}", fix)
    if not holder.host:
        # Where it is to be said in a port's own words.
        return
    for one in dict.fromkeys(host for host in (at.host, holder.host) if host):
        _is_there(walk, network, one, holder)
    if at.host in ("", holder.host):
        way = f"comes in by the physical network {network.physical_network} to" if not at.host else "stays on"
        seen = walk.look(holder.host, lambda here: here.bridge(network.id))
        walk.passes("network", f"It {way} {holder.host}, on network {name} ({network.network_type}).", seen)
        return
    _between(walk, network, at.host, holder)


def _is_there(walk: Walk, network: Network, host: str, holder: Port) -> None:
    """The host has the network, or the packet ends; a silent agent is worth a remark."""
    fix = f"haneul why port {holder.id}"
    placed = walk.db.one(placements.ONE, kind="segment", id=network.id, host=host)
    if placed is None:
        walk.drops("network", f"The host {host} is not told of network {network.name or network.id}.", fix)
    refuse_unmade(walk, "network", placed, fix)
    agent = walk.db.one(hosts.ONE, host=host, binary=BRIDGE_AGENT)
    if agent is None or not hosts.is_alive(agent):
        text = f"The network agent of {host} is silent: packets flow on, but no change reaches it."
        walk.remarks("network", text, f"haneul status on {host}")


def _between(walk: Walk, network: Network, host: str, holder: Port) -> None:
    name = network.name or network.id
    if network.network_type == "local":
        text = f"Network {name} is local to each host, and the packet is on {host}, the other end on {holder.host}."
        walk.drops("network", text, "openstack network create NAME (of a type that joins hosts), and ports on it")
    if network.network_type not in TUNNELS:
        text = f"It goes from {host} to {holder.host} by the physical network {network.physical_network}."
        walk.passes("network", text, walk.look(host, lambda here: here.bridge(network.id)))
        return
    ends = {one: _tunnel_end(walk, one) for one in (host, holder.host)}
    for one, address in ends.items():
        if not address:
            fix = f"Name the address in haneul.toml of {one}: [network] tunnel_ip; then haneul down; haneul up"
            walk.drops("network", f"The host {one} has no address for tunnels.", fix)
    plan = next(iter(segments.wanted_on(walk.db, host, [network.id])), None)
    seen = walk.look(host, lambda here: here.tunnel(plan, holder.mac_address, ends[holder.host])) if plan else None
    text = f"It goes from {host} ({ends[host]}) through a {network.network_type} tunnel to {holder.host}"
    walk.passes("network", f"{text} ({ends[holder.host]}), on network {name}.", seen)


def _tunnel_end(walk: Walk, host: str) -> str:
    carried = hosts.network_of(walk.db, host)
    return carried.tunnel_ip if carried is not None else ""
