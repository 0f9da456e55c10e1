from sqlalchemy import Column, String

from haneul.kernel.db import Row, Table, Text


class Password(Row):
    """What a guest has posted as its password, encrypted with its owner's public key."""

    server_id: str
    encrypted: str


passwords = Table(
    "compute_server_passwords",
    Column("server_id", String(36), primary_key=True),
    Column("encrypted", Text, nullable=False),
)
