from sqlalchemy import BigInteger, Column, String

from haneul.kernel.db import Row, Table


class Guard(Row):
    """What each taker of an owner's resource writes first, so that takers stand in line and count one after another."""

    owner_id: str
    resource: str
    revision: int


guards = Table(
    "quota_guards",
    Column("owner_id", String(255), primary_key=True),
    Column("resource", String(64), primary_key=True),
    Column("revision", BigInteger, nullable=False),
)
