from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, String

from haneul.kernel.db import Row, Table, Time


class Member(Row):
    """A project (`member_id`) that an image is shared with, and whether it wants to see the image in its lists."""

    image_id: str
    member_id: str
    status: str
    created_at: datetime
    updated_at: datetime


members = Table(
    "image_members",
    Column("image_id", String(36), ForeignKey("image_images.id", ondelete="CASCADE"), primary_key=True),
    Column("member_id", String(255), primary_key=True),
    Column("status", String(20), nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Index("ix_image_members_member_id", "member_id", "status", "image_id"),
)
