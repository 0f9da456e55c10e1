"""A router's legs: its ports on inside networks."""

from collections.abc import Sequence
from ipaddress import ip_address

from haneul.kernel.db import Db
from haneul.kernel.errors import Conflict
from haneul.services.network.networks import logic as networks
from haneul.services.network.owners import Viewer
from haneul.services.network.placements import logic as placements
from haneul.services.network.ports import addresses
from haneul.services.network.ports import logic as ports
from haneul.services.network.ports.addresses import POOLS, WantedIp
from haneul.services.network.ports.models import ROUTER_INTERFACE, FixedIp, Port, port_groups
from haneul.services.network.ports.models import ports as port_table
from haneul.services.network.ports.queries import groups_of_one
from haneul.services.network.rbac import sharing
from haneul.services.network.routers import queries, scheduling
from haneul.services.network.routers.changes import CHANGES
from haneul.services.network.routers.models import Leg, Router
from haneul.services.network.routers.refusals import bad, refuse_overlap
from haneul.services.network.security_groups import wiring as group_wiring
from haneul.services.network.standard import missing
from haneul.services.network.subnets.models import Subnet


def add_subnet(db: Db, router: Router, subnet_id: str, viewer: Viewer) -> tuple[Port, list[Subnet]]:
    """Give a router a leg at a subnet's gateway address; BadRequest with the reason it can't have one."""
    subnet = seen(db, subnet_id, viewer)
    if not subnet.gateway_ip:
        raise bad("Subnet for router interface must have a gateway IP")
    _refuse_strange(db, subnet, viewer)
    _refuse_foreign_router(subnet)
    CHANGES.bump(db, router.id)
    legs = queries.legs(db, router.id)
    _refuse_present(db, router, legs, [subnet])
    port = _leg_of_6(db, legs, subnet) or _fresh(db, router, subnet)
    changed(db, router, port)
    return port, [subnet]


def seen(db: Db, subnet_id: str, viewer: Viewer) -> Subnet:
    """The subnet, if there is one that the viewer may see; NotFound."""
    subnet = db.one(queries.SUBNET, id=subnet_id)
    if subnet is None or not (
        subnet.project_id == viewer.project_id or networks.can_see(db, networks.get(db, subnet.network_id), viewer)
    ):
        raise missing("subnet", subnet_id)
    return subnet


def _refuse_strange(db: Db, subnet: Subnet, viewer: Viewer) -> None:
    """A subnet of a network that is shared with everyone has a gateway already; who was let in by name may make it."""
    if viewer.is_admin or subnet.project_id == viewer.project_id:
        return
    named = {"object_type": "network", "ids": [subnet.network_id], "targets": [viewer.project_id]}
    if not any(let.action == sharing.SHARED for let in db.all(sharing.OF_OBJECTS, **named)):
        raise bad(
            "Cannot add interface to router because subnet {id} is not owned by project making the request",
            id=subnet.id,
        )


def _refuse_foreign_router(subnet: Subnet) -> None:
    if subnet.ip_version == 6 and subnet.ipv6_address_mode and not subnet.ipv6_ra_mode:
        raise bad(
            "IPv6 subnet {id} configured to receive RAs from an external router cannot be added to Neutron Router",
            id=subnet.id,
        )


def _refuse_present(db: Db, router: Router, legs: Sequence[Leg], wanted: Sequence[Subnet]) -> None:
    new = {subnet.id for subnet in wanted}
    for leg in legs:
        if leg.subnet_id in new:
            raise bad("Router already has a port on subnet {id}", id=leg.subnet_id)
    refuse_overlap(queries.reached(db, router, legs), wanted)


def _leg_of_6(db: Db, legs: Sequence[Leg], subnet: Subnet) -> Port | None:
    """The router's port for IPv6 on a network carries all its prefixes: the one that is there gets this address too."""
    if subnet.ip_version == 4:
        return None
    for leg in legs:
        if leg.device_owner == ROUTER_INTERFACE and leg.network_id == subnet.network_id and ":" in leg.address:
            port = ports.get(db, leg.port_id)
            ports.readdress(db, port, [*_held(db, port), WantedIp(subnet.id, subnet.gateway_ip)])
            return port
    return None


def _held(db: Db, port: Port) -> list[WantedIp]:
    return [WantedIp(fixed.subnet_id, fixed.address) for fixed in addresses.of_port(db, port.id)]


def _fresh(db: Db, router: Router, subnet: Subnet) -> Port:
    return ports.create(
        db,
        ports.NewPort(
            network=networks.get(db, subnet.network_id),
            project_id=router.project_id,
            wanted=[WantedIp(subnet.id, subnet.gateway_ip)],
            device_id=router.id,
            device_owner=ROUTER_INTERFACE,
        ),
    )


def changed(db: Db, router: Router, port: Port) -> None:
    """The router's place follows, and so does the network's DHCP server: what it says depends on there being one."""
    scheduling.follow(db, router.id)
    placements.changed(db, "dhcp", port.network_id)


def add_port(db: Db, router: Router, port: Port, viewer: Viewer) -> tuple[Port, list[Subnet]]:
    """Give a router a leg by a port that is nobody's yet; Conflict if it is somebody's, BadRequest if it can't be."""
    held = _refuse_unfit(db, port)
    CHANGES.bump(db, router.id)
    legs = queries.legs(db, router.id)
    _refuse_second_of_6(port, held, legs)
    wanted = queries.subnets_of(db, [fixed.subnet_id for fixed in held])
    _refuse_present(db, router, legs, wanted)
    if sum(subnet.ip_version == 4 for subnet in wanted) > 1:
        raise bad("Cannot have multiple IPv4 subnets on router port")
    _refuse_out_of_pools(db, port, held, wanted, viewer)
    _take(db, router, port)
    changed(db, router, port)
    return ports.get(db, port.id), wanted


def _refuse_unfit(db: Db, port: Port) -> list[FixedIp]:
    if port.device_id:
        raise _in_use(port)
    held = addresses.of_port(db, port.id)
    if not held:
        raise bad("Router port must have at least one fixed IP")
    for subnet in queries.subnets_of(db, [fixed.subnet_id for fixed in held]):
        _refuse_foreign_router(subnet)
    return held


def _in_use(port: Port) -> Conflict:
    return Conflict(
        "Unable to complete operation on port {id} for network {network_id}. Port already has an attached device "
        "{device_id}.",
        kind="PortInUse",
        id=port.id,
        network_id=port.network_id,
        device_id=port.device_id,
    )


def _refuse_second_of_6(port: Port, held: Sequence[FixedIp], legs: Sequence[Leg]) -> None:
    if not any(":" in fixed.address for fixed in held):
        return
    for leg in legs:
        if leg.network_id == port.network_id and ":" in leg.address:
            raise bad(
                "Router already contains IPv6 port {id} belonging to network id {network_id}. Only one IPv6 port from "
                "the same network subnet can be connected to a router.",
                id=leg.port_id,
                network_id=leg.network_id,
            )


def _refuse_out_of_pools(db: Db, port: Port, held: Sequence[FixedIp], wanted: Sequence[Subnet], viewer: Viewer) -> None:
    """An address outside of the pools is its subnet's owner's to give."""
    owners = {subnet.id: subnet.project_id for subnet in wanted}
    for fixed in held:
        if viewer.is_admin or owners[fixed.subnet_id] == viewer.project_id or _is_pooled(db, fixed):
            continue
        raise bad(
            "Cannot add interface to router because specified port {port} has an IP address out of the allocation "
            "pool of subnet {subnet}, which is not owned by the project making the request",
            port=port.id,
            subnet=fixed.subnet_id,
        )


def _is_pooled(db: Db, fixed: FixedIp) -> bool:
    number = int(ip_address(fixed.address))
    pools = db.all(POOLS, subnet_id=fixed.subnet_id)
    return any(int(ip_address(pool.first)) <= number <= int(ip_address(pool.last)) for pool in pools)


def _take(db: Db, router: Router, port: Port) -> None:
    """The port is the router's now: as its other ports it has no groups, and no host but the router's."""
    group_ids = groups_of_one(db, port.id)
    db.delete(port_groups, port_id=port.id)
    group_wiring.members_changed(db, group_ids)
    if port.host:
        ports.unbind(db, port)
    values = {"device_owner": ROUTER_INTERFACE, "port_security_enabled": False, "allowed_address_pairs": []}
    if not db.update(port_table, {"id": port.id, "device_id": ""}, device_id=router.id):
        # A server, or another router, has taken it in this moment.
        raise _in_use(ports.get(db, port.id))
    ports.CHANGES.bump(db, port.id, **values)
