from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, UniqueConstraint

from haneul.kernel.db import Counter, Json, Row, Table, Time


class User(Row):
    """A user of a domain.

    `password_expires_at` is that of the password that counts: it stands here so that lists need no join.
    `last_active_at` is the first moment of the last day on which the user logged in by password or passcode, or was
    enabled.
    """

    id: str
    domain_id: str
    name: str
    enabled: bool
    default_project_id: str | None
    options: dict[str, Any]
    extra: dict[str, Any]
    created_at: datetime
    password_expires_at: datetime | None = None
    last_active_at: datetime | None = None


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
    Column("password_expires_at", Time),
    Column("last_active_at", Time),
    UniqueConstraint("domain_id", "name"),
    Index("ix_identity_users_name", "name", "id"),
    Index("ix_identity_users_listed", "domain_id", "name", "id"),
    Index("ix_identity_users_default_project_id", "default_project_id"),
    Index("ix_identity_users_password_expires_at", "password_expires_at"),
)


class Password(Row):
    """A password that a user has or had, as a hash; his newest row is the one that counts.

    Without a hash the user has none: his former ones are kept all the same, since he may not come back to them.
    `is_self_service`: he chose it himself, so that it must reach its minimum age.
    """

    id: int
    user_id: str
    hash: str | None
    created_at: datetime
    is_self_service: bool


passwords = Table(
    "identity_passwords",
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("user_id", String(64), ForeignKey("identity_users.id", ondelete="CASCADE"), nullable=False),
    Column("hash", String(255)),
    Column("created_at", Time, nullable=False),
    Column("is_self_service", Boolean, nullable=False, default=False),
    Index("ix_identity_passwords_user_id", "user_id", "id"),
)


class LoginFailures(Row):
    """How many wrong proofs a user has given in a row, and when the last one was; users without any have no row."""

    user_id: str
    count: int
    failed_at: datetime


login_failures = Table(
    "identity_login_failures",
    Column("user_id", String(64), ForeignKey("identity_users.id", ondelete="CASCADE"), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("failed_at", Time, nullable=False),
)
