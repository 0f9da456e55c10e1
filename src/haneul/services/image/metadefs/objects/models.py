from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, String

from haneul.kernel.db import Json, Row, Table, Text, Time


class MetadefObject(Row):
    """Properties that belong together; `properties` holds their definitions by name."""

    namespace_id: str
    name: str
    description: str | None
    required: list[str]
    properties: dict[str, dict[str, Any]]
    created_at: datetime
    updated_at: datetime


objects = Table(
    "image_metadef_objects",
    Column("namespace_id", String(36), ForeignKey("image_metadef_namespaces.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("description", Text),
    Column("required", Json, nullable=False),
    Column("properties", Json, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
)
