"""What else changes with a network's subnets: its DHCP servers, the routers on it, addresses that guests make."""

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Query, columns_of
from haneul.services.network.dhcp import logic as dhcp
from haneul.services.network.networks.models import Network
from haneul.services.network.placements import logic as placements
from haneul.services.network.ports import addresses, wiring
from haneul.services.network.ports import logic as port_logic
from haneul.services.network.ports import queries as port_queries
from haneul.services.network.ports.addresses import WantedIp
from haneul.services.network.ports.models import ROUTER_GATEWAY, Port, fixed_ips, ports
from haneul.services.network.subnets.models import Subnet
from haneul.services.network.subnets.queries import routers_on

GATEWAYS = Query(
    Port,
    columns_of(Port, ports).where(
        ports.c.network_id == bindparam("network_id"), ports.c.device_owner == ROUTER_GATEWAY
    ),
)
ADDRESSED = Query(
    Port,
    columns_of(Port, ports).where(
        ports.c.network_id == bindparam("network_id"),
        ports.c.id.in_(select(fixed_ips.c.port_id)),
        ports.c.device_owner.not_like("network:%"),
    ),
)
ON_SUBNET = Query(
    Port,
    columns_of(Port, ports).where(
        ports.c.id.in_(select(fixed_ips.c.port_id).where(fixed_ips.c.subnet_id == bindparam("subnet_id")))
    ),
)


def of_new(db: Db, network: Network, subnet: Subnet, servers: int) -> None:
    """A subnet has come: it is served, and ports that were there get of its addresses what they would get today."""
    if subnet.is_auto:
        for port in db.all(ADDRESSED, network_id=network.id):
            _also(db, port, subnet)
            told(db, port)
    if network.is_external:
        _give_to_gateways(db, network, subnet)
    dhcp.follow(db, network, servers)


def _also(db: Db, port: Port, subnet: Subnet) -> None:
    """Give a port an address of one subnet more."""
    kept = [WantedIp(held.subnet_id, held.address) for held in addresses.of_port(db, port.id)]
    port_logic.readdress(db, port, [*kept, WantedIp(subnet.id)])


def _give_to_gateways(db: Db, network: Network, subnet: Subnet) -> None:
    for port in db.all(GATEWAYS, network_id=network.id):
        held = addresses.of_port(db, port.id)
        if not any((":" in fixed.address) == (subnet.ip_version == 6) for fixed in held):
            _also(db, port, subnet)
            port_logic.CHANGES.bump(db, port.id)
            placements.changed(db, "router", port.device_id)


def told(db: Db, port: Port) -> None:
    """A port's addresses have changed: its host and whoever lets it through hear of it."""
    port_logic.CHANGES.bump(db, port.id)
    groups = port_queries.groups_of_one(db, port.id)
    wiring.changed(db, port, groups, groups)


def of_changed(db: Db, network: Network, subnet: Subnet, servers: int) -> None:
    """A subnet is another one now: whatever serves it or routes for it is made anew."""
    dhcp.follow(db, network, servers)
    for router_id in routers_on(db, subnet.id):
        placements.changed(db, "router", router_id)


def take_addresses(db: Db, subnet: Subnet) -> None:
    """Take a subnet's addresses from the ports that have some."""
    losers = db.all(ON_SUBNET, subnet_id=subnet.id)
    db.delete(fixed_ips, subnet_id=subnet.id)
    for port in losers:
        if not port.is_internal:
            told(db, port)
