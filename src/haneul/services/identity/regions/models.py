from typing import Any

from sqlalchemy import Column, ForeignKey, Index, String

from haneul.kernel.db import Json, Row, Table, Text


class Region(Row):
    """A region of the catalog; it may stand inside another."""

    id: str
    description: str
    parent_region_id: str | None
    extra: dict[str, Any]


regions = Table(
    "identity_regions",
    Column("id", String(255), primary_key=True),
    Column("description", Text, nullable=False),
    Column("parent_region_id", String(255), ForeignKey("identity_regions.id")),
    Column("extra", Json, nullable=False),
    Index("ix_identity_regions_parent_region_id", "parent_region_id"),
)
