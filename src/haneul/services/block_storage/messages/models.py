from datetime import datetime

from sqlalchemy import Column, Index, String

from haneul.kernel.db import Row, Table, Time


class Message(Row):
    """What went wrong with a project's resource after its request was accepted, in Cinder's numbers.

    `action` is what was being done, `detail` why it failed; the message may be forgotten after `expires_at`.
    """

    id: str
    project_id: str
    request_id: str
    resource_type: str
    resource_uuid: str
    action: str
    detail: str
    event_id: str
    message_level: str
    expires_at: datetime
    created_at: datetime


messages = Table(
    "block_storage_messages",
    Column("id", String(36), primary_key=True),
    Column("project_id", String(64), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("resource_type", String(36), nullable=False),
    Column("resource_uuid", String(36), nullable=False),
    Column("action", String(3), nullable=False),
    Column("detail", String(3), nullable=False),
    Column("event_id", String(64), nullable=False),
    Column("message_level", String(16), nullable=False),
    Column("expires_at", Time, nullable=False),
    Column("created_at", Time, nullable=False),
    Index("ix_block_storage_messages_project_id", "project_id", "created_at", "id"),
    Index("ix_block_storage_messages_created_at", "created_at", "id"),
    Index("ix_block_storage_messages_expires_at", "expires_at"),
)
