from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, String, UniqueConstraint

from haneul.kernel.db import Counter, Json, Row, Table, Time

VOLUME, SCHEDULER, BACKUP = "cinder-volume", "cinder-scheduler", "cinder-backup"
"""What Cinder calls its parts: clients ask for these names."""


class StorageService(Row):
    """A part of block storage: `host` is HOST@BACKEND for a back end of volumes, HOST for the others.

    `pools` are what a back end last said of its pools, `error` why it can't be used. `is_frozen`: nothing may be made
    or changed there, though what is there can be used. `log_levels` are what the host last said of its loggers,
    `log_orders` what it is told that some of them shall be.
    """

    number: int
    binary: str
    host: str
    zone: str
    driver: str
    pools: list[dict[str, Any]]
    error: str
    is_disabled: bool
    disabled_reason: str | None
    is_frozen: bool
    log_levels: dict[str, str]
    log_orders: dict[str, str]
    seen_at: datetime
    created_at: datetime


storage_services = Table(
    "block_storage_services",
    Column("number", Counter, primary_key=True, autoincrement=True),
    Column("binary", String(64), nullable=False),
    Column("host", String(255), nullable=False),
    Column("zone", String(255), nullable=False),
    Column("driver", String(64), nullable=False),
    Column("pools", Json, nullable=False),
    Column("error", String(1024), nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("disabled_reason", String(255)),
    Column("is_frozen", Boolean, nullable=False),
    Column("log_levels", Json, nullable=False),
    Column("log_orders", Json, nullable=False),
    Column("seen_at", Time, nullable=False),
    Column("created_at", Time, nullable=False),
    UniqueConstraint("binary", "host"),
)
