from datetime import datetime

from sqlalchemy import Boolean, Column, Index, String

from haneul.kernel.db import Row, Table, Time


class Transfer(Row):
    """An offer of a volume to whoever knows its key, of which only `digest` is kept: HMAC-SHA256 under `salt`."""

    id: str
    volume_id: str
    project_id: str
    name: str | None
    salt: str
    digest: str
    no_snapshots: bool
    created_at: datetime


transfers = Table(
    "block_storage_transfers",
    Column("id", String(36), primary_key=True),
    Column("volume_id", String(36), nullable=False, unique=True),
    Column("project_id", String(64), nullable=False),
    Column("name", String(255)),
    Column("salt", String(32), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("no_snapshots", Boolean, nullable=False),
    Column("created_at", Time, nullable=False),
    Index("ix_block_storage_transfers_created_at", "created_at", "id"),
    Index("ix_block_storage_transfers_project_id", "project_id", "created_at", "id"),
)
