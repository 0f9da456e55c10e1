from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, bindparam

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of, fields
from haneul.kernel.db.listing import Clause, Listing
from haneul.kernel.errors import NotFound
from haneul.services.network.agents.hosts import DOWN_AFTER_S
from haneul.services.network.agents.models import AGENT_TYPES, NetworkAgent, agents
from haneul.services.network.agents.schemas import IN_ZONES, TOPICS, AgentUpdate
from haneul.services.network.lists import Asked, boolean, fetched
from haneul.services.network.zones import ZONE

BY_ID = by(NetworkAgent, agents, "id")
ON_HOSTS = Query(
    NetworkAgent,
    columns_of(NetworkAgent, agents)
    .where(agents.c.binary == bindparam("binary"), agents.c.host.in_(bindparam("hosts", expanding=True)))
    .order_by(agents.c.host),
)
LISTING = Listing(
    NetworkAgent,
    agents,
    filters={name: agents.c[name] for name in ("id", "binary", "host", "admin_state_up", "description")},
    sorts={
        **{name: agents.c[name] for name in ("id", "binary", "host", "admin_state_up", "created_at", "started_at")},
        # The names of types sort as the names of binaries do.
        "agent_type": agents.c.binary,
        "topic": agents.c.binary,
        "heartbeat_timestamp": agents.c.seen_at,
    },
    default_sort=(("host", "asc"), ("binary", "asc")),
)
SAID_BY_BINARY: Mapping[str, Mapping[str, str]] = {
    "agent_type": AGENT_TYPES,
    "topic": TOPICS,
    "availability_zone": dict.fromkeys(IN_ZONES, ZONE),
}
"""What views tell of an agent that only its binary decides."""


def get(db: Db, agent_id: str) -> NetworkAgent:
    """The agent; NotFound."""
    agent = db.one(BY_ID, id=agent_id)
    if agent is None:
        raise NotFound("Agent {id} could not be found.", kind="AgentNotFound", id=agent_id)
    return agent


def list_(db: Db, wanted: Asked, clauses: Sequence[Clause]) -> list[NetworkAgent]:
    return fetched(db, LISTING, wanted, clauses)


def on_hosts(db: Db, binary: str, hosts: Sequence[str]) -> list[NetworkAgent]:
    """The agents of a kind on these hosts."""
    return db.all(ON_HOSTS, binary=binary, hosts=list(hosts)) if hosts else []


def clauses(parameters: Mapping[str, Sequence[str]]) -> list[Clause]:
    """The conditions of a list's query that are no columns."""
    found = [
        _of_binaries(name, [binary for binary, said in by_binary.items() if _is_named(said, parameters[name])])
        for name, by_binary in SAID_BY_BINARY.items()
        if name in parameters
    ]
    alive = parameters.get("alive", ())[-1:]
    return [*found, *(_alive(is_wanted=boolean("alive", value)) for value in alive)]


def _is_named(said: str | None, words: Sequence[str]) -> bool:
    """Clients write `DHCP Agent` as well as `DHCP agent`, which Neutron's usual database takes for the same."""
    return said is not None and said.casefold() in [word.casefold() for word in words]


def _of_binaries(name: str, binaries: list[str]) -> Clause:
    parameter = f"of_{name}"
    return Clause(name, lambda: agents.c.binary.in_(bindparam(parameter, expanding=True)), {parameter: binaries})


def _alive(*, is_wanted: bool) -> Clause:
    def build() -> ColumnElement[bool]:
        since = bindparam("since", type_=agents.c.seen_at.type)
        return agents.c.seen_at > since if is_wanted else agents.c.seen_at <= since

    return Clause(f"alive {is_wanted}", build, {"since": now() - timedelta(seconds=DOWN_AFTER_S)})


def update(db: Db, agent: NetworkAgent, wanted: AgentUpdate) -> NetworkAgent:
    """Change an agent: one that is down gets nothing more to do."""
    changes = {name: value or "" if name == "description" else value for name, value in fields(wanted).items()}
    if changes:
        db.update(agents, {"id": agent.id}, **changes)
    return get(db, agent.id)


def forget(db: Db, agent: NetworkAgent) -> None:
    """Delete an agent's row; one that lives makes it anew with its next heartbeat."""
    db.delete(agents, id=agent.id)
