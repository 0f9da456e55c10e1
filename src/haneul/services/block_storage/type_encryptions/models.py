from datetime import datetime

from sqlalchemy import Column, ForeignKey, Integer, String

from haneul.kernel.db import Row, Table, Time


class TypeEncryption(Row):
    """How the volumes of a type are to be encrypted, in Cinder's words. `key_size` in bits."""

    type_id: str
    id: str
    provider: str
    control_location: str
    cipher: str | None
    key_size: int | None
    created_at: datetime
    updated_at: datetime | None


type_encryptions = Table(
    "block_storage_type_encryptions",
    Column("type_id", String(36), ForeignKey("block_storage_types.id", ondelete="CASCADE"), primary_key=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("provider", String(255), nullable=False),
    Column("control_location", String(16), nullable=False),
    Column("cipher", String(255)),
    Column("key_size", Integer),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time),
)
