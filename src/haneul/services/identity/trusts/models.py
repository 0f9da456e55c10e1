from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, UniqueConstraint

from haneul.kernel.db import Json, Row, Table, Time


class Trust(Row):
    """The trustor lets the trustee act in a project with some of his roles; under the trustor's own name where
    `is_impersonated`.

    Without `remaining_uses` it may be used for any number of tokens. `redelegation_count`: how often it may be passed
    on; one that was passed on names the trust that it came from. Ended trusts stay, with `deleted_at`, until a flush.
    """

    id: str
    trustor_user_id: str
    trustee_user_id: str
    project_id: str | None
    is_impersonated: bool
    expires_at: datetime | None
    remaining_uses: int | None
    redelegated_trust_id: str | None
    redelegation_count: int
    deleted_at: datetime | None
    created_at: datetime
    extra: dict[str, Any]


trusts = Table(
    "identity_trusts",
    Column("id", String(64), primary_key=True),
    Column("trustor_user_id", String(64), nullable=False),
    Column("trustee_user_id", String(64), nullable=False),
    Column("project_id", String(64)),
    Column("is_impersonated", Boolean, nullable=False),
    Column("expires_at", Time),
    Column("remaining_uses", Integer),
    Column("redelegated_trust_id", String(64)),
    Column("redelegation_count", Integer, nullable=False),
    Column("deleted_at", Time),
    Column("created_at", Time, nullable=False),
    Column("extra", Json, nullable=False),
    UniqueConstraint(
        "trustor_user_id",
        "trustee_user_id",
        "project_id",
        "is_impersonated",
        "expires_at",
        name="uq_identity_trusts_terms",
    ),
    Index("ix_identity_trusts_trustor_user_id", "trustor_user_id", "id"),
    Index("ix_identity_trusts_trustee_user_id", "trustee_user_id", "id"),
    Index("ix_identity_trusts_project_id", "project_id"),
    Index("ix_identity_trusts_redelegated_trust_id", "redelegated_trust_id"),
    Index("ix_identity_trusts_expires_at", "expires_at"),
    Index("ix_identity_trusts_deleted_at", "deleted_at"),
)


class TrustRole(Row):
    """A role that a trust delegates. It outlives the role itself: a trust never comes to mean less than was agreed."""

    trust_id: str
    role_id: str


trust_roles = Table(
    "identity_trust_roles",
    Column("trust_id", String(64), ForeignKey("identity_trusts.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", String(64), primary_key=True),
)
