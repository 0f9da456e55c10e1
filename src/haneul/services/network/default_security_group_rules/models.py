from sqlalchemy import Boolean, Column, Integer, String

from haneul.kernel.db import Row, Table
from haneul.services.network.standard import Standard, standard_columns

PARENT = "PARENT"
"""In place of a remote group: the group itself that gets the rule."""


class DefaultRule(Standard):
    """A rule that new groups get: projects' default groups, all others, or both. Columns as those of a group's rule."""

    direction: str
    ethertype: str
    protocol: str
    port_range_min: int
    port_range_max: int
    remote_ip_prefix: str
    remote_group_id: str
    remote_address_group_id: str
    fingerprint: str
    used_in_default_sg: bool
    used_in_non_default_sg: bool


default_rules = Table(
    "network_default_security_group_rules",
    *standard_columns(),
    Column("direction", String(8), nullable=False),
    Column("ethertype", String(4), nullable=False),
    Column("protocol", String(40), nullable=False),
    Column("port_range_min", Integer, nullable=False),
    Column("port_range_max", Integer, nullable=False),
    Column("remote_ip_prefix", String(64), nullable=False),
    Column("remote_group_id", String(36), nullable=False),
    Column("remote_address_group_id", String(36), nullable=False),
    Column("fingerprint", String(160), nullable=False),
    Column("used_in_default_sg", Boolean, nullable=False),
    Column("used_in_non_default_sg", Boolean, nullable=False),
)


class Sown(Row):
    """That the first rules are there, or were: what an operator deletes stays deleted."""

    name: str


sown = Table(
    "network_default_rules_sown",
    Column("name", String(32), primary_key=True),
)
