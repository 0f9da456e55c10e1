from msgspec import Struct
from sqlalchemy import select

from haneul.kernel.db import Db
from haneul.services.network.agents.models import DHCP_AGENT, L3_AGENT, agents
from haneul.services.network.zones import ZONE

RESOURCES = {DHCP_AGENT: "network", L3_AGENT: "router"}
STATES = select(agents.c.binary, agents.c.admin_state_up).where(agents.c.binary.in_(RESOURCES)).distinct()


class Zone(Struct, frozen=True):
    """A zone of one type of resource: `available` while one of its agents may be given something to do."""

    name: str
    resource: str
    state: str


def list_(db: Db) -> list[Zone]:
    """The zones in which there are agents."""
    up: dict[str, bool] = {}
    for binary, is_up in db.tuples(STATES):
        up[binary] = up.get(binary, False) or is_up
    return [Zone(ZONE, RESOURCES[binary], "available" if up[binary] else "unavailable") for binary in sorted(up)]
