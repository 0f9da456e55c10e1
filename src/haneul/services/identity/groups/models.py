from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, String, UniqueConstraint

from haneul.kernel.db import Json, Row, Table, Text, Time


class Group(Row):
    """A group of users, of a domain: its roles are its members'."""

    id: str
    domain_id: str
    name: str
    description: str
    extra: dict[str, Any]
    created_at: datetime


groups = Table(
    "identity_groups",
    Column("id", String(64), primary_key=True),
    Column("domain_id", String(64), ForeignKey("identity_projects.id"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("description", Text, nullable=False),
    Column("extra", Json, nullable=False),
    Column("created_at", Time, nullable=False),
    UniqueConstraint("domain_id", "name"),
    Index("ix_identity_groups_name", "name", "id"),
)


class Membership(Row):
    """A user is in a group."""

    user_id: str
    group_id: str


memberships = Table(
    "identity_memberships",
    Column("user_id", String(64), ForeignKey("identity_users.id", ondelete="CASCADE"), primary_key=True),
    Column("group_id", String(64), ForeignKey("identity_groups.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_identity_memberships_group_id", "group_id"),
)
