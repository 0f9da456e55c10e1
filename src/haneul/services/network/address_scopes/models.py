from sqlalchemy import Column, Index, Integer, String

from haneul.kernel.db import Table
from haneul.services.network.standard import Standard, standard_columns


class AddressScope(Standard):
    """Pools within which addresses don't overlap, and may be routed without NAT."""

    name: str
    ip_version: int


address_scopes = Table(
    "network_address_scopes",
    *standard_columns(),
    Column("name", String(255), nullable=False),
    Column("ip_version", Integer, nullable=False),
    Index("ix_network_address_scopes_project_id", "project_id", "id"),
    Index("ix_network_address_scopes_name", "name", "id"),
)
