from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String

from haneul.kernel.db import Counter, Json, Row, Table, Text, Time

INCOMING, STAGED, ACTIVE, REFUSED = "incoming", "staged", "active", "refused"


class Location(Row):
    """Where an image's bytes lie: `store` names one of the stores, `key` is what its driver knows them by.

    `state`: `incoming` while they are on their way, `staged` until an import takes them, `active` when the image is
    made of them, `refused` when they are not what they were said to be and not ours to delete. `metadata` is what
    clients say of the place; `size` in bytes, as far as it is known.
    """

    id: int
    image_id: str
    position: int
    store: str
    key: str
    state: str
    size: int | None
    metadata: dict[str, Any]
    created_at: datetime


class Deletion(Row):
    """Bytes that are to be deleted, from a moment on: nothing but this row may cost a file its life."""

    id: int
    image_id: str
    store: str
    key: str
    due_at: datetime


locations = Table(
    "image_locations",
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("image_id", String(36), ForeignKey("image_images.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("store", String(255), nullable=False),
    Column("key", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("size", BigInteger),
    Column("metadata", Json, nullable=False),
    Column("created_at", Time, nullable=False),
    Index("ix_image_locations_image_id", "image_id", "position"),
    Index("ix_image_locations_state", "state", "id"),
)

deletions = Table(
    "image_deletions",
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("image_id", String(36), nullable=False),
    Column("store", String(255), nullable=False),
    Column("key", Text, nullable=False),
    Column("due_at", Time, nullable=False),
    Index("ix_image_deletions_due_at", "due_at", "id"),
    Index("ix_image_deletions_image_id", "image_id"),
)
