from sqlalchemy import Boolean, Column, ForeignKey, Index, String

from haneul.kernel.db import Row, Table, Text


class Region(Row):
    id: str
    description: str
    parent_region_id: str | None


regions = Table(
    "identity_regions",
    Column("id", String(255), primary_key=True),
    Column("description", Text, nullable=False),
    Column("parent_region_id", String(255)),
)


class ServiceRow(Row):
    """A service of the catalog, which need not be one of ours."""

    id: str
    type: str
    name: str
    description: str
    enabled: bool


services = Table(
    "identity_services",
    Column("id", String(64), primary_key=True),
    Column("type", String(255), nullable=False),
    Column("name", String(255), nullable=False),
    Column("description", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Index("ix_identity_services_type", "type"),
)


class Endpoint(Row):
    id: str
    service_id: str
    interface: str
    region_id: str | None
    url: str
    enabled: bool


endpoints = Table(
    "identity_endpoints",
    Column("id", String(64), primary_key=True),
    Column("service_id", String(64), ForeignKey("identity_services.id", ondelete="CASCADE"), nullable=False),
    Column("interface", String(8), nullable=False),
    Column("region_id", String(255)),
    Column("url", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Index("ix_identity_endpoints_service_id", "service_id"),
)
