from sqlalchemy import Column, Integer, String

from haneul.kernel.db import Row, Table


class Limit(Row):
    """How many of a resource a project may have, where that is not the default; -1 is no limit."""

    project_id: str
    resource: str
    most: int


limits = Table(
    "network_quota_limits",
    Column("project_id", String(255), primary_key=True),
    Column("resource", String(64), primary_key=True),
    Column("most", Integer, nullable=False),
)
