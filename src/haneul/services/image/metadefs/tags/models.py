from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, String

from haneul.kernel.db import Row, Table, Time


class Tag(Row):
    """A tag that a namespace offers; `folded` is its name without regard to case, by which it is known."""

    namespace_id: str
    folded: str
    name: str
    created_at: datetime
    updated_at: datetime


tags = Table(
    "image_metadef_tags",
    Column("namespace_id", String(36), ForeignKey("image_metadef_namespaces.id", ondelete="CASCADE"), primary_key=True),
    # Some letters fold to three.
    Column("folded", String(240), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Index("ix_image_metadef_tags_created_at", "namespace_id", "created_at", "folded"),
    Index("ix_image_metadef_tags_updated_at", "namespace_id", "updated_at", "created_at", "folded"),
    Index("ix_image_metadef_tags_name", "namespace_id", "name"),
)
