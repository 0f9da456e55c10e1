from typing import Any

from sqlalchemy import Boolean, Column, Index, String

from haneul.kernel.db import Json, Row, Table
from haneul.services.network.standard import Standard, standard_columns


class Router(Standard):
    """What joins networks. `gateway_network_id` and `gateway_port_id` are empty for one without an external gateway."""

    name: str
    admin_state_up: bool
    gateway_network_id: str
    gateway_port_id: str
    enable_snat: bool
    routes: list[dict[str, str]]
    availability_zone_hints: list[Any]


routers = Table(
    "network_routers",
    *standard_columns(),
    Column("name", String(255), nullable=False),
    Column("admin_state_up", Boolean, nullable=False),
    Column("gateway_network_id", String(36), nullable=False),
    Column("gateway_port_id", String(36), nullable=False),
    Column("enable_snat", Boolean, nullable=False),
    Column("routes", Json, nullable=False),
    Column("availability_zone_hints", Json, nullable=False),
    Index("ix_network_routers_project_id", "project_id", "id"),
    Index("ix_network_routers_name", "name", "id"),
    Index("ix_network_routers_gateway_network_id", "gateway_network_id"),
)


class Leg(Row):
    """An address of a router's port, with the subnet that it is of."""

    port_id: str
    device_owner: str
    network_id: str
    address: str
    subnet_id: str
    cidr: str
