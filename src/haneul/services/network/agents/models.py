from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Boolean, Column, Index, String, UniqueConstraint

from haneul.kernel.db import Json, Row, Table, Time
from haneul.services.network.drivers.base import HostNetwork

DHCP_AGENT, L3_AGENT = "neutron-dhcp-agent", "neutron-l3-agent"
METADATA_AGENT, BRIDGE_AGENT = "neutron-metadata-agent", "neutron-linuxbridge-agent"
AGENT_TYPES = {
    BRIDGE_AGENT: "Linux bridge agent",
    DHCP_AGENT: "DHCP agent",
    L3_AGENT: "L3 agent",
    METADATA_AGENT: "Metadata agent",
}
"""The parts that Neutron has on a host, which are one here: clients ask for these names."""


class NetworkAgent(Row):
    """A part of network on a host. `told` is what the host says that it can carry, as `HostNetwork`."""

    id: str
    binary: str
    host: str
    admin_state_up: bool
    description: str
    told: dict[str, Any]
    created_at: datetime
    started_at: datetime
    seen_at: datetime

    @property
    def network(self) -> HostNetwork:
        return msgspec.convert(self.told, HostNetwork)


agents = Table(
    "network_agents",
    Column("id", String(36), primary_key=True),
    Column("binary", String(64), nullable=False),
    Column("host", String(255), nullable=False),
    Column("admin_state_up", Boolean, nullable=False),
    Column("description", String(255), nullable=False),
    Column("told", Json, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("started_at", Time, nullable=False),
    Column("seen_at", Time, nullable=False),
    UniqueConstraint("host", "binary"),
    Index("ix_network_agents_binary", "binary", "host"),
)
