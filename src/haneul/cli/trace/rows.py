"""What a trace reads of the rows."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from sqlalchemy import bindparam

from haneul.kernel.db import Db, Query, by, columns_of
from haneul.services.compute.servers.logic import GONE
from haneul.services.compute.servers.models import Server, servers
from haneul.services.compute.servers.queries import BY_ID as SERVER
from haneul.services.network.floating_ips.models import FloatingIp, floating_ips
from haneul.services.network.networks.logic import BY_ID as NETWORK
from haneul.services.network.networks.models import Network, networks
from haneul.services.network.ports import addresses, queries
from haneul.services.network.ports.models import OF_COMPUTE, ROUTER_GATEWAY, ROUTER_INTERFACE, FixedIp, Port, ports
from haneul.services.network.ports.models import fixed_ips as fixed_ip_table
from haneul.services.network.routers.models import Router, routers
from haneul.services.network.routers.queries import BY_ID as ROUTER
from haneul.services.network.routers.queries import OF_NETWORK as SUBNETS_OF
from haneul.services.network.subnets.models import Subnet, subnets

SERVERS_NAMED = Query(
    Server,
    columns_of(Server, servers)
    .where(servers.c.name == bindparam("name"), servers.c.wanted_power != GONE)
    .order_by(servers.c.number),
)
PORTS_NAMED = by(Port, ports, "name")
PORTS_AT = Query(
    Port,
    columns_of(Port, ports)
    .join(fixed_ip_table, fixed_ip_table.c.port_id == ports.c.id)
    .where(fixed_ip_table.c.address == bindparam("address"))
    .order_by(ports.c.created_at, ports.c.id),
)
FLOATING_AT = by(FloatingIp, floating_ips, "floating_ip_address")
FLOATING_OF_PORT = by(FloatingIp, floating_ips, "fixed_port_id")
EXTERNAL_SUBNETS = Query(
    Subnet,
    columns_of(Subnet, subnets)
    .join(networks, networks.c.id == subnets.c.network_id)
    .where(networks.c.is_external.is_(True))
    .order_by(subnets.c.created_at, subnets.c.id),
)
ROUTERS_OF = Query(
    Router,
    columns_of(Router, routers)
    .where(routers.c.project_id == bindparam("project_id"))
    .order_by(routers.c.created_at, routers.c.id),
)


def is_guest(port: Port) -> bool:
    """Whether it is for a server, and not one that the cloud looks after itself."""
    return not port.is_internal


def server_of(db: Db, port: Port) -> Server | None:
    is_a_servers = port.device_id and port.device_owner.startswith(OF_COMPUTE)
    return db.one(SERVER, id=port.device_id) if is_a_servers else None


def title(db: Db, port: Port) -> str:
    """A port as a sentence names it: whose it is, then its id."""
    server = server_of(db, port)
    if server is not None:
        return f"port {port.id} of server {server.name}"
    if port.device_owner in (ROUTER_INTERFACE, ROUTER_GATEWAY):
        return f"port {port.id} of router {router_title(db, port.device_id)}"
    return f"port {port.id}{f' ({port.name})' if port.name else ''}"


def router_title(db: Db, router_id: str) -> str:
    router = db.one(ROUTER, id=router_id)
    return router_id if router is None else router.name or router.id


def network_title(db: Db, network_id: str) -> str:
    network = db.one(NETWORK, id=network_id)
    return network_id if network is None else network.name or network.id


def network_of(db: Db, network_id: str) -> Network:
    found = db.one(NETWORK, id=network_id)
    assert found is not None
    return found


def held(db: Db, port: Port) -> list[FixedIp]:
    return addresses.of_port(db, port.id)


def ports_of_server(db: Db, server: Server) -> list[Port]:
    return sorted(db.all(queries.OF_DEVICE, device_id=server.id), key=lambda port: (port.created_at, port.id))


def subnets_of(db: Db, network_id: str) -> list[Subnet]:
    return db.all(SUBNETS_OF, network_id=network_id)


def subnet_with(known: Sequence[Subnet], address: str) -> Subnet | None:
    """The first of these subnets that an address is of."""
    return next((subnet for subnet in known if is_in(address, subnet.cidr)), None)


def holders_on(db: Db, network_id: str, address: str) -> list[Port]:
    """The ports of a network that answer for an address: whose own it is, or those that may speak as it beside."""
    own = [port for port in db.all(PORTS_AT, address=address) if port.network_id == network_id]
    if own:
        return own
    return [port for port in db.all(queries.OF_NETWORK, network_id=network_id) if may_speak_as(port, address)]


def may_speak_as(port: Port, address: str) -> bool:
    """Whether an address is in one of the port's allowed address pairs."""
    return any(is_in(address, pair["ip_address"]) for pair in port.allowed_address_pairs)


def is_in(address: str, network: str) -> bool:
    return ip_address(address) in ip_network(network, strict=False)


def holders_elsewhere(db: Db, network_id: str, address: str, project_id: str) -> list[Port]:
    """Guests' ports with this address on other networks, those of the project first: tenants' addresses overlap."""
    others = [port for port in db.all(PORTS_AT, address=address) if port.network_id != network_id and is_guest(port)]
    mine = [port for port in others if port.project_id == project_id]
    return mine or others


def floating_at(db: Db, address: str) -> FloatingIp | None:
    return db.one(FLOATING_AT, floating_ip_address=address)
