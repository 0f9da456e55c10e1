"""Checks of what the rows say of networks: hosts that are silent, things that could not be made, ports unbound."""

from collections.abc import Iterator

from sqlalchemy import bindparam, case, func, select

from haneul.cli.checks.finding import Finding, Subject
from haneul.cli.screen import duration
from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, columns_of
from haneul.services.network.agents.hosts import is_alive
from haneul.services.network.agents.models import BRIDGE_AGENT, NetworkAgent, agents
from haneul.services.network.placements.models import Placement, placements
from haneul.services.network.ports.models import Port, ports

MOST = 20
AGENTS = Query(
    NetworkAgent,
    columns_of(NetworkAgent, agents).where(agents.c.binary == bindparam("binary")).order_by(agents.c.host),
)
ERRORS = Query(
    Placement,
    columns_of(Placement, placements)
    .where(placements.c.error != "")
    .order_by(placements.c.host, placements.c.kind, placements.c.id)
    .limit(MOST),
)
UNBOUND = Query(
    Port,
    columns_of(Port, ports).where(ports.c.vif_type == bindparam("vif_type")).order_by(ports.c.id).limit(MOST),
)
NAMES = {
    "segment": "networks",
    "router": "routers",
    "port": "ports of servers",
    "group": "security groups",
    "dhcp": "DHCP servers",
}
IS_MADE = case((placements.c.generation == placements.c.observed_generation, 1), else_=0)
MADE_HERE = (
    select(placements.c.kind, func.count(), func.sum(IS_MADE))
    .where(placements.c.host == bindparam("host"))
    .group_by(placements.c.kind)
)
A_PORT_OF = {
    "segment": select(ports.c.id).where(ports.c.network_id == bindparam("id"), ports.c.host == bindparam("host")),
    "router": select(ports.c.id).where(ports.c.device_id == bindparam("id"), ports.c.host == bindparam("host")),
}


def silent_agents(subject: Subject) -> Iterator[Finding]:
    """Hosts whose network agent was not heard for a while; a cloud that doesn't run has none that could be."""
    if not subject.runs:
        return
    why = "A silent host goes on passing packets, but no change reaches it, and nothing new is put there."
    known = subject.store.read(lambda db: db.all(AGENTS, binary=BRIDGE_AGENT))
    silent = [agent for agent in known if not is_alive(agent)]
    for agent in silent:
        ago = duration((now() - agent.seen_at).total_seconds())
        fix = f"haneul status on {agent.host}; one that is gone for good: openstack network agent delete {agent.id}"
        yield Finding("wrong", f"The network agent of {agent.host} was last heard {ago} ago.", why, fix)
    if known and not silent:
        names = ", ".join(agent.host for agent in known)
        yield Finding("ok", f"The network agents of all hosts are heard: {names}.", why)


def unmade(subject: Subject) -> Iterator[Finding]:
    """What a host has said that it can't make."""
    why = "What a host can't make does not work there, whatever the API shows."
    found = subject.store.read(lambda db: [(one, _fix(db, one)) for one in db.all(ERRORS)])
    for one, fix in found:
        yield Finding("wrong", f"{one.host} could not make the {one.kind} {one.id}: {one.error}", why, fix)
    if not found:
        yield Finding("ok", "No host has refused to make a network, port, group or router.", why)


def _fix(db: Db, placed: Placement) -> str:
    """What explains it: by a port that suffers from it, where there is one."""
    if placed.kind == "port":
        return f"haneul why port {placed.id}"
    statement = A_PORT_OF.get(placed.kind)
    port_id = db.value(statement, id=placed.id, host=placed.host) if statement is not None else None
    if port_id is not None:
        return f"haneul why port {port_id}"
    return f"haneul logs --request {placed.request_id}" if placed.request_id else "haneul logs"


def unbound(subject: Subject) -> Iterator[Finding]:
    """Ports that no host could be given."""
    why = "A server whose port is not bound has no network."
    found = subject.store.read(lambda db: db.all(UNBOUND, vif_type="binding_failed"))
    for port in found:
        fact = f"The port {port.id} could not be bound to {port.host or 'a host'}: {port.binding_error}"
        yield Finding("wrong", fact, why, f"haneul why port {port.id}")
    if not found:
        yield Finding("ok", "No port failed to be bound.", why)


def made_here(subject: Subject) -> dict[str, dict[str, int]]:
    """What this host should have of networks, and what of it is made as the rows want it, by name."""
    assert subject.settings is not None
    host = subject.settings.host
    counted = {name: {"wanted": 0, "made": 0} for name in NAMES.values()}
    for kind, wanted, made in subject.store.read(lambda db: db.tuples(MADE_HERE, host=host)):
        counted[NAMES[kind]] = {"wanted": int(wanted), "made": int(made)}
    return counted
