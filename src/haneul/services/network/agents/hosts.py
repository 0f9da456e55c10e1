"""Hosts as they tell of themselves, and which of them may be chosen."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import bindparam, select

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of
from haneul.kernel.ids import new_uuid
from haneul.services.network.agents.models import AGENT_TYPES, BRIDGE_AGENT, NetworkAgent, agents
from haneul.services.network.drivers.base import HostNetwork
from haneul.services.network.wire import NetworkReport

DOWN_AFTER_S = 75.0
"""Neutron's `agent_down_time`."""
OF_HOST = by(NetworkAgent, agents, "host")
ONE = by(NetworkAgent, agents, "host", "binary")
LIVE = Query(
    NetworkAgent,
    columns_of(NetworkAgent, agents)
    .where(agents.c.binary == bindparam("binary"), agents.c.admin_state_up.is_(True))
    .where(agents.c.seen_at > bindparam("since"))
    .order_by(agents.c.host),
)
HOSTS = select(agents.c.host).where(agents.c.binary == BRIDGE_AGENT)


def heard(db: Db, report: NetworkReport, joined: Callable[[Db, str], None]) -> None:
    """Write down that a host lives, and what it can carry; `joined` is told of one that was away or is new."""
    known = {agent.binary: agent for agent in db.all(OF_HOST, host=report.host)}
    told, moment = msgspec.to_builtins(report.network), now()
    started_at = datetime.fromtimestamp(report.started_at, UTC)
    for binary in AGENT_TYPES.keys() - known.keys():
        fresh = NetworkAgent(new_uuid(), binary, report.host, True, "", told, moment, started_at, moment)
        db.insert(agents, fresh)
    db.update(agents, {"host": report.host}, told=told, seen_at=moment, started_at=started_at)
    if len(known) < len(AGENT_TYPES) or not all(is_alive(agent) for agent in known.values()):
        joined(db, report.host)


def is_alive(agent: NetworkAgent) -> bool:
    return now() - agent.seen_at < timedelta(seconds=DOWN_AFTER_S)


def live(db: Db, binary: str) -> list[NetworkAgent]:
    """The agents of a kind that may be given something to do."""
    return db.all(LIVE, binary=binary, since=now() - timedelta(seconds=DOWN_AFTER_S))


def network_of(db: Db, host: str) -> HostNetwork | None:
    """What a host can carry; None for one that was never heard of."""
    agent = db.one(ONE, host=host, binary=BRIDGE_AGENT)
    return agent.network if agent is not None else None


def other_hosts(db: Db, host: str) -> list[str]:
    """The names of the other hosts of this cloud."""
    return [name for (name,) in db.tuples(HOSTS) if name != host]
