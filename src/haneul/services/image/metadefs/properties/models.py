from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, String

from haneul.kernel.db import Json, Row, Table, Time


class Property(Row):
    """A property that a namespace defines."""

    namespace_id: str
    name: str
    definition: dict[str, Any]
    created_at: datetime
    updated_at: datetime


properties = Table(
    "image_metadef_properties",
    Column("namespace_id", String(36), ForeignKey("image_metadef_namespaces.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("definition", Json, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
)
