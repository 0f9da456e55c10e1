from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String

from haneul.kernel.db import Json, Table
from haneul.services.network.standard import Standard, standard_columns


class SubnetPool(Standard):
    """Prefixes of which subnets are made. `default_quota` 0 is none: IPv4 addresses, or IPv6 /64s, per project.

    `turns` grows whenever somebody takes of the prefixes or changes them: two who do so at once stand in line by it.
    """

    name: str
    ip_version: int
    prefixes: list[Any]
    min_prefixlen: int
    max_prefixlen: int
    default_prefixlen: int
    default_quota: int
    is_default: bool
    address_scope_id: str
    turns: int


subnet_pools = Table(
    "network_subnet_pools",
    *standard_columns(),
    Column("name", String(255), nullable=False),
    Column("ip_version", Integer, nullable=False),
    Column("prefixes", Json, nullable=False),
    Column("min_prefixlen", Integer, nullable=False),
    Column("max_prefixlen", Integer, nullable=False),
    Column("default_prefixlen", Integer, nullable=False),
    Column("default_quota", BigInteger, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("address_scope_id", String(36), nullable=False),
    Column("turns", BigInteger, nullable=False),
    Index("ix_network_subnet_pools_project_id", "project_id", "id"),
    Index("ix_network_subnet_pools_name", "name", "id"),
    Index("ix_network_subnet_pools_address_scope_id", "address_scope_id"),
)
