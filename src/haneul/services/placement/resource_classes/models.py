from datetime import datetime

from sqlalchemy import Column, String

from haneul.kernel.db import Row, Table, Time


class ResourceClass(Row):
    """A resource class that somebody made; the standard ones are in `standard.txt`."""

    name: str
    created_at: datetime


resource_classes = Table(
    "placement_resource_classes",
    Column("name", String(255), primary_key=True),
    Column("created_at", Time, nullable=False),
)
