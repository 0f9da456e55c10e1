from typing import Any

from sqlalchemy import Column, Index, String

from haneul.kernel.db import Json, Row, Table, Text


class EndpointGroup(Row):
    """The endpoints whose attributes equal `filters`, as many as there are at the time; an empty one takes all."""

    id: str
    name: str
    description: str | None
    filters: dict[str, Any]


endpoint_groups = Table(
    "identity_endpoint_groups",
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("description", Text),
    Column("filters", Json, nullable=False),
    Index("ix_identity_endpoint_groups_name", "name", "id"),
)
