from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String

from haneul.kernel.db import Counter, Json, Row, Table, Text, Time, Words


class Server(Row):
    """A server. `number` counts servers (instance-0000000b); `id` is what clients see.

    What is wanted (`wanted_power`, `generation`) is control's to write, what is (`observed_*`) the host's to report;
    `wanted_by` is the request behind the newest generation.
    `flavor` is the flavor as it was when the server was created. A deleted server keeps its row, `deleted_at` set.
    `locked_by` is `owner` for somebody of the server's own project and `admin` for an admin of another.
    `pinned_zone` is the zone that its creator asked for, `zone` the one that it is in; `image_properties` are the
    image's as they were then.
    Where there is no host, zone, image, key or task the text is empty, and `launched_at` is the epoch before the first
    start: sort keys without NULL are what a database seeks fast.
    """

    number: int
    id: str
    project_id: str
    user_id: str
    name: str
    hostname: str
    description: str | None
    vm_state: str
    task_state: str
    power_state: int
    host: str
    zone: str
    image_id: str
    flavor: dict[str, Any]
    flavor_id: str
    vcpus: int
    memory_mb: int
    machine: str
    key_name: str
    key: dict[str, Any] | None
    user_data: str | None
    metadata: dict[str, str]
    tags: list[str]
    config_drive: bool
    access_ipv4: str
    access_ipv6: str
    reservation_id: str
    launch_index: int
    is_locked: bool
    locked_reason: str | None
    locked_by: str
    pinned_zone: str | None
    scheduler_hints: dict[str, Any] | None
    image_properties: dict[str, str] | None
    auto_disk_config: bool | None
    fault: dict[str, Any] | None
    wanted_power: str
    generation: int
    wanted_by: str
    observed_generation: int
    observed_state: str
    observed_error: str
    created_at: datetime
    updated_at: datetime
    launched_at: datetime
    deleted_at: datetime | None


SORTED = (
    "access_ipv4",
    "access_ipv6",
    "config_drive",
    "created_at",
    "deleted_at",
    "description",
    "flavor_id",
    "host",
    "hostname",
    "image_id",
    "is_locked",
    "key_name",
    "launch_index",
    "launched_at",
    "name",
    "power_state",
    "task_state",
    "updated_at",
    "user_id",
    "vm_state",
    "zone",
)
"""What lists are sorted by; each has its index, so that a page costs the same wherever it stands."""


servers = Table(
    "compute_servers",
    Column("number", Counter, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("project_id", String(64), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("hostname", String(255), nullable=False),
    Column("description", String(255)),
    Column("vm_state", String(32), nullable=False),
    Column("task_state", String(32), nullable=False),
    Column("power_state", Integer, nullable=False),
    Column("host", String(255), nullable=False),
    Column("zone", String(255), nullable=False),
    Column("image_id", String(36), nullable=False),
    Column("flavor", Json, nullable=False),
    Column("flavor_id", String(255), nullable=False),
    Column("vcpus", Integer, nullable=False),
    Column("memory_mb", Integer, nullable=False),
    Column("machine", String(64), nullable=False),
    Column("key_name", String(255), nullable=False),
    Column("key", Json),
    Column("user_data", Text),
    Column("metadata", Json, nullable=False),
    Column("tags", Words, nullable=False),
    Column("config_drive", Boolean, nullable=False),
    Column("access_ipv4", String(39), nullable=False),
    Column("access_ipv6", String(39), nullable=False),
    Column("reservation_id", String(32), nullable=False),
    Column("launch_index", Integer, nullable=False),
    Column("is_locked", Boolean, nullable=False),
    Column("locked_reason", String(255)),
    Column("locked_by", String(16), nullable=False),
    Column("pinned_zone", String(255)),
    Column("scheduler_hints", Json),
    Column("image_properties", Json),
    Column("auto_disk_config", Boolean),
    Column("fault", Json),
    Column("wanted_power", String(16), nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("wanted_by", String(64), nullable=False),
    Column("observed_generation", BigInteger, nullable=False),
    Column("observed_state", String(16), nullable=False),
    Column("observed_error", Text, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Column("launched_at", Time, nullable=False),
    Column("deleted_at", Time),
    Column("is_deleted", Boolean, nullable=False, default=False),
    Index("ix_compute_servers_on_host", "host", "is_deleted"),
    Index("ix_compute_servers_everywhere", "is_deleted", "created_at", "id"),
    *(Index(f"ix_compute_servers_{key}", "project_id", "is_deleted", key, "id") for key in SORTED),
    Index("ix_compute_servers_id", "project_id", "is_deleted", "id"),
    Index("ix_compute_servers_reservation_id", "reservation_id"),
)


class Verb(Row):
    """A thing to do with a guest once, such as a reboot."""

    id: str
    server_id: str
    verb: str
    target: str
    created_at: datetime
    done_at: datetime | None


verbs = Table(
    "compute_server_verbs",
    Column("id", String(36), primary_key=True),
    Column("server_id", String(36), ForeignKey("compute_servers.id"), nullable=False),
    Column("verb", String(32), nullable=False),
    Column("target", String(36), nullable=False),
    Column("created_at", Time, nullable=False),
    Column("done_at", Time),
    Index("ix_compute_server_verbs_open", "server_id", "done_at"),
)
