from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, String

from haneul.kernel.db import Row, Table, Time


class ConsoleToken(Row):
    """The right to open one server's console once, until it expires. The token itself is never kept."""

    hash: str
    server_id: str
    console_type: str
    expires_at: datetime


console_tokens = Table(
    "compute_console_tokens",
    Column("hash", String(64), primary_key=True),
    Column("server_id", String(36), ForeignKey("compute_servers.id"), nullable=False),
    Column("console_type", String(16), nullable=False),
    Column("expires_at", Time, nullable=False),
    Index("ix_compute_console_tokens_server_id", "server_id"),
    Index("ix_compute_console_tokens_expires_at", "expires_at"),
)
