"""Copies of a guest's root disk: of one that runs by QEMU itself, as the disk was when the copying began."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from haneul.host.disk import qemu_img
from haneul.host.hypervisor.qmp import Monitor, MonitorFailed
from haneul.services.compute.drivers.base import NO_SNAPSHOT, DiskPlan, GuestPlan, Refused
from haneul.services.compute.drivers.image_cache import BaseImage

JOB = "copy"
COPY_S = 3600.0


def root_of(plan: GuestPlan) -> DiskPlan:
    """The disk that the guest boots from; Refused if it has none."""
    disks = [disk for disk in plan.disks if disk.boot_index == 0] or list(plan.disks[:1])
    if not disks:
        raise Refused("The server has no disk to make an image of.")
    return disks[0]


def copy_live(monitor: Monitor, disk: DiskPlan, draft: Path, uid: int) -> None:
    """Have QEMU copy the disk from under its guest, which goes on; MonitorFailed or Refused if that can't be."""
    _clear(monitor)
    draft.unlink(missing_ok=True)
    node = f"disk-{disk.pci_slot:02x}"
    qemu_img.create_blank(draft, _size_of(monitor, node), uid)
    file = {"driver": "file", "filename": str(draft)}
    monitor.execute("blockdev-add", {"driver": "qcow2", "node-name": JOB, "file": file})
    monitor.execute("blockdev-backup", {"job-id": JOB, "device": node, "target": JOB, "sync": "full"})
    ended = monitor.wait_event("BLOCK_JOB_COMPLETED", COPY_S)["data"]
    _clear(monitor)
    if "error" in ended:
        raise Refused("The server's disk could not be copied: there was no room, or it could not be read.")


def _clear(monitor: Monitor) -> None:
    """End what an earlier attempt may have left in QEMU."""
    with suppress(MonitorFailed):
        monitor.execute("block-job-cancel", {"device": JOB, "force": True})
        monitor.wait_event("BLOCK_JOB_CANCELLED", COPY_S)
    with suppress(MonitorFailed):
        monitor.execute("blockdev-del", {"node-name": JOB})


def _size_of(monitor: Monitor, node: str) -> int:
    for found in monitor.execute("query-named-block-nodes", {"flat": True}):
        if found.get("node-name") == node:
            return int(found["image"]["virtual-size"])
    raise Refused("The server's disk is not plugged in.")


def copy_still(path: Path, base: BaseImage | None, draft: Path, uid: int) -> None:
    """Copy the disk of a guest that has no process, with what it reads through from its image."""
    draft.unlink(missing_ok=True)
    if base is None:
        qemu_img.convert(path, "qcow2", draft, "qcow2", uid)
    else:
        qemu_img.flatten(path, base.path, base.disk_format, draft, uid)


def read_part(path: Path, uid: int, offset: int, length: int) -> bytes:
    """A part of a copy that belongs to this account; Refused if there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        raise Refused(NO_SNAPSHOT.format(id=path.stem)) from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != uid:
            raise Refused(NO_SNAPSHOT.format(id=path.stem))
        return os.pread(descriptor, length, offset)
    finally:
        os.close(descriptor)
