from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, String

from haneul.kernel.db import Counter, Json, Row, Table, Time


class AuditRecord(Row):
    """Something that was done, or tried, in identity: who did it, from where, to what.

    `action` as notifications name it (`created`, `updated`, `deleted`, `authenticate`); `outcome`: success or failure.
    `domain_id` and `project_id` are those whose readers may see it; empty for what concerns the whole cloud. `sequence`
    and `seal` come with the seal: the record's place in the chain, and a digest over it and the seal before.
    """

    id: int
    sequence: int | None
    seal: str
    moment: datetime
    resource: str
    action: str
    target_id: str
    outcome: str
    user_id: str
    domain_id: str
    project_id: str
    initiator: dict[str, Any]
    details: dict[str, Any]
    request_id: str


audit_records = Table(
    "identity_audit_records",
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("sequence", BigInteger, unique=True),
    Column("seal", String(64), nullable=False),
    Column("moment", Time, nullable=False),
    Column("resource", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("target_id", String(255), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("domain_id", String(64), nullable=False),
    Column("project_id", String(64), nullable=False),
    Column("initiator", Json, nullable=False),
    Column("details", Json, nullable=False),
    Column("request_id", String(64), nullable=False),
    Index("ix_identity_audit_records_domain_id", "domain_id", "sequence"),
    Index("ix_identity_audit_records_project_id", "project_id", "sequence"),
    Index("ix_identity_audit_records_user_id", "user_id", "sequence"),
    Index("ix_identity_audit_records_target_id", "target_id", "sequence"),
)


class ChainHead(Row):
    """One row, `id` 1: the last sealed record's sequence and seal."""

    id: int
    sequence: int
    seal: str


chain_heads = Table(
    "identity_audit_chain",
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("seal", String(64), nullable=False),
)
