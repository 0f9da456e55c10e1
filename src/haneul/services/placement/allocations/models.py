from datetime import datetime

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String

from haneul.kernel.db import Row, Table, Time


class Consumer(Row):
    """Who holds allocations: a server, a migration. It is there as long as it holds any."""

    id: str
    project_id: str
    user_id: str
    type: str | None
    generation: int
    created_at: datetime


class Allocation(Row):
    """What a consumer holds of one resource class of one provider."""

    consumer_id: str
    provider_id: str
    resource_class: str
    used: int
    created_at: datetime


consumers = Table(
    "placement_consumers",
    Column("id", String(36), primary_key=True),
    Column("project_id", String(255), nullable=False),
    Column("user_id", String(255), nullable=False),
    Column("type", String(255)),
    Column("generation", Integer, nullable=False),
    Column("created_at", Time, nullable=False),
    Index("ix_placement_consumers_project_id", "project_id", "user_id"),
)

# The index that begins with provider_id holds all that a sum of usage reads.
allocations = Table(
    "placement_allocations",
    Column("consumer_id", String(36), ForeignKey("placement_consumers.id"), primary_key=True),
    Column("provider_id", String(36), ForeignKey("placement_resource_providers.id"), primary_key=True),
    Column("resource_class", String(255), primary_key=True),
    Column("used", BigInteger, nullable=False),
    Column("created_at", Time, nullable=False),
    Index("ix_placement_allocations_used", "provider_id", "resource_class", "used"),
)
