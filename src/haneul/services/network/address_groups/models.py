from sqlalchemy import Column, ForeignKey, Index, String

from haneul.kernel.db import Row, Table
from haneul.services.network.standard import Standard, standard_columns


class AddressGroup(Standard):
    """A set of networks that rules of security groups name together."""

    name: str


address_groups = Table(
    "network_address_groups",
    *standard_columns(),
    Column("name", String(255), nullable=False),
    Index("ix_network_address_groups_project_id", "project_id", "id"),
    Index("ix_network_address_groups_name", "name", "id"),
)


class GroupAddress(Row):
    """A network in an address group, with its prefix's length and without a host's bits."""

    address_group_id: str
    address: str


group_addresses = Table(
    "network_address_group_addresses",
    Column("address_group_id", String(36), ForeignKey("network_address_groups.id"), primary_key=True),
    Column("address", String(64), primary_key=True),
)
