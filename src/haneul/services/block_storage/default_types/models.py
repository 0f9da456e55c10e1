from sqlalchemy import Column, ForeignKey, Index, String

from haneul.kernel.db import Row, Table


class DefaultType(Row):
    """The type of a project's volumes for which none is asked."""

    project_id: str
    type_id: str


default_types = Table(
    "block_storage_default_types",
    Column("project_id", String(255), primary_key=True),
    Column("type_id", String(36), ForeignKey("block_storage_types.id"), nullable=False),
    Index("ix_block_storage_default_types_type_id", "type_id"),
)
