from datetime import datetime

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, String

from haneul.kernel.db import Row, Table, Text, Time


class Flavor(Row):
    """A size of server. Servers keep a copy of theirs, so a flavor may go while servers made from it live."""

    id: str
    name: str
    description: str | None
    vcpus: int
    memory_mb: int
    disk_gb: int
    ephemeral_gb: int
    swap_mb: int
    rxtx_factor: float
    is_public: bool
    created_at: datetime
    updated_at: datetime


flavors = Table(
    "compute_flavors",
    Column("id", String(255), primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("description", Text),
    Column("vcpus", Integer, nullable=False),
    Column("memory_mb", Integer, nullable=False),
    Column("disk_gb", Integer, nullable=False),
    Column("ephemeral_gb", Integer, nullable=False),
    Column("swap_mb", Integer, nullable=False),
    Column("rxtx_factor", Float, nullable=False),
    Column("is_public", Boolean, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
)


class ExtraSpec(Row):
    """One property of a flavor that schedulers and hypervisors understand."""

    flavor_id: str
    key: str
    value: str


extra_specs = Table(
    "compute_flavor_extra_specs",
    Column("flavor_id", String(255), ForeignKey("compute_flavors.id"), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("value", String(255), nullable=False),
)


class FlavorAccess(Row):
    """A project that may use a flavor that isn't public."""

    flavor_id: str
    project_id: str


flavor_access = Table(
    "compute_flavor_access",
    Column("flavor_id", String(255), ForeignKey("compute_flavors.id"), primary_key=True),
    Column("project_id", String(255), primary_key=True),
)
