from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String

from haneul.kernel.db import Json, Row, Table
from haneul.services.network.standard import Standard, standard_columns


class Subnet(Standard):
    """Addresses of a network. Empty text where the API says null: no gateway, no pool, no IPv6 mode, no segment."""

    name: str
    network_id: str
    ip_version: int
    cidr: str
    gateway_ip: str
    enable_dhcp: bool
    ipv6_ra_mode: str
    ipv6_address_mode: str
    subnetpool_id: str
    segment_id: str
    dns_publish_fixed_ip: bool
    dns_nameservers: list[str]
    host_routes: list[dict[str, str]]
    service_types: list[str]

    @property
    def is_auto(self) -> bool:
        """Whether guests make their own addresses of the prefix (SLAAC, stateless DHCPv6)."""
        return self.ipv6_address_mode in ("slaac", "dhcpv6-stateless")


subnets = Table(
    "network_subnets",
    *standard_columns(),
    Column("name", String(255), nullable=False),
    Column("network_id", String(36), ForeignKey("network_networks.id"), nullable=False),
    Column("ip_version", Integer, nullable=False),
    Column("cidr", String(64), nullable=False),
    Column("gateway_ip", String(64), nullable=False),
    Column("enable_dhcp", Boolean, nullable=False),
    Column("ipv6_ra_mode", String(16), nullable=False),
    Column("ipv6_address_mode", String(16), nullable=False),
    Column("subnetpool_id", String(36), nullable=False),
    Column("segment_id", String(36), nullable=False),
    Column("dns_publish_fixed_ip", Boolean, nullable=False),
    Column("dns_nameservers", Json, nullable=False),
    Column("host_routes", Json, nullable=False),
    Column("service_types", Json, nullable=False),
    Index("ix_network_subnets_project_id", "project_id", "id"),
    Index("ix_network_subnets_network_id", "network_id"),
    Index("ix_network_subnets_subnetpool_id", "subnetpool_id"),
    Index("ix_network_subnets_name", "name", "id"),
)


class AllocationPool(Row):
    """A range of which ports get their addresses; `next` is where the search for a free one begins."""

    subnet_id: str
    number: int
    first: str
    last: str
    next: str


allocation_pools = Table(
    "network_allocation_pools",
    Column("subnet_id", String(36), ForeignKey("network_subnets.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("first", String(64), nullable=False),
    Column("last", String(64), nullable=False),
    Column("next", String(64), nullable=False),
)


def shown(value: Any) -> Any:
    """What the API says for empty text."""
    return value or None
