"""What agents tell of themselves: how much each has to do."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, func, select

from haneul.kernel.db import Db
from haneul.services.network.agents.models import BRIDGE_AGENT, DHCP_AGENT, L3_AGENT, NetworkAgent
from haneul.services.network.drivers.base import HostNetwork
from haneul.services.network.floating_ips.models import floating_ips
from haneul.services.network.host_plans.dhcp import LEASE_S
from haneul.services.network.networks.segments import OVERHEAD
from haneul.services.network.placements.models import placements
from haneul.services.network.ports.models import ROUTER_INTERFACE, ports
from haneul.services.network.routers.models import routers
from haneul.services.network.subnets.models import subnets

Counts = Mapping[str, int]
HOSTS: BindParameter[str] = bindparam("hosts", expanding=True)


def _per_host(kind: str) -> Select[Any]:
    """How many things of a kind there are by host; what is joined to them is counted in their place."""
    counted = select(placements.c.host, func.count()).where(placements.c.kind == kind, placements.c.host.in_(HOSTS))
    return counted.group_by(placements.c.host)


NETWORKS, ROUTERS, DEVICES = _per_host("dhcp"), _per_host("router"), _per_host("port")
SUBNETS = NETWORKS.join(subnets, subnets.c.network_id == placements.c.id).where(subnets.c.enable_dhcp.is_(True))
PORTS = NETWORKS.join(ports, ports.c.network_id == placements.c.id)
GATEWAYS = ROUTERS.join(routers, routers.c.id == placements.c.id).where(routers.c.gateway_port_id != "")
INTERFACES = ROUTERS.join(ports, ports.c.device_id == placements.c.id).where(ports.c.device_owner == ROUTER_INTERFACE)
FLOATING = ROUTERS.join(floating_ips, floating_ips.c.router_id == placements.c.id)
COUNTED: Mapping[str, Mapping[str, Select[Any]]] = {
    DHCP_AGENT: {"networks": NETWORKS, "subnets": SUBNETS, "ports": PORTS},
    L3_AGENT: {"routers": ROUTERS, "ex_gw_ports": GATEWAYS, "interfaces": INTERFACES, "floating_ips": FLOATING},
    BRIDGE_AGENT: {"devices": DEVICES},
}


def configurations_of(db: Db, found: Sequence[NetworkAgent]) -> dict[str, dict[str, Any]]:
    """What agents tell, by their ids, in a few queries."""
    counts = {binary: _counted(db, binary, [a.host for a in found if a.binary == binary]) for binary in COUNTED}
    told: dict[str, dict[str, Any]] = {}
    for agent in found:
        own = {name: by_host.get(agent.host, 0) for name, by_host in counts.get(agent.binary, {}).items()}
        told[agent.id] = {**own, **_settings(agent)}
    return told


def _counted(db: Db, binary: str, hosts: Sequence[str]) -> Mapping[str, Counts]:
    if not hosts:
        return {}
    return {name: dict(db.tuples(statement, hosts=hosts)) for name, statement in COUNTED[binary].items()}


def _settings(agent: NetworkAgent) -> dict[str, Any]:
    """What does not change while an agent runs, in the words of Neutron's agents."""
    own: dict[str, Any] = {"log_agent_heartbeats": False}
    if agent.binary == DHCP_AGENT:
        return own | {"dhcp_driver": "dnsmasq", "dhcp_lease_duration": LEASE_S}
    if agent.binary == L3_AGENT:
        return own | {"agent_mode": "legacy", "handle_internal_only_routers": True, "extensions": ["port_forwarding"]}
    return own | _carried(agent.network) if agent.binary == BRIDGE_AGENT else own


def _carried(network: HostNetwork) -> dict[str, Any]:
    return {
        "bridge_mappings": {},
        "physical_networks": list(network.physical_networks),
        "tunneling_ip": network.tunnel_ip,
        "tunnel_types": [kind for kind in network.types if kind in OVERHEAD],
        "l2_population": True,
        "extensions": [],
    }
