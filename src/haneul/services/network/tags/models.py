from sqlalchemy import Column, Index, String

from haneul.kernel.db import Row, Table


class Tag(Row):
    """A word on a resource; `resource_type` is the resource's plural in the URL."""

    resource_type: str
    resource_id: str
    tag: str


tags = Table(
    "network_tags",
    Column("resource_type", String(32), primary_key=True),
    Column("resource_id", String(36), primary_key=True),
    Column("tag", String(255), primary_key=True),
    Index("ix_network_tags_tag", "resource_type", "tag"),
)
