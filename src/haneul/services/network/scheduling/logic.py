"""Moving networks' DHCP servers and routers between hosts by hand, as Neutron's schedulers let an admin."""

from collections.abc import Sequence

from sqlalchemy import bindparam

from haneul.kernel.db import Db, Query, columns_of
from haneul.kernel.errors import Conflict, NotFound
from haneul.services.network.agents import logic as agents
from haneul.services.network.agents.models import DHCP_AGENT, L3_AGENT, NetworkAgent
from haneul.services.network.dhcp import logic as dhcp
from haneul.services.network.networks import logic as networks
from haneul.services.network.networks.models import Network
from haneul.services.network.networks.models import networks as network_table
from haneul.services.network.placements import logic as placements
from haneul.services.network.ports import wiring
from haneul.services.network.routers import logic as routers
from haneul.services.network.routers import scheduling as routing
from haneul.services.network.routers.models import Router
from haneul.services.network.routers.models import routers as router_table

NETWORKS = Query(
    Network,
    columns_of(Network, network_table)
    .where(network_table.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(network_table.c.id),
)
ROUTERS = Query(
    Router,
    columns_of(Router, router_table)
    .where(router_table.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(router_table.c.id),
)
MANY = 500


def networks_on(db: Db, agent: NetworkAgent) -> list[Network]:
    """The networks that a DHCP agent serves."""
    ids = [placed.id for placed in placements.on_host(db, "dhcp", agent.host)] if agent.binary == DHCP_AGENT else []
    return [network for part in _parts(ids) for network in db.all(NETWORKS, ids=part)]


def routers_on(db: Db, agent: NetworkAgent) -> list[Router]:
    """The routers that an L3 agent has."""
    ids = [placed.id for placed in placements.on_host(db, "router", agent.host)] if agent.binary == L3_AGENT else []
    return [router for part in _parts(ids) for router in db.all(ROUTERS, ids=part)]


def _parts(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + MANY] for start in range(0, len(ids), MANY)]


def servers_of(db: Db, network_id: str) -> list[NetworkAgent]:
    """The DHCP agents that serve a network."""
    return agents.on_hosts(db, DHCP_AGENT, placements.hosts_of(db, "dhcp", network_id))


def hosts_of(db: Db, router_id: str) -> list[NetworkAgent]:
    """The L3 agents that have a router."""
    return agents.on_hosts(db, L3_AGENT, placements.hosts_of(db, "router", router_id))


def serve(db: Db, agent: NetworkAgent, network_id: str) -> None:
    """Have a DHCP agent serve a network; NotFound for another or one that is down, Conflict if it does so or can't."""
    network = networks.get(db, network_id)
    if agent.binary != DHCP_AGENT or not agent.admin_state_up:
        raise NotFound(
            "Agent {id} is not a valid DHCP Agent or has been disabled.", kind="InvalidDHCPAgent", id=agent.id
        )
    if agent.host in placements.hosts_of(db, "dhcp", network.id):
        raise Conflict(
            "The network {network_id} has been already hosted by the DHCP Agent {agent_id}.",
            kind="NetworkHostedByDHCPAgent",
            network_id=network.id,
            agent_id=agent.id,
        )
    _refuse_unfit(db, agent, network)
    dhcp.serve_on(db, network, agent.host)


def _refuse_unfit(db: Db, agent: NetworkAgent, network: Network) -> None:
    reason = wiring.refusal(db, network, agent.host)
    if reason:
        raise Conflict(
            "The host {host} can't carry the network {id}: {reason}", host=agent.host, id=network.id, reason=reason
        )


def stop_serving(db: Db, agent: NetworkAgent, network_id: str) -> None:
    """End a network's server on an agent; Conflict if it has none there."""
    if agent.binary != DHCP_AGENT or agent.host not in placements.hosts_of(db, "dhcp", network_id):
        raise Conflict(
            "The network {network_id} is not hosted by the DHCP agent {agent_id}.",
            kind="NetworkNotHostedByDhcpAgent",
            network_id=network_id,
            agent_id=agent.id,
        )
    dhcp.withdraw(db, networks.get(db, network_id), agent.host)


def place_router(db: Db, agent: NetworkAgent, router_id: str) -> None:
    """Give an L3 agent a router that has none; NotFound for another or one that is down, Conflict if it can't be."""
    router = routers.get(db, router_id)
    if agent.binary != L3_AGENT or not agent.admin_state_up:
        raise NotFound("Agent {id} is not a L3 Agent or has been disabled", kind="InvalidL3Agent", id=agent.id)
    present = hosts_of(db, router.id)
    if any(one.id == agent.id for one in present):
        return
    if present:
        raise Conflict(
            "The router {router_id} has been already hosted by the L3 Agent {agent_id}.",
            kind="RouterHostedByL3Agent",
            router_id=router.id,
            agent_id=present[0].id,
        )
    for port in routing.ports_of(db, router.id):
        _refuse_unfit(db, agent, networks.get(db, port.network_id))
    routing.place_on(db, router.id, agent.host)


def take_router(db: Db, agent: NetworkAgent, router_id: str) -> None:
    """Take a router from an agent; it is nowhere then, until something about it changes. Repeatable."""
    router = routers.get(db, router_id)
    if agent.binary == L3_AGENT:
        routing.withdraw(db, router.id, agent.host)


def remove_agent(db: Db, agent: NetworkAgent, dhcp_servers: int) -> None:
    """Delete an agent: what it had to do, others get to do."""
    networks_left, routers_left = networks_on(db, agent), routers_on(db, agent)
    agents.forget(db, agent)
    for network in networks_left:
        dhcp.withdraw(db, network, agent.host)
    for router in routers_left:
        routing.withdraw(db, router.id, agent.host)
    if networks_left:
        dhcp.serve_waiting(db, dhcp_servers)
    for router in routers_left:
        routing.follow(db, router.id)
