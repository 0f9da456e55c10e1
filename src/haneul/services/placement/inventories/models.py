from datetime import datetime

from sqlalchemy import Column, Double, ForeignKey, Index, Integer, String

from haneul.kernel.db import Row, Table, Time


class InventoryRow(Row):
    """How much of one resource class a provider has, and how it may be given away."""

    provider_id: str
    resource_class: str
    total: int
    reserved: int
    min_unit: int
    max_unit: int
    step_size: int
    allocation_ratio: float
    updated_at: datetime


inventories = Table(
    "placement_inventories",
    Column("provider_id", String(36), ForeignKey("placement_resource_providers.id"), primary_key=True),
    Column("resource_class", String(255), primary_key=True),
    Column("total", Integer, nullable=False),
    Column("reserved", Integer, nullable=False),
    Column("min_unit", Integer, nullable=False),
    Column("max_unit", Integer, nullable=False),
    Column("step_size", Integer, nullable=False),
    Column("allocation_ratio", Double, nullable=False),
    Column("updated_at", Time, nullable=False),
    Index("ix_placement_inventories_resource_class", "resource_class", "provider_id"),
)
