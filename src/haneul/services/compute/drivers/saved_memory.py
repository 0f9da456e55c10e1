"""A suspended guest's memory in a file: QEMU writes and reads it itself, through a descriptor that we give it.

The file is there, whole, exactly as long as its guest has not run on since: it is deleted before the guest does.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from haneul.host.disk import durable
from haneul.host.hypervisor.qmp import Monitor, MonitorFailed
from haneul.services.compute.drivers.base import Refused
from haneul.services.compute.drivers.guest_folders import DRAFT

NAME = "memory"
# QEMU's own default would spare a network; a disk is given all that it takes.
BYTES_A_SECOND = 1 << 40
# What the devices' state takes beside the memory, and some room to live for the host.
SPARE_BYTES = 256 << 20
POLL_S = 0.02
SLOWEST_MB_A_SECOND = 20
LEAST_S = 60.0
# States of a migration (qapi/migration.json) in which QEMU has let go of the file.
ENDED = frozenset({"none", "completed", "failed", "cancelled"})


def deadline_s(memory_mb: int) -> float:
    """How long writing or reading this much memory may take."""
    return LEAST_S + memory_mb / SLOWEST_MB_A_SECOND


def refuse_without_room(path: Path, memory_mb: int) -> None:
    """Refused if the disk has no room for the memory."""
    found = os.statvfs(path.parent)
    if found.f_bavail * found.f_frsize < (memory_mb << 20) + SPARE_BYTES:
        raise Refused("The host's disk has no room for the server's memory.")


def save(monitor: Monitor, path: Path, timeout_s: float, *, goes_on: bool) -> None:
    """Have a guest stand still and write its memory; where it can't (MonitorFailed, OSError) it may go on again."""
    settle(monitor, timeout_s)
    if monitor.execute("query-status")["status"] == "postmigrate":
        # Written before, by somebody who died before the file had its name: QEMU writes only what has run in between.
        monitor.execute("cont")
    monitor.execute("stop")
    try:
        _write(monitor, path, timeout_s)
    except (MonitorFailed, OSError):
        forget(path)
        if goes_on:
            monitor.execute("cont")
        raise


def _write(monitor: Monitor, path: Path, timeout_s: float) -> None:
    """The file appears whole or not at all."""
    draft = path.with_name(path.name + DRAFT)
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        monitor.give_descriptor(NAME, descriptor)
        monitor.execute("migrate-set-parameters", {"max-bandwidth": BYTES_A_SECOND})
        monitor.execute("migrate", {"uri": f"fd:{NAME}"})
        outcome = _outcome(monitor, timeout_s)
        if outcome["status"] != "completed":
            raise MonitorFailed(f"The memory was not written: {outcome.get('error-desc', outcome['status'])}.")
        os.fsync(descriptor)
        draft.rename(path)
        durable.sync_folder(path.parent)
    finally:
        os.close(descriptor)
        draft.unlink(missing_ok=True)


def settle(monitor: Monitor, timeout_s: float) -> None:
    """Wait until what is being read has been; break off a writing that somebody began who did not live to end it."""
    deadline = time.monotonic() + timeout_s
    while monitor.execute("query-status")["status"] == "inmigrate":
        _refuse_late(deadline)
    if monitor.execute("query-migrate").get("status", "none") not in ENDED:
        monitor.execute("migrate_cancel")
        _outcome(monitor, timeout_s)


def forget(path: Path) -> bool:
    """Delete the file for good; whether there was one."""
    if not path.exists():
        return False
    path.unlink()
    durable.sync_folder(path.parent)
    return True


@contextmanager
def opened(path: Path) -> Iterator[int | None]:
    """A descriptor to read the file by; None if there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _outcome(monitor: Monitor, timeout_s: float) -> dict[str, Any]:
    deadline = time.monotonic() + timeout_s
    while (found := monitor.execute("query-migrate")).get("status", "none") not in ENDED:
        _refuse_late(deadline)
    return dict(found)


def _refuse_late(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise MonitorFailed("The memory took longer than it may.")
    time.sleep(POLL_S)
