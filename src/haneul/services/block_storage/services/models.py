from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, String

from haneul.kernel.db import Json, Row, Table, Time

VOLUME, SCHEDULER, BACKUP = "cinder-volume", "cinder-scheduler", "cinder-backup"
"""What Cinder calls its parts: clients ask for these names."""


class StorageService(Row):
    """A part of block storage: `host` is HOST@BACKEND for a back end of volumes, HOST for the others.

    `pools` are what a back end last said of its pools, `error` why it can't be used.
    """

    binary: str
    host: str
    zone: str
    driver: str
    pools: list[dict[str, Any]]
    error: str
    is_disabled: bool
    disabled_reason: str | None
    is_frozen: bool
    seen_at: datetime
    created_at: datetime


storage_services = Table(
    "block_storage_services",
    Column("binary", String(64), primary_key=True),
    Column("host", String(255), primary_key=True),
    Column("zone", String(255), nullable=False),
    Column("driver", String(64), nullable=False),
    Column("pools", Json, nullable=False),
    Column("error", String(1024), nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("disabled_reason", String(255)),
    Column("is_frozen", Boolean, nullable=False),
    Column("seen_at", Time, nullable=False),
    Column("created_at", Time, nullable=False),
)
