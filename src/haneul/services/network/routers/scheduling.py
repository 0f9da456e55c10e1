"""Which host a router is on: the least busy one that can carry its networks, once it has something to carry."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Query, by, columns_of
from haneul.services.network.agents import hosts
from haneul.services.network.agents.models import L3_AGENT
from haneul.services.network.networks.models import Network, networks
from haneul.services.network.placements import logic as placements
from haneul.services.network.ports import logic as ports
from haneul.services.network.ports import queries, wiring
from haneul.services.network.ports.models import ROUTER_GATEWAY, ROUTER_INTERFACE, Port
from haneul.services.network.ports.models import ports as port_table

ROUTER: Final = "router"
OWNERS = (ROUTER_INTERFACE, ROUTER_GATEWAY)
NETWORK = by(Network, networks, "id")
NETWORKS = Query(Network, columns_of(Network, networks).where(networks.c.id.in_(bindparam("ids", expanding=True))))
WAITING = (
    select(port_table.c.device_id)
    .where(port_table.c.device_owner.in_(OWNERS), port_table.c.vif_type != "bridge")
    .distinct()
    .limit(1000)
)


def ports_of(db: Db, router_id: str) -> list[Port]:
    """The ports of a router on its networks, the oldest first."""
    found = [port for port in db.all(queries.OF_DEVICE, device_id=router_id) if port.device_owner in OWNERS]
    return sorted(found, key=lambda port: (port.created_at, port.id))


def follow(db: Db, router_id: str) -> None:
    """Make a router's place fit its ports: all of them on its host, and no host for one without any.

    Call after every change of a router's ports.
    """
    mine = ports_of(db, router_id)
    placed = placements.hosts_of(db, ROUTER, router_id)
    if not mine:
        for host in placed:
            placements.take_away(db, ROUTER, router_id, host)
    elif placed:
        _bind(db, [port for port in mine if port.vif_type != "bridge"], placed[0])
        placements.changed(db, ROUTER, router_id)
    else:
        _place(db, router_id, mine)


def _place(db: Db, router_id: str, mine: Sequence[Port]) -> None:
    """Put a router on the least busy host that can carry it; without such a host it waits for one."""
    host = _chosen(db, _networks_of(db, mine))
    if host:
        _bind(db, mine, host)
        placements.put(db, ROUTER, router_id, host)


def _networks_of(db: Db, mine: Sequence[Port]) -> list[Network]:
    return db.all(NETWORKS, ids=list({port.network_id for port in mine}))


def _chosen(db: Db, carried: Sequence[Network]) -> str:
    fit = [agent.host for agent in hosts.live(db, L3_AGENT)]
    fit = [host for host in fit if not any(wiring.refusal(db, network, host) for network in carried)]
    if len(fit) < 2:
        return fit[0] if fit else ""
    loads = placements.counts(db, ROUTER)
    return min(fit, key=lambda host: (loads.get(host, 0), host))


def _bind(db: Db, unbound: Sequence[Port], host: str) -> None:
    for port in unbound:
        network = db.one(NETWORK, id=port.network_id)
        assert network is not None
        ports.bind(db, port, network, host)


def place_on(db: Db, router_id: str, host: str) -> None:
    """Give a router that has no host to this one. Repeatable."""
    if host not in placements.hosts_of(db, ROUTER, router_id):
        _bind(db, ports_of(db, router_id), host)
        placements.put(db, ROUTER, router_id, host)


def withdraw(db: Db, router_id: str, host: str) -> None:
    """Take a router from a host: its ports are nowhere then. Repeatable."""
    placements.take_away(db, ROUTER, router_id, host)
    for port in ports_of(db, router_id):
        if port.host == host:
            ports.unbind(db, port)


def serve_waiting(db: Db) -> None:
    """Try again with routers that no host could carry wholly when they came."""
    for (router_id,) in db.tuples(WAITING):
        follow(db, router_id)
