from datetime import datetime

from sqlalchemy import Column, String, UniqueConstraint

from haneul.kernel.db import Counter, Row, Table, Text, Time


class Keypair(Row):
    """The public half of a user's key, known by a name of his own choice. The private half is never kept."""

    id: int
    user_id: str
    name: str
    type: str
    fingerprint: str
    public_key: str
    created_at: datetime


keypairs = Table(
    "compute_keypairs",
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("user_id", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("type", String(8), nullable=False),
    Column("fingerprint", String(255), nullable=False),
    Column("public_key", Text, nullable=False),
    Column("created_at", Time, nullable=False),
    UniqueConstraint("user_id", "name"),
)
