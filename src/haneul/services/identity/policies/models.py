from typing import Any

from sqlalchemy import Column, Index, String

from haneul.kernel.db import Json, Row, Table


class Policy(Row):
    """A text of rules that the cloud keeps for others and never reads; `type` is its media type."""

    id: str
    blob: str
    type: str
    extra: dict[str, Any]


policies = Table(
    "identity_policies",
    Column("id", String(64), primary_key=True),
    # As JSON, since a text of that kind is the longest that each database has.
    Column("blob", Json, nullable=False),
    Column("type", String(255), nullable=False),
    Column("extra", Json, nullable=False),
    Index("ix_identity_policies_type", "type", "id"),
)
