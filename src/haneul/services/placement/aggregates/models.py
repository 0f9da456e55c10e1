from sqlalchemy import Column, ForeignKey, Index, String

from haneul.kernel.db import Row, Table


class Membership(Row):
    """A provider is in an aggregate, which is nothing but an id that providers share."""

    provider_id: str
    aggregate_id: str


provider_aggregates = Table(
    "placement_provider_aggregates",
    Column("provider_id", String(36), ForeignKey("placement_resource_providers.id"), primary_key=True),
    Column("aggregate_id", String(36), primary_key=True),
    Index("ix_placement_provider_aggregates_aggregate_id", "aggregate_id", "provider_id"),
)
