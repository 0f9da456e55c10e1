from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Boolean, Column, Index, String, UniqueConstraint

from haneul.kernel.db import Counter, Json, Row, Table, Time
from haneul.services.compute.drivers.base import HostFacts

COMPUTE = "nova-compute"
CONTROL = ("nova-conductor", "nova-scheduler")
"""What Nova calls the parts that are one here: clients ask for these names."""


class ComputeService(Row):
    """A part of compute on a host: `binary` is `nova-compute` for one that runs guests.

    `provider_id` names the host in placement, and is its id as a hypervisor; only a host that runs guests has one.
    """

    number: int
    id: str
    binary: str
    host: str
    provider_id: str
    is_disabled: bool
    disabled_reason: str | None
    is_forced_down: bool
    told: dict[str, Any] | None
    seen_at: datetime
    created_at: datetime

    @property
    def facts(self) -> HostFacts:
        """What the host last said of itself."""
        return msgspec.convert(self.told, HostFacts)


services = Table(
    "compute_services",
    Column("number", Counter, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("binary", String(64), nullable=False),
    Column("host", String(255), nullable=False),
    Column("provider_id", String(36), nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("disabled_reason", String(255)),
    Column("is_forced_down", Boolean, nullable=False),
    Column("told", Json),
    Column("seen_at", Time, nullable=False),
    Column("created_at", Time, nullable=False),
    UniqueConstraint("binary", "host"),
    Index("ix_compute_services_provider_id", "provider_id"),
)
