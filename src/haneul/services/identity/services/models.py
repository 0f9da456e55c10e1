from typing import Any

from sqlalchemy import Boolean, Column, Index, String

from haneul.kernel.db import Json, Row, Table, Text


class CatalogService(Row):
    """A service of the catalog."""

    id: str
    type: str
    name: str
    description: str
    enabled: bool
    extra: dict[str, Any]


services = Table(
    "identity_services",
    Column("id", String(64), primary_key=True),
    Column("type", String(255), nullable=False),
    Column("name", String(255), nullable=False),
    Column("description", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("extra", Json, nullable=False),
    Index("ix_identity_services_type", "type", "id"),
    Index("ix_identity_services_name", "name", "id"),
)
