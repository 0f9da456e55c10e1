from datetime import datetime
from typing import Any

from sqlalchemy import Column, String

from haneul.kernel.db import Counter, Json, Row, Table, Time


class Waiting(Row):
    """An event that is committed and not yet published."""

    id: int
    event_type: str
    publisher: str
    payload: dict[str, Any]
    request_id: str
    created_at: datetime


outbox = Table(
    "outbox",
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("event_type", String(128), nullable=False),
    Column("publisher", String(128), nullable=False),
    Column("payload", Json, nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("created_at", Time, nullable=False),
)
