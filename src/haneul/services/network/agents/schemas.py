from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from haneul.kernel.clock import iso_seconds
from haneul.kernel.schema import StrictBody, Text255, View
from haneul.services.network.agents.models import (
    AGENT_TYPES,
    BRIDGE_AGENT,
    DHCP_AGENT,
    L3_AGENT,
    METADATA_AGENT,
    NetworkAgent,
)
from haneul.services.network.zones import ZONE

TOPICS = {BRIDGE_AGENT: "N/A", DHCP_AGENT: "dhcp_agent", L3_AGENT: "l3_agent", METADATA_AGENT: "N/A"}
IN_ZONES = (DHCP_AGENT, L3_AGENT)


class AgentUpdate(StrictBody):
    admin_state_up: bool | UnsetType = UNSET
    description: Text255 | None | UnsetType = UNSET


class AgentView(View):
    id: str
    agent_type: str
    binary: str
    topic: str
    host: str
    availability_zone: str | None
    admin_state_up: bool
    alive: bool
    description: str | None
    configurations: dict[str, Any]
    created_at: str
    started_at: str
    heartbeat_timestamp: str
    resources_synced: None = None


class RouterAgentView(AgentView):
    """An agent as one of a router's; the state is of highly available routers, of which there are none."""

    ha_state: None = None


def agent_fields(agent: NetworkAgent, configurations: dict[str, Any], *, is_alive: bool) -> dict[str, Any]:
    """What a view shows of an agent."""
    return {
        "id": agent.id,
        "agent_type": AGENT_TYPES[agent.binary],
        "binary": agent.binary,
        "topic": TOPICS[agent.binary],
        "host": agent.host,
        "availability_zone": ZONE if agent.binary in IN_ZONES else None,
        "admin_state_up": agent.admin_state_up,
        "alive": is_alive,
        "description": agent.description or None,
        "configurations": configurations,
        "created_at": _moment(agent.created_at),
        "started_at": _moment(agent.started_at),
        "heartbeat_timestamp": _moment(agent.seen_at),
    }


def _moment(moment: datetime) -> str:
    """`2026-01-31 09:30:00`, as Neutron writes the times of agents alone."""
    return iso_seconds(moment)[:19].replace("T", " ")
