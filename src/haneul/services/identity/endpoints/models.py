from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, String

from haneul.kernel.db import Json, Row, Table, Text


class Endpoint(Row):
    """Where a service answers; its URL may hold places for ids, such as `%(project_id)s`."""

    id: str
    service_id: str
    interface: str
    region_id: str | None
    url: str
    enabled: bool
    extra: dict[str, Any]


endpoints = Table(
    "identity_endpoints",
    Column("id", String(64), primary_key=True),
    Column("service_id", String(64), ForeignKey("identity_services.id", ondelete="CASCADE"), nullable=False),
    Column("interface", String(8), nullable=False),
    Column("region_id", String(255), ForeignKey("identity_regions.id")),
    Column("url", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("extra", Json, nullable=False),
    Index("ix_identity_endpoints_service_id", "service_id", "id"),
    Index("ix_identity_endpoints_region_id", "region_id"),
)
