"""Rows written straight into a cloud's database: a hundred thousand servers would take an hour over the API."""

import random
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, create_engine, insert

from bench.cloud import BenchCloud
from haneul.services.compute.block_devices.models import block_devices
from haneul.services.compute.servers.models import servers

AT_ONCE = 5000
FLAVOR = {
    "name": "m1.nano",
    "vcpus": 1,
    "memory_mb": 128,
    "disk_gb": 1,
    "ephemeral_gb": 0,
    "swap_mb": 0,
    "extra_specs": {"hw:cpu_policy": "shared"},
}
FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
STATES = (("active", 1), ("stopped", 4), ("error", 0), ("paused", 3))


def fill_servers(cloud: BenchCloud, project_id: str, count: int) -> None:
    """Give a project servers that no host has, each with its disk, alike in some columns and different in others."""
    chance = random.Random(count)
    with writing(cloud) as connection:
        for begin in range(0, count, AT_ONCE):
            rows = [_server(cloud, project_id, number, chance) for number in range(begin, min(begin + AT_ONCE, count))]
            connection.execute(insert(servers), rows)
            connection.execute(insert(block_devices), [_disk(row) for row in rows])


@contextmanager
def writing(cloud: BenchCloud) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{cloud.database}", connect_args={"timeout": 60})
    with engine.begin() as connection:
        yield connection
    engine.dispose()
    with sqlite3.connect(cloud.database, timeout=60) as driver:
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        driver.execute("ANALYZE")
    driver.close()


def _server(cloud: BenchCloud, project_id: str, number: int, chance: random.Random) -> dict[str, Any]:
    vm_state, power_state = chance.choice(STATES)
    created = FIRST_DAY + timedelta(seconds=chance.randrange(40_000_000), microseconds=number % 1_000_000)
    return {
        "id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "project_id": project_id,
        "user_id": cloud.user_id,
        "name": f"server-{chance.randrange(1_000_000):06}",
        "hostname": f"host-{number}",
        "description": chance.choice((None, f"Number {number}")),
        "vm_state": vm_state,
        "task_state": chance.choice(("", "", "", "powering-off")),
        "power_state": power_state,
        "host": chance.choice(("", "away-1", "away-2")),
        "zone": "nova",
        "image_id": str(uuid.UUID(int=chance.randrange(20))),
        "flavor": FLAVOR,
        "flavor_id": str(chance.randrange(1, 6)),
        "vcpus": 1,
        "memory_mb": 128,
        "machine": "pc",
        "key_name": chance.choice(("", "mine", "yours")),
        "key": None,
        "user_data": None,
        "metadata": {"purpose": "bench", "number": str(number)},
        "tags": ["bench", "green"],
        "config_drive": chance.random() < 0.5,
        "access_ipv4": chance.choice(("", f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")),
        "access_ipv6": "",
        "reservation_id": f"r-{number:08x}",
        "launch_index": number % 4,
        "is_locked": chance.random() < 0.1,
        "locked_by": "",
        "fault": {"message": "Gone.", "code": 500, "created": "2024-01-01T00:00:00Z"} if vm_state == "error" else None,
        "wanted_power": "running" if vm_state == "active" else "stopped",
        "wanted_by": "req-00000000-0000-4000-8000-000000000000",
        "generation": 1,
        "observed_generation": 1,
        "observed_state": "running" if vm_state == "active" else "stopped",
        "observed_error": "",
        "created_at": created,
        "updated_at": created + timedelta(seconds=chance.randrange(1000)),
        "launched_at": created + timedelta(seconds=3),
        "deleted_at": None,
        "is_deleted": False,
    }


def _disk(server: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "server_id": server["id"],
        "source_type": "image",
        "destination_type": "local",
        "image_id": server["image_id"],
        "size_gb": 1,
        "device_name": "/dev/vda",
        "bus": "virtio",
        "boot_index": 0,
        "pci_slot": 5,
        "delete_on_termination": True,
    }
