from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, UniqueConstraint

from haneul.kernel.db import Counter, Json, Row, Table, Time


class User(Row):
    """A user of a domain."""

    id: str
    domain_id: str
    name: str
    enabled: bool
    default_project_id: str | None
    options: dict[str, Any]
    extra: dict[str, Any]
    created_at: datetime


users = Table(
    "identity_users",
    Column("id", String(64), primary_key=True),
    Column("domain_id", String(64), ForeignKey("identity_projects.id"), nullable=False),
    Column("name", String(255), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("default_project_id", String(64)),
    Column("options", Json, nullable=False),
    Column("extra", Json, nullable=False),
    Column("created_at", Time, nullable=False),
    UniqueConstraint("domain_id", "name"),
    Index("ix_identity_users_name", "name", "id"),
    Index("ix_identity_users_listed", "domain_id", "name", "id"),
    Index("ix_identity_users_default_project_id", "default_project_id"),
)


class Password(Row):
    """A user's password as a hash."""

    id: int
    user_id: str
    hash: str
    created_at: datetime
    expires_at: datetime | None


passwords = Table(
    "identity_passwords",
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("user_id", String(64), ForeignKey("identity_users.id", ondelete="CASCADE"), nullable=False),
    Column("hash", String(255), nullable=False),
    Column("created_at", Time, nullable=False),
    Column("expires_at", Time),
    Index("ix_identity_passwords_user_id", "user_id", "id"),
)
