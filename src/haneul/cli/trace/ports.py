"""A guest's port: as the packet leaves by it, and as the packet reaches it."""

from collections.abc import Mapping
from ipaddress import ip_network

from haneul.cli.trace import rows
from haneul.cli.trace.groups import lets_through, plans_of_groups
from haneul.cli.trace.places import AtGuest, OnNetwork
from haneul.cli.trace.values import AUDIT, Seen
from haneul.cli.trace.walk import Walk
from haneul.services.network.drivers.base import PortPlan
from haneul.services.network.host_plans import ports as port_plans
from haneul.services.network.placements import logic as placements
from haneul.services.network.placements.models import Placement
from haneul.services.network.ports import queries
from haneul.services.network.ports.models import DHCP, ROUTER_INTERFACE, FixedIp, Port
from haneul.services.network.subnets.models import Subnet

METADATA = "169.254.169.254"
MENDED_BY: Mapping[str, str] = {
    "stopped": "openstack server start",
    "paused": "openstack server unpause",
    "suspended": "openstack server resume",
}
RUNS = "active"


def leaves(walk: Walk, port: Port, fixed: FixedIp) -> OnNetwork:
    """From the guest to its network: the port, what it may speak as, its egress rules, and the guest's own routes."""
    plan = _stands(walk, "source port", port)
    _speaks(walk, port, plan)
    _is_told_its_address(walk, port, fixed)
    lets_through(walk, port, plan, "egress")
    return OnNetwork(
        network_id=port.network_id,
        target=_next_hop(walk, port, fixed),
        host=port.host,
        project_id=port.project_id,
    )


def arrives(walk: Walk, at: AtGuest) -> None:
    """From the network to the guest: the port, its ingress rules, and who it is."""
    plan = _stands(walk, "destination port", at.port)
    lets_through(walk, at.port, plan, "ingress")
    text = f"It arrives at {rows.title(walk.db, at.port)}."
    if walk.packet.port is not None:
        text += f" Whether something listens there on {walk.packet.what} is the guest's own matter."
    walk.passes("arrival", text)


def _stands(walk: Walk, at: str, port: Port) -> PortPlan | None:
    """A port that is up, on a host that has made it, of a guest that runs; what its host is told of it."""
    title = rows.title(walk.db, port)
    if not port.admin_state_up:
        fix = f"openstack port set --enable {port.id}"
        walk.drops(at, f"The {title} is administratively down.", fix, _down(walk, port))
    if port.vif_type == "binding_failed":
        walk.drops(at, f"The {title} could not be bound: {port.binding_error}", f"haneul why port {port.id}")
    if not port.host:
        fix = f"openstack server add port SERVER {port.id}"
        walk.drops(at, f"The {title} is on no host: no running server has it.", fix)
    _is_made(walk, at, port)
    _runs(walk, at, port)
    plan = _plan(walk, port)
    seen = walk.look(port.host, lambda here: here.tap(plan)) if plan else None
    server = rows.server_of(walk.db, port)
    # Of a device that is made anew, a guest that runs knows nothing.
    mend = f"openstack server reboot --hard {server.id}" if server is not None else AUDIT
    walk.passes(at, f"The {title} is up on {port.host}.", seen, mend)
    return plan


def _down(walk: Walk, port: Port) -> Seen | None:
    """What the host has of a port that is to be down: its device should be."""
    plan = _plan(walk, port)
    seen = walk.look(port.host, lambda here: here.tap(plan)) if plan else None
    return None if seen is None else Seen(text=f"{seen.text}, up", is_wanted=not seen.is_wanted)


def _plan(walk: Walk, port: Port) -> PortPlan | None:
    return next(iter(port_plans.wanted_on(walk.db, port.host, [port.id])), None)


def _is_made(walk: Walk, at: str, port: Port) -> None:
    placed = walk.db.one(placements.ONE, kind="port", id=port.id, host=port.host)
    if placed is None:
        fix = f"haneul why port {port.id}"
        walk.drops(at, f"The host {port.host} is not told of the {rows.title(walk.db, port)}.", fix)
    refuse_unmade(walk, at, placed, f"haneul why port {port.id}")


def refuse_unmade(walk: Walk, at: str, placed: Placement, fix: str) -> None:
    """Dropped where the host could not make a thing, or has not yet; a remark where only its newest change waits."""
    what = f"{placed.kind} {placed.id}"
    if placed.error:
        walk.drops(at, f"The host {placed.host} could not make the {what}: {placed.error}", fix)
    if not placed.observed_generation:
        walk.drops(at, f"The host {placed.host} has not made the {what} yet.", fix)
    if not placed.is_made:
        walk.remarks(at, f"The newest change of the {what} is not made on {placed.host} yet.", fix)


def _runs(walk: Walk, at: str, port: Port) -> None:
    server = rows.server_of(walk.db, port)
    if server is None or server.vm_state == RUNS:
        return
    command = MENDED_BY.get(server.vm_state, "haneul why server")
    walk.drops(at, f"The server {server.name} does not run: it is {server.vm_state}.", f"{command} {server.id}")


def _speaks(walk: Walk, port: Port, plan: PortPlan | None) -> None:
    address = walk.packet.source
    own = {fixed.address for fixed in rows.held(walk.db, port)}
    if address in own:
        text = f"{address} is the port's own address, spoken with its MAC {port.mac_address}."
    elif rows.may_speak_as(port, address):
        text = f"{address} is one of the port's allowed address pairs."
    elif not port.port_security_enabled:
        text = f"Port security is off, so that the guest may speak as {address}."
    else:
        fix = f"openstack port set --allowed-address ip-address={address} {port.id}"
        walk.drops("anti-spoofing", f"The {rows.title(walk.db, port)} may not speak as {address}.", fix)
    walk.passes("anti-spoofing", text, _filters(walk, port, plan))


def _filters(walk: Walk, port: Port, plan: PortPlan | None) -> Seen | None:
    if plan is None:
        return None
    told = plans_of_groups(walk, port)
    return walk.look(port.host, lambda here: here.filters(plan, told))


def _is_told_its_address(walk: Walk, port: Port, fixed: FixedIp) -> None:
    """A remark where no DHCP server tells the guest its address: a guest may have been given it otherwise."""
    subnet = rows.subnet_with(rows.subnets_of(walk.db, port.network_id), fixed.address)
    if subnet is None or not subnet.enable_dhcp:
        walk.remarks("address", f"No DHCP server tells the guest its address {fixed.address}: it must know it itself.")
        return
    placed = placements.of_thing(walk.db, "dhcp", port.network_id)
    if not any(one.observed_generation for one in placed):
        fix = f"openstack network show {port.network_id}"
        walk.remarks("address", f"No host has made the DHCP server that tells the guest {fixed.address}.", fix)
        return
    server = next(one for one in placed if one.observed_generation)
    seen = walk.look(server.host, lambda here: here.dhcp(port.network_id))
    walk.passes("address", f"The DHCP server on {server.host} tells the guest its address {fixed.address}.", seen)


def _next_hop(walk: Walk, port: Port, fixed: FixedIp) -> str:
    """Whom the guest gives the packet to, by the routes that DHCP tells it; Dropped if it knows none."""
    destination = walk.packet.destination
    known = rows.subnets_of(walk.db, port.network_id)
    subnet = next(one for one in known if one.id == fixed.subnet_id)
    if destination == METADATA:
        return _metadata_at(walk, port, subnet)
    if rows.subnet_with(known, destination) is not None:
        return destination
    told = [route for route in subnet.host_routes if rows.is_in(destination, route["destination"])]
    if told:
        best = max(told, key=lambda route: ip_network(route["destination"]).prefixlen)
        return str(best["nexthop"])
    if not subnet.gateway_ip:
        text = f"The subnet {subnet.name or subnet.id} has no gateway, so the guest knows no way to {destination}."
        walk.drops("route", text, f"openstack subnet set --gateway ADDRESS {subnet.id}")
    return subnet.gateway_ip


def _metadata_at(walk: Walk, port: Port, subnet: Subnet) -> str:
    """Who answers for metadata: the subnet's router, or the DHCP server where there is none."""
    neighbours = walk.db.all(queries.OF_NETWORK, network_id=port.network_id)
    if subnet.gateway_ip and any(one.device_owner == ROUTER_INTERFACE for one in neighbours):
        return subnet.gateway_ip
    servers = [one for one in neighbours if one.device_owner == DHCP]
    held = [fixed.address for one in servers for fixed in rows.held(walk.db, one) if fixed.subnet_id == subnet.id]
    if not held:
        text = f"Nobody answers for metadata: the subnet {subnet.name or subnet.id} has neither router nor DHCP server."
        walk.drops("route", text, f"openstack subnet set --dhcp {subnet.id}")
    return held[0]
