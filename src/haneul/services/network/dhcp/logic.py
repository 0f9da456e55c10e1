"""Networks' DHCP servers: which host has one, and the port that it answers on."""

from collections.abc import Sequence
from uuid import NAMESPACE_DNS, uuid5

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Query, columns_of
from haneul.services.network.agents import hosts
from haneul.services.network.agents.models import DHCP_AGENT
from haneul.services.network.networks.models import Network, networks
from haneul.services.network.placements import logic as placements
from haneul.services.network.placements.models import placements as placement_table
from haneul.services.network.ports import addresses, wiring
from haneul.services.network.ports import logic as ports
from haneul.services.network.ports.addresses import WantedIp
from haneul.services.network.ports.models import DHCP, Port
from haneul.services.network.ports.models import ports as port_table
from haneul.services.network.subnets.models import Subnet, subnets

SERVED = Query(
    Subnet,
    columns_of(Subnet, subnets)
    .where(subnets.c.network_id == bindparam("network_id"), subnets.c.enable_dhcp.is_(True))
    .order_by(subnets.c.created_at, subnets.c.id),
)
PORTS_OF = Query(
    Port,
    columns_of(Port, port_table)
    .where(port_table.c.network_id == bindparam("network_id"), port_table.c.device_owner == DHCP)
    .order_by(port_table.c.id),
)
UNSERVED = Query(
    Network,
    columns_of(Network, networks)
    .where(networks.c.id.in_(select(subnets.c.network_id).where(subnets.c.enable_dhcp.is_(True))))
    .where(networks.c.id.not_in(select(placement_table.c.id).where(placement_table.c.kind == "dhcp")))
    .order_by(networks.c.id),
)


def served(db: Db, network_id: str) -> list[Subnet]:
    """The subnets of a network that have DHCP."""
    return db.all(SERVED, network_id=network_id)


def follow(db: Db, network: Network, servers: int) -> None:
    """Make a network's DHCP servers fit its subnets: none where none has DHCP, else an address in each of those.

    Call after every change of a network's subnets.
    """
    wanted = served(db, network.id)
    if not wanted:
        for host in placements.hosts_of(db, "dhcp", network.id):
            withdraw(db, network, host)
        return
    for host in placements.hosts_of(db, "dhcp", network.id):
        _address(db, network, host, wanted)
    _place(db, network, servers)
    placements.changed(db, "dhcp", network.id)


def _place(db: Db, network: Network, servers: int) -> None:
    """Give the network to as many hosts as shall have a server, the least busy first."""
    there = placements.hosts_of(db, "dhcp", network.id)
    if len(there) >= servers:
        return
    live = [agent.host for agent in hosts.live(db, DHCP_AGENT) if agent.host not in there]
    fit = [host for host in live if not wiring.refusal(db, network, host)]
    busy = placements.counts(db, "dhcp")
    fit.sort(key=lambda host: busy.get(host, 0))
    for host in fit[: servers - len(there)]:
        serve_on(db, network, host)


def serve_on(db: Db, network: Network, host: str) -> None:
    """Have a host serve the network, at once or when there is a subnet to serve. Repeatable."""
    wanted = served(db, network.id)
    if host in placements.hosts_of(db, "dhcp", network.id):
        return
    if not wanted or _address(db, network, host, wanted):
        placements.put(db, "dhcp", network.id, host)


def _address(db: Db, network: Network, host: str, wanted: Sequence[Subnet]) -> bool:
    """Give the host's DHCP port an address in each subnet that it serves and that has one left; whether it has any."""
    port = port_on(db, network.id, host)
    held = {fixed.subnet_id for fixed in addresses.of_port(db, port.id)} if port is not None else set()
    able = [one for one in wanted if one.id in held or one.is_auto or addresses.has_free(db, one)]
    asked = [WantedIp(subnet_id=subnet.id) for subnet in able]
    if port is not None:
        ports.readdress(db, port, asked)
    elif asked:
        _make_port(db, network, host, asked)
    return bool(asked)


def _make_port(db: Db, network: Network, host: str, asked: Sequence[WantedIp]) -> None:
    port = ports.create(
        db,
        ports.NewPort(
            network=network,
            project_id=network.project_id,
            wanted=asked,
            device_id=_device_id(network.id, host),
            device_owner=DHCP,
        ),
    )
    ports.bind(db, port, network, host)


def _device_id(network_id: str, host: str) -> str:
    """The device that Neutron's DHCP agent on this host would name (neutron: common/utils.get_dhcp_agent_device_id)."""
    return f"dhcp{uuid5(NAMESPACE_DNS, host.partition('.')[0])}-{network_id}"


def port_on(db: Db, network_id: str, host: str) -> Port | None:
    """The port of a host's DHCP server."""
    return next((port for port in db.all(PORTS_OF, network_id=network_id) if port.host == host), None)


def withdraw(db: Db, network: Network, host: str) -> None:
    """End the network's server on a host. Repeatable."""
    placements.take_away(db, "dhcp", network.id, host)
    port = port_on(db, network.id, host)
    if port is not None:
        ports.delete(db, port)


def serve_waiting(db: Db, servers: int) -> None:
    """Give networks that no host could serve when they came to the hosts that there are now."""
    for network in db.all(UNSERVED):
        _place(db, network, servers)
