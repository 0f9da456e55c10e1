from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import Column, Index, String

from haneul.kernel.db import Row, Table, Time

ScopeKind = Literal["", "project", "domain", "system"]


class Payload(msgspec.Struct, frozen=True, array_like=True):
    """What a token holds under encryption; moments in microseconds. `audit_ids`: its own, and its first ancestor's."""

    user_id: str
    methods: tuple[str, ...]
    scope_kind: ScopeKind
    scope_id: str
    issued_at: int
    expires_at: int
    audit_ids: tuple[str, ...]


class Revocation(Row):
    """A token that was revoked by name; the row may go once the token has expired."""

    audit_id: str
    expires_at: datetime


revocations = Table(
    "identity_revocations",
    Column("audit_id", String(64), primary_key=True),
    Column("expires_at", Time, nullable=False),
    Index("ix_identity_revocations_expires_at", "expires_at"),
)
