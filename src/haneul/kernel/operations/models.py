from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Index, Integer, String

from haneul.kernel.db import Counter, Json, Row, Table, Time

UNFINISHED = ("ready", "running", "waiting", "undoing")


class OperationRow(Row):
    """A journalled piece of work. `step` is the next step to do, or while undoing the next to undo."""

    id: int
    name: str
    resource_id: str
    project_id: str | None
    user_id: str
    request_id: str
    state: str
    step: int
    journal: list[dict[str, Any]]
    input: dict[str, Any]
    memo: dict[str, Any]
    error: dict[str, Any] | None
    is_cancelled: bool
    lease_owner: str
    lease_until: datetime
    epoch: int
    retry_at: datetime
    step_deadline: datetime | None
    created_at: datetime
    updated_at: datetime


operations = Table(
    "operations",
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False),
    Column("resource_id", String(64), nullable=False),
    Column("project_id", String(64)),
    Column("user_id", String(64), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("step", Integer, nullable=False),
    Column("journal", Json, nullable=False),
    Column("input", Json, nullable=False),
    Column("memo", Json, nullable=False),
    Column("error", Json),
    Column("is_cancelled", Boolean, nullable=False),
    Column("lease_owner", String(64), nullable=False),
    Column("lease_until", Time, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("retry_at", Time, nullable=False),
    Column("step_deadline", Time),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Index("ix_operations_due", "state", "retry_at"),
    Index("ix_operations_resource", "resource_id", "id"),
    Index("ix_operations_request", "request_id"),
)
