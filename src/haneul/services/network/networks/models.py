from typing import Any

from sqlalchemy import Boolean, Column, Index, Integer, String

from haneul.kernel.db import Json, Row, Table
from haneul.services.network.standard import Standard, standard_columns


class Network(Standard):
    """A network. `segmentation_id` is a VLAN or VNI, 0 for a type without; `physical_network` is empty for tunnels."""

    name: str
    admin_state_up: bool
    mtu: int
    port_security_enabled: bool
    network_type: str
    physical_network: str
    segmentation_id: int
    is_external: bool
    is_default: bool
    dns_domain: str
    availability_zone_hints: list[Any]


networks = Table(
    "network_networks",
    *standard_columns(),
    Column("name", String(255), nullable=False),
    Column("admin_state_up", Boolean, nullable=False),
    Column("mtu", Integer, nullable=False),
    Column("port_security_enabled", Boolean, nullable=False),
    Column("network_type", String(16), nullable=False),
    Column("physical_network", String(64), nullable=False),
    Column("segmentation_id", Integer, nullable=False),
    Column("is_external", Boolean, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("dns_domain", String(255), nullable=False),
    Column("availability_zone_hints", Json, nullable=False),
    Index("ix_network_networks_project_id", "project_id", "id"),
    Index("ix_network_networks_name", "name", "id"),
)


class Claim(Row):
    """A segment that is a network's alone; networks of type local claim none."""

    network_type: str
    physical_network: str
    segmentation_id: int
    network_id: str


claims = Table(
    "network_segment_claims",
    Column("network_type", String(16), primary_key=True),
    Column("physical_network", String(64), primary_key=True),
    Column("segmentation_id", Integer, primary_key=True, autoincrement=False),
    Column("network_id", String(36), nullable=False, unique=True),
)
