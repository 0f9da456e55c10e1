from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String

from haneul.kernel.db import Json, Row, Table, Text, Time


class Image(Row):
    """An image. `properties`, `tags` and `stores` repeat what the tables beside it say, so that a list is one query:
    those are there to be searched. `stores` are the names of the stores that have its bytes, with commas between."""

    id: str
    name: str | None
    status: str
    visibility: str
    project_id: str | None
    protected: bool
    os_hidden: bool
    disk_format: str | None
    container_format: str | None
    size: int | None
    virtual_size: int | None
    min_disk: int
    min_ram: int
    checksum: str | None
    os_hash_algo: str | None
    os_hash_value: str | None
    properties: dict[str, str]
    tags: list[str]
    stores: str
    created_at: datetime
    updated_at: datetime


class PropertyRow(Row):
    image_id: str
    name: str
    value: str


class TagRow(Row):
    image_id: str
    value: str


class Binned(Row):
    """A deleted image whose bytes are kept for a while: `record` is what it takes to restore it."""

    id: str
    record: dict[str, Any]
    deleted_at: datetime


class Retired(Row):
    """The id of an image that is no more. Hosts keep images by their ids, so none may come to mean another."""

    id: str


images = Table(
    "image_images",
    Column("id", String(36), primary_key=True),
    Column("name", String(255)),
    Column("status", String(30), nullable=False),
    Column("visibility", String(20), nullable=False),
    Column("project_id", String(255)),
    Column("protected", Boolean, nullable=False),
    Column("os_hidden", Boolean, nullable=False),
    Column("disk_format", String(20)),
    Column("container_format", String(20)),
    Column("size", BigInteger),
    Column("virtual_size", BigInteger),
    Column("min_disk", Integer, nullable=False),
    Column("min_ram", Integer, nullable=False),
    Column("checksum", String(32)),
    Column("os_hash_algo", String(64)),
    Column("os_hash_value", String(128)),
    Column("properties", Json, nullable=False),
    Column("tags", Json, nullable=False),
    Column("stores", String(1024), nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Index("ix_image_images_created_at", "os_hidden", "created_at", "id"),
    Index("ix_image_images_updated_at", "os_hidden", "updated_at", "id"),
    Index("ix_image_images_name", "os_hidden", "name", "id"),
    Index("ix_image_images_status", "os_hidden", "status", "id"),
    Index("ix_image_images_size", "os_hidden", "size", "id"),
    Index("ix_image_images_disk_format", "os_hidden", "disk_format", "id"),
    Index("ix_image_images_container_format", "os_hidden", "container_format", "id"),
    Index("ix_image_images_project_id", "project_id", "name"),
)

properties = Table(
    "image_properties",
    Column("image_id", String(36), ForeignKey("image_images.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("value", Text, nullable=False),
)

tags = Table(
    "image_tags",
    Column("image_id", String(36), ForeignKey("image_images.id", ondelete="CASCADE"), primary_key=True),
    Column("value", String(255), primary_key=True),
)

retired = Table("image_retired", Column("id", String(36), primary_key=True))

binned = Table(
    "image_binned",
    Column("id", String(36), primary_key=True),
    Column("record", Json, nullable=False),
    Column("deleted_at", Time, nullable=False),
)
