from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, UniqueConstraint

from haneul.kernel.db import Row, Table
from haneul.services.network.standard import Standard, standard_columns

DEFAULT = "default"
"""The name of the group that every project has, and that ports get which name none."""


class SecurityGroup(Standard):
    """A set of rules that ports have in common."""

    name: str
    stateful: bool


security_groups = Table(
    "network_security_groups",
    *standard_columns(),
    Column("name", String(255), nullable=False),
    Column("stateful", Boolean, nullable=False),
    Index("ix_network_security_groups_project_id", "project_id", "id"),
    Index("ix_network_security_groups_name", "name", "id"),
)


class DefaultGroup(Row):
    """Which group is a project's default one: it can have only one, however many requests make it at once."""

    project_id: str
    security_group_id: str


default_groups = Table(
    "network_default_security_groups",
    Column("project_id", String(255), primary_key=True),
    Column("security_group_id", String(36), nullable=False, unique=True),
)


class SecurityGroupRule(Standard):
    """What a group lets through. Empty text where the API says null; -1 where a port or ICMP type is not said.

    `fingerprint` says what the rule matches: a group has no two rules that match the same.
    """

    security_group_id: str
    direction: str
    ethertype: str
    protocol: str
    port_range_min: int
    port_range_max: int
    remote_ip_prefix: str
    remote_group_id: str
    remote_address_group_id: str
    fingerprint: str
    belongs_to_default_sg: bool


security_group_rules = Table(
    "network_security_group_rules",
    *standard_columns(),
    Column("security_group_id", String(36), ForeignKey("network_security_groups.id"), nullable=False),
    Column("direction", String(8), nullable=False),
    Column("ethertype", String(4), nullable=False),
    Column("protocol", String(40), nullable=False),
    Column("port_range_min", Integer, nullable=False),
    Column("port_range_max", Integer, nullable=False),
    Column("remote_ip_prefix", String(64), nullable=False),
    Column("remote_group_id", String(36), nullable=False),
    Column("remote_address_group_id", String(36), nullable=False),
    Column("fingerprint", String(160), nullable=False),
    Column("belongs_to_default_sg", Boolean, nullable=False),
    UniqueConstraint("security_group_id", "fingerprint", name="uq_network_security_group_rules_once"),
    Index("ix_network_security_group_rules_group", "security_group_id", "id"),
    Index("ix_network_security_group_rules_project_id", "project_id", "id"),
    Index("ix_network_security_group_rules_remote", "remote_group_id"),
    Index("ix_network_security_group_rules_address_group", "remote_address_group_id"),
)
