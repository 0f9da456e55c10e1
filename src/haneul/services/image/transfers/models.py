from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, String

from haneul.kernel.db import Counter, Json, Row, Table, Time

WANTED, RUNNING, DONE, FAILED, CANCELLED = "wanted", "running", "done", "failed", "cancelled"
UNFINISHED = (WANTED, RUNNING)


class Transfer(Row):
    """Bytes that an operation wants moved, and how far that is.

    `kind` says how, `input` from where; `location_id` is the location that they are to be at. `result` is what was
    learnt of them, `fault` why it could not be done.
    """

    id: int
    operation_id: int
    image_id: str
    kind: str
    input: dict[str, Any]
    location_id: int | None
    state: str
    moved_bytes: int
    result: dict[str, Any]
    fault: dict[str, Any] | None
    lease_owner: str
    lease_until: datetime
    created_at: datetime


transfers = Table(
    "image_transfers",
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("operation_id", BigInteger, nullable=False),
    Column("image_id", String(36), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("input", Json, nullable=False),
    Column("location_id", Integer),
    Column("state", String(16), nullable=False),
    Column("moved_bytes", BigInteger, nullable=False),
    Column("result", Json, nullable=False),
    Column("fault", Json),
    Column("lease_owner", String(64), nullable=False),
    Column("lease_until", Time, nullable=False),
    Column("created_at", Time, nullable=False),
    Index("ix_image_transfers_due", "state", "lease_until"),
    Index("ix_image_transfers_operation_id", "operation_id", "id"),
)
