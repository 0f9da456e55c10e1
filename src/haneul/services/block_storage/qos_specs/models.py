from datetime import datetime

from sqlalchemy import Column, Index, String

from haneul.kernel.db import Json, Row, Table, Time


class QosSpecs(Row):
    """What the volumes of some types get of input and output. `consumer` says who limits it: the hypervisor
    (`front-end`), the back end, or `both`."""

    id: str
    name: str
    consumer: str
    specs: dict[str, str | None]
    created_at: datetime
    updated_at: datetime


qos_specs = Table(
    "block_storage_qos_specs",
    Column("id", String(36), primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("consumer", String(16), nullable=False),
    Column("specs", Json, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Index("ix_block_storage_qos_specs_created_at", "created_at", "id"),
)
