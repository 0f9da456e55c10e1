from datetime import datetime

from sqlalchemy import Boolean, Column, Index, String

from haneul.kernel.db import Json, Row, Table, Time


class GroupType(Row):
    """A kind of group of volumes. `specs` say what its back ends have to offer."""

    id: str
    name: str
    description: str | None
    is_public: bool
    specs: dict[str, str | None]
    created_at: datetime
    updated_at: datetime


group_types = Table(
    "block_storage_group_types",
    Column("id", String(36), primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("description", String(255)),
    Column("is_public", Boolean, nullable=False),
    Column("specs", Json, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Index("ix_block_storage_group_types_created_at", "created_at", "id"),
)
