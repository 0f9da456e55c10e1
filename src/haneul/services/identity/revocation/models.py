from datetime import datetime

from sqlalchemy import Column, Index, String

from haneul.kernel.db import Counter, Row, Table, Time


class RevocationEvent(Row):
    """Which tokens issued until `issued_before` count no longer: those of all that is named here.

    The row may go at `expires_at`, when no such token would count anyway.
    """

    id: int
    audit_id: str | None
    user_id: str | None
    project_id: str | None
    domain_id: str | None
    trust_id: str | None
    issued_before: datetime
    revoked_at: datetime
    expires_at: datetime


revocation_events = Table(
    "identity_revocation_events",
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("audit_id", String(64)),
    Column("user_id", String(64)),
    Column("project_id", String(64)),
    Column("domain_id", String(64)),
    Column("trust_id", String(64)),
    Column("issued_before", Time, nullable=False),
    Column("revoked_at", Time, nullable=False),
    Column("expires_at", Time, nullable=False),
    Index("ix_identity_revocation_events_audit_id", "audit_id"),
    Index("ix_identity_revocation_events_user_id", "user_id", "issued_before"),
    Index("ix_identity_revocation_events_project_id", "project_id", "issued_before"),
    Index("ix_identity_revocation_events_domain_id", "domain_id", "issued_before"),
    Index("ix_identity_revocation_events_trust_id", "trust_id", "issued_before"),
    Index("ix_identity_revocation_events_revoked_at", "revoked_at"),
    Index("ix_identity_revocation_events_expires_at", "expires_at"),
)
