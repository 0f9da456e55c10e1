from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Integer, String, UniqueConstraint

from haneul.kernel.db import Row, Table, Time


class Provider(Row):
    """Something that has resources: a host, a part of one, a shared disk pool.

    `generation` counts the changes to what it has and gives; whoever changes that holds the row by counting it up.
    """

    id: str
    name: str
    generation: int
    parent_id: str | None
    root_id: str
    created_at: datetime
    updated_at: datetime


providers = Table(
    "placement_resource_providers",
    Column("id", String(36), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("parent_id", String(36), ForeignKey("placement_resource_providers.id")),
    Column("root_id", String(36), nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    UniqueConstraint("name"),
    Index("ix_placement_resource_providers_parent_id", "parent_id"),
    Index("ix_placement_resource_providers_root_id", "root_id"),
)
