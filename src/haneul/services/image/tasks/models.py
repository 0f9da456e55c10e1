from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, String

from haneul.kernel.db import Json, Row, Table, Text, Time


class Task(Row):
    """What was asked of the service to be done in the background, and how it went, in Glance's words.

    `status`: pending, processing, success or failure. `expires_at` is set once it has ended.
    """

    id: str
    type: str
    status: str
    project_id: str | None
    image_id: str | None
    user_id: str | None
    request_id: str | None
    input: dict[str, Any]
    result: dict[str, Any] | None
    message: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None


tasks = Table(
    "image_tasks",
    Column("id", String(36), primary_key=True),
    Column("type", String(30), nullable=False),
    Column("status", String(30), nullable=False),
    Column("project_id", String(255)),
    Column("image_id", String(36)),
    Column("user_id", String(64)),
    Column("request_id", String(64)),
    Column("input", Json, nullable=False),
    Column("result", Json),
    Column("message", Text, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Column("expires_at", Time),
    Index("ix_image_tasks_created_at", "created_at", "id"),
    Index("ix_image_tasks_project_id", "project_id", "created_at", "id"),
    Index("ix_image_tasks_image_id", "image_id", "created_at"),
    Index("ix_image_tasks_expires_at", "expires_at"),
)
