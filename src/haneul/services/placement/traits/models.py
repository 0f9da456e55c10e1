from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, String

from haneul.kernel.db import Row, Table, Time


class Trait(Row):
    """A trait that somebody made; the standard ones are in `standard.txt`."""

    name: str
    created_at: datetime


class ProviderTrait(Row):
    provider_id: str
    trait: str


traits = Table(
    "placement_traits",
    Column("name", String(255), primary_key=True),
    Column("created_at", Time, nullable=False),
)

provider_traits = Table(
    "placement_provider_traits",
    Column("provider_id", String(36), ForeignKey("placement_resource_providers.id"), primary_key=True),
    Column("trait", String(255), primary_key=True),
    Index("ix_placement_provider_traits_trait", "trait", "provider_id"),
)
