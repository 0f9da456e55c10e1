from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, String

from haneul.kernel.db import Counter, Row, Table, Time

ZONE = "availability_zone"
"""The metadata key that makes an aggregate's hosts an availability zone."""


class Aggregate(Row):
    """Hosts that an operator groups. Users see a group only as an availability zone, if its metadata names one."""

    number: int
    id: str
    name: str
    created_at: datetime
    updated_at: datetime | None


aggregates = Table(
    "compute_aggregates",
    Column("number", Counter, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time),
)


class Member(Row):
    """A host of an aggregate."""

    aggregate: int
    host: str


members = Table(
    "compute_aggregate_hosts",
    Column("aggregate", Counter, ForeignKey("compute_aggregates.number"), primary_key=True),
    Column("host", String(255), primary_key=True),
    Index("ix_compute_aggregate_hosts_host", "host"),
)


class Metadatum(Row):
    """A word of an aggregate's metadata."""

    aggregate: int
    key: str
    value: str


metadata = Table(
    "compute_aggregate_metadata",
    Column("aggregate", Counter, ForeignKey("compute_aggregates.number"), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("value", String(255), nullable=False),
    Index("ix_compute_aggregate_metadata_key", "key", "value"),
)
