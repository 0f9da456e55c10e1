"""What compute and the composition root may ask of the network service."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, bindparam, exists, select

from haneul.kernel.db import Db, Query, columns_of
from haneul.kernel.errors import BadRequest, Conflict, Forbidden, NotFound
from haneul.services.network.auto_allocated_topology import logic as auto_allocated_topology
from haneul.services.network.drivers.base import MetadataAsk, MetadataReply, tap_of
from haneul.services.network.floating_ips import logic as floating
from haneul.services.network.floating_ips.models import FloatingIp, floating_ips
from haneul.services.network.floating_ips.schemas import FloatingIpUpdate
from haneul.services.network.ip_text import address_in, interface_in
from haneul.services.network.networks import logic as networks
from haneul.services.network.networks.models import Network
from haneul.services.network.networks.models import networks as network_table
from haneul.services.network.owners import Viewer
from haneul.services.network.placements import logic as placements
from haneul.services.network.ports import addresses, changes, logic, news, queries
from haneul.services.network.ports.addresses import WantedIp
from haneul.services.network.ports.models import ROUTER_INTERFACE, FixedIp, Port, fixed_ips
from haneul.services.network.ports.models import ports as port_table
from haneul.services.network.ports.schemas import FixedIpWanted, PortUpdate
from haneul.services.network.proxies import (
    NO_FLOATING_ADDRESS_LEFT,
    add_rule,
    create_floating_ip,
    create_group,
    delete_floating_ip,
    delete_group,
    delete_rule,
    external_networks,
    floating_ip_seen,
    floating_ips_in,
    group_seen,
    group_to_change,
    groups_in,
    has_default_group,
    make_default_group,
    network_seen,
    networks_of,
    networks_seen,
    ports_behind,
    update_group,
)
from haneul.services.network.rbac import sharing
from haneul.services.network.security_group_rules.schemas import RuleCreate
from haneul.services.network.security_groups import logic as security
from haneul.services.network.security_groups import visible as groups
from haneul.services.network.security_groups.models import SecurityGroup, SecurityGroupRule, security_groups
from haneul.services.network.subnets.models import Subnet
from haneul.services.network.subnets.models import subnets as subnet_table

MANY = 500
NO_ADDRESS_LEFT = "IpAddressGenerationFailure"
"""The kind of the Conflict when a network has no address left."""
OWN = Query(
    Network,
    columns_of(Network, network_table)
    .where(
        (network_table.c.project_id == bindparam("project_id"))
        | network_table.c.id.in_(sharing.shared_networks(bindparam("project_id")))
    )
    .where(network_table.c.is_external.is_(False), network_table.c.admin_state_up.is_(True))
    .order_by(network_table.c.created_at, network_table.c.id)
    .limit(2),
)
OF_IDS = Query(
    Network, columns_of(Network, network_table).where(network_table.c.id.in_(bindparam("ids", expanding=True)))
)
SUBNETS = Query(Subnet, columns_of(Subnet, subnet_table).where(subnet_table.c.id.in_(bindparam("ids", expanding=True))))
GROUP_NAMES = select(security_groups.c.id, security_groups.c.name).where(
    security_groups.c.id.in_(bindparam("ids", expanding=True))
)
GROUPS = Query(
    SecurityGroup,
    columns_of(SecurityGroup, security_groups).where(security_groups.c.id.in_(bindparam("ids", expanding=True))),
)
SUBNETS_ON = Query(
    Subnet,
    columns_of(Subnet, subnet_table)
    .where(subnet_table.c.network_id == bindparam("network_id"))
    .order_by(subnet_table.c.created_at, subnet_table.c.id),
)
FLOATING_AT = Query(
    FloatingIp,
    columns_of(FloatingIp, floating_ips).where(floating_ips.c.floating_ip_address == bindparam("address")),
)
FLOATING = select(
    floating_ips.c.fixed_port_id, floating_ips.c.fixed_ip_address, floating_ips.c.floating_ip_address
).where(floating_ips.c.fixed_port_id.in_(bindparam("ids", expanding=True)))
AT_ADDRESS = Query(
    Port,
    columns_of(Port, port_table)
    .join(fixed_ips, fixed_ips.c.port_id == port_table.c.id)
    .where(fixed_ips.c.address == bindparam("address"), port_table.c.network_id.in_(bindparam("ids", expanding=True))),
)
IN_SUBNETS = Query(
    Port,
    columns_of(Port, port_table)
    .join(fixed_ips, fixed_ips.c.port_id == port_table.c.id)
    .where(fixed_ips.c.address == bindparam("address"), fixed_ips.c.subnet_id.in_(bindparam("ids", expanding=True))),
)
INSIDE_OF = (
    select(fixed_ips.c.subnet_id)
    .join(port_table, port_table.c.id == fixed_ips.c.port_id)
    .where(port_table.c.device_id == bindparam("router_id"), port_table.c.device_owner == ROUTER_INTERFACE)
)


class PortNews(Struct, frozen=True, kw_only=True):
    """A port of a server as compute needs to know it. `status` is Neutron's; `error` why its host can't have it.

    `floating` are the floating addresses by the fixed ones that they stand for. `is_secure`: security groups filter it.
    """

    id: str
    network_id: str
    network_name: str
    mac: str
    mtu: int
    status: str
    is_up: bool
    is_secure: bool
    addresses: tuple[FixedIp, ...]
    floating: Mapping[str, Sequence[str]]
    groups: tuple[str, ...]
    error: str

    @property
    def device(self) -> str:
        """The tap on the host of the guest."""
        return tap_of(self.id)


class NetworkWanted(Struct, frozen=True, kw_only=True):
    """A new port for a server: on which network, at which address, with which security groups."""

    network: Network
    address: str = ""
    group_ids: tuple[str, ...] | None = None


def usable_network(db: Db, network_id: str, viewer: Viewer) -> Network:
    """The network, if the viewer's servers may be on it; NotFound. For external ones there is a rule to ask beside."""
    network = networks.get(db, network_id, viewer)
    is_own = viewer.is_admin or network.project_id == viewer.project_id
    if (
        not is_own
        and not network.is_external
        and not sharing.shared_with(db, "network", [network_id], viewer.project_id)
    ):
        raise NotFound("Network {id} could not be found.", id=network_id)
    return network


def refuse_choosing(network: Network, viewer: Viewer) -> None:
    """Forbidden unless the viewer may choose his ports' addresses: else he could take those of a shared gateway."""
    if not viewer.is_admin and network.project_id != viewer.project_id:
        raise Forbidden("rule:create_port:fixed_ips:ip_address is disallowed by policy", kind="PolicyNotAuthorized")


def own_networks(db: Db, project_id: str) -> list[Network]:
    """The first networks that a project has or shares, two at most: who has one need not say which he means."""
    return db.all(OWN, project_id=project_id)


def auto_allocated(db: Db, project_id: str) -> Network:
    """The network that a project without one gets made: with a subnet, behind a router to the default external one."""
    return auto_allocated_topology.ensure(db, project_id)


def resolve_groups(db: Db, project_id: str, names: Sequence[str]) -> list[str]:
    """The ids of a project's security groups by name or id; BadRequest for an unknown one, Conflict for one of many."""
    return groups.resolve(db, project_id, names)


def free_port(db: Db, port_id: str, project_id: str) -> Port:
    """A port that a server of the project may have; NotFound, Conflict if it is in use, BadRequest if it has no IP."""
    port = logic.find(db, port_id)
    if port is None or port.project_id != project_id:
        raise NotFound("Port id {id} could not be found.", id=port_id)
    if port.device_id:
        raise Conflict("Port {id} is still in use.", id=port_id)
    if not addresses.of_port(db, port_id):
        raise BadRequest("Port {id} requires a FixedIP in order to be used.", id=port_id)
    return port


def make_port(db: Db, wanted: NetworkWanted, project_id: str, server_id: str, hostname: str) -> Port:
    """Make a port for a server; OverQuota, BadRequest or Conflict with the reason it can't be."""
    fixed = [WantedIp(address=str(ip_address(wanted.address)))] if wanted.address else None
    port = logic.create(
        db,
        logic.NewPort(
            network=wanted.network,
            project_id=project_id,
            wanted=fixed,
            groups=wanted.group_ids if wanted.network.port_security_enabled else (),
            device_id=server_id,
            dns_name=hostname,
        ),
    )
    if not addresses.of_port(db, port.id):
        raise BadRequest("Network {id} requires a subnet in order to boot instances on.", id=wanted.network.id)
    return port


def take_port(db: Db, port: Port, server_id: str) -> None:
    """A port that was there before is a server's now; Conflict if another server has taken it meanwhile."""
    if not db.update(port_table, {"id": port.id, "device_id": ""}, device_id=server_id):
        raise Conflict("Port {id} is still in use.", id=port.id)


def bind(db: Db, port_ids: Sequence[str], host: str, zone: str) -> None:
    """Have a host make these ports. Repeatable."""
    for port in _ports(db, port_ids):
        if port.host != host or port.vif_type == "binding_failed":
            logic.CHANGES.bump(db, port.id, device_owner=f"compute:{zone}")
            logic.bind(db, port, networks.get(db, port.network_id), host)


def unbind(db: Db, port_ids: Sequence[str]) -> None:
    """Take these ports from their hosts; they stay their server's."""
    for port in _ports(db, port_ids):
        logic.unbind(db, port)


def give_back(db: Db, port_ids: Sequence[str]) -> None:
    """Ports that were there before their server are nobody's again."""
    for port in _ports(db, port_ids):
        logic.unbind(db, port)
        logic.CHANGES.bump(db, port.id, device_id="", device_owner="")


def delete(db: Db, port_ids: Sequence[str]) -> None:
    """Delete the ports that were made for a server; those that are gone already don't matter."""
    for port in _ports(db, port_ids):
        logic.delete(db, port)


def set_groups(db: Db, port_id: str, group_ids: Sequence[str]) -> None:
    """Give a port these security groups."""
    port = logic.get(db, port_id)
    changes.update(db, port, PortUpdate(security_groups=list(group_ids)))


def find_group(db: Db, project_id: str, name: str) -> str:
    """The id of the group that a project calls by its name or id; NotFound, or Conflict for a name of several."""
    (found,) = security.resolve(db, project_id, [name])
    return found


def groups_of(db: Db, group_ids: Sequence[str]) -> dict[str, SecurityGroup]:
    """Security groups by id."""
    return {one.id: one for one in db.all(GROUPS, ids=list(group_ids))} if group_ids else {}


def rules_of(db: Db, group_ids: Sequence[str]) -> dict[str, list[SecurityGroupRule]]:
    """What security groups let through, by their ids."""
    found: dict[str, list[SecurityGroupRule]] = defaultdict(list)
    for rule in db.all(security.RULES_OF, ids=list(group_ids)) if group_ids else ():
        found[rule.security_group_id].append(rule)
    return found


def add_address(db: Db, port_id: str, network_id: str) -> bool:
    """Give a port one more address of a subnet of its network; whether one had any left."""
    port = logic.get(db, port_id)
    held = [FixedIpWanted(ip_address=one.address) for one in addresses.of_port(db, port_id)]
    for subnet in db.all(SUBNETS_ON, network_id=network_id):
        try:
            changes.update(db, port, PortUpdate(fixed_ips=[*held, FixedIpWanted(subnet_id=subnet.id)]))
        except Conflict as full:
            # An automatic address is the port's already.
            if full.kind not in (NO_ADDRESS_LEFT, "IpAddressAlreadyAllocated"):
                raise
        else:
            return True
    return False


def remove_address(db: Db, port_id: str, address: str) -> None:
    """Take an address from a port; BadRequest while a floating IP stands for it."""
    held = [one.address for one in addresses.of_port(db, port_id) if one.address != address]
    changes.update(db, logic.get(db, port_id), PortUpdate(fixed_ips=[FixedIpWanted(ip_address=one) for one in held]))


def floating_at(db: Db, address: str, viewer: Viewer) -> list[FloatingIp]:
    """The floating IPs of this address that the viewer may see: networks outside may have the same ones."""
    found = db.all(FLOATING_AT, address=address)
    return [one for one in found if viewer.is_admin or one.project_id == viewer.project_id]


def associate(db: Db, one: FloatingIp, port_id: str, fixed_address: str, viewer: Viewer) -> None:
    """Have a floating IP stand for a port's address; NotFound, BadRequest or Conflict with the reason it can't."""
    floating.update(db, one, FloatingIpUpdate(port_id=port_id, fixed_ip_address=fixed_address), viewer)


def disassociate(db: Db, one: FloatingIp, viewer: Viewer) -> None:
    """Let a floating IP stand for nothing."""
    floating.update(db, one, FloatingIpUpdate(port_id=None), viewer)


def holds_address(port_id: ColumnElement[Any], fits: Callable[[ColumnElement[Any]], Any]) -> ColumnElement[bool]:
    """The condition that a row's port has a fixed address that fits, for who joins that row to his own."""
    return exists().where(fixed_ips.c.port_id == port_id, fits(fixed_ips.c.address))


def news_of(db: Db, port_ids: Sequence[str]) -> dict[str, PortNews]:
    """What there is to know of ports, by id; in a few queries, however many they are."""
    found: dict[str, PortNews] = {}
    for start in range(0, len(port_ids), MANY):
        part = list(port_ids[start : start + MANY])
        rows = _ports(db, part)
        names = {one.id: one for one in db.all(OF_IDS, ids=[row.network_id for row in rows])}
        held, groups = queries.addresses_of(db, part), queries.groups_of(db, part)
        errors = placements.errors_of(db, "port", part)
        outside = _floating(db, part)
        for row in rows:
            network = names[row.network_id]
            found[row.id] = PortNews(
                id=row.id,
                network_id=network.id,
                network_name=network.name,
                mac=row.mac_address,
                mtu=network.mtu,
                status=row.status,
                is_up=row.admin_state_up,
                is_secure=row.port_security_enabled,
                addresses=tuple(held[row.id]),
                floating=outside[row.id],
                groups=tuple(groups[row.id]),
                error=row.binding_error or errors.get(row.id, ""),
            )
    return found


def _ports(db: Db, port_ids: Sequence[str]) -> list[Port]:
    return db.all(queries.OF_IDS, ids=list(port_ids)) if port_ids else []


def _floating(db: Db, port_ids: Sequence[str]) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """Floating addresses by port and fixed address."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for port_id, fixed, outside in db.tuples(FLOATING, ids=list(port_ids)):
        found[port_id][fixed].append(outside)
    return found


def subnets_of(db: Db, subnet_ids: Sequence[str]) -> dict[str, Subnet]:
    """Subnets by id."""
    return {one.id: one for one in db.all(SUBNETS, ids=list(subnet_ids))} if subnet_ids else {}


def names_of_groups(db: Db, group_ids: Sequence[str]) -> dict[str, str]:
    """The names of security groups by id."""
    return dict(db.tuples(GROUP_NAMES, ids=list(group_ids))) if group_ids else {}


def is_taken(db: Db, network_id: str, address: str) -> bool:
    """Whether a port of the network has this address."""
    return bool(db.all(AT_ADDRESS, address=address, ids=[network_id]))


def sender(db: Db, asked: MetadataAsk) -> Port | None:
    """The port from which a guest asks for its metadata; None if there is none at that address."""
    if asked.network_id:
        found = db.all(AT_ADDRESS, address=asked.address, ids=[asked.network_id])
    else:
        # A network behind the router may have subnets that it does not lead to, with whatever addresses.
        inside = [one for (one,) in db.tuples(INSIDE_OF, router_id=asked.router_id)]
        found = db.all(IN_SUBNETS, address=asked.address, ids=inside) if inside else []
    return found[0] if len(found) == 1 else None


def on_port_gone(heard: Callable[[Db, Port], None]) -> None:
    """Have this called with every port that is deleted, in the same transaction."""
    news.on_gone(heard)


__all__ = [
    "NO_FLOATING_ADDRESS_LEFT",
    "FloatingIp",
    "MetadataAsk",
    "MetadataReply",
    "Network",
    "NetworkWanted",
    "Port",
    "PortNews",
    "RuleCreate",
    "SecurityGroup",
    "SecurityGroupRule",
    "Subnet",
    "Viewer",
    "add_rule",
    "address_in",
    "create_floating_ip",
    "create_group",
    "delete_floating_ip",
    "delete_group",
    "delete_rule",
    "external_networks",
    "floating_ip_seen",
    "floating_ips_in",
    "group_seen",
    "group_to_change",
    "groups_in",
    "has_default_group",
    "interface_in",
    "make_default_group",
    "network_seen",
    "networks_of",
    "networks_seen",
    "ports_behind",
    "update_group",
]
