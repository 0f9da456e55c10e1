"""Taking a router's legs away."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.services.network.floating_ips import unlinking
from haneul.services.network.owners import Viewer
from haneul.services.network.ports import logic as ports
from haneul.services.network.ports.addresses import WantedIp
from haneul.services.network.ports.models import ROUTER_INTERFACE, Port
from haneul.services.network.routers import queries
from haneul.services.network.routers.changes import CHANGES
from haneul.services.network.routers.interfaces import changed, seen
from haneul.services.network.routers.models import Router
from haneul.services.network.subnets.models import Subnet


def remove_port(db: Db, router: Router, port_id: str, subnet_id: str) -> tuple[Port, list[Subnet]]:
    """Take a leg away; NotFound if the router has no such port, Conflict while something needs it."""
    legs = [leg for leg in queries.legs(db, router.id) if leg.port_id == port_id]
    if not any(leg.device_owner == ROUTER_INTERFACE for leg in legs):
        raise NotFound(
            "Router {router_id} does not have an interface with id {port_id}",
            kind="RouterInterfaceNotFound",
            router_id=router.id,
            port_id=port_id,
        )
    if subnet_id and subnet_id not in {leg.subnet_id for leg in legs}:
        raise BadRequest(
            "Subnet on port {port_id} does not match the requested subnet {subnet_id}.",
            kind="SubnetMismatchForPort",
            port_id=port_id,
            subnet_id=subnet_id,
        )
    port = ports.get(db, port_id)
    gone = queries.subnets_of(db, [leg.subnet_id for leg in legs])
    _remove(db, router, port, gone, ())
    return port, gone


def remove_subnet(db: Db, router: Router, subnet_id: str, viewer: Viewer) -> tuple[Port, list[Subnet]]:
    """Take a router's leg on a subnet away; a port that has other subnets stays on those."""
    subnet = seen(db, subnet_id, viewer)
    legs = [leg for leg in queries.legs(db, router.id) if leg.device_owner == ROUTER_INTERFACE]
    for leg in legs:
        if leg.subnet_id == subnet_id:
            port = ports.get(db, leg.port_id)
            rest = [WantedIp(other.subnet_id, other.address) for other in legs if other.port_id == port.id]
            _remove(db, router, port, [subnet], [wanted for wanted in rest if wanted.subnet_id != subnet_id])
            return port, [subnet]
    raise NotFound(
        "Router {router_id} has no interface on subnet {subnet_id}",
        kind="RouterInterfaceNotFoundForSubnet",
        router_id=router.id,
        subnet_id=subnet_id,
    )


def _remove(db: Db, router: Router, port: Port, gone: Sequence[Subnet], rest: Sequence[WantedIp]) -> None:
    # First of all, so that a floating IP or a route that comes in this moment is seen, or comes too late.
    CHANGES.bump(db, router.id)
    for subnet in gone:
        _refuse_needed(db, router, subnet)
    if rest:
        ports.readdress(db, port, rest)
    else:
        ports.delete(db, port)
    changed(db, router, port)


def _refuse_needed(db: Db, router: Router, subnet: Subnet) -> None:
    """Conflict while a route or a floating IP goes by the router's leg on a subnet."""
    words, kind = "", ""
    if any(ip_address(route["nexthop"]) in ip_network(subnet.cidr) for route in router.routes):
        words, kind = "routes", "RouterInterfaceInUseByRoute"
    elif unlinking.needs_leg(db, router.id, subnet.id):
        words, kind = "floating IPs", "RouterInterfaceInUseByFloatingIP"
    if kind:
        raise Conflict(
            "Router interface for subnet {subnet_id} on router {id} cannot be deleted, as it is required by one or "
            "more {words}.",
            kind=kind,
            subnet_id=subnet.id,
            id=router.id,
            words=words,
        )
