"""What every driver refuses in a plan before it touches anything, each with its sentence."""

import re
from uuid import UUID

from haneul.services.compute.drivers.base import DiskPlan, GuestPlan, NicPlan, Refused

SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
DEVICE = re.compile(r"tap[0-9a-f-]{1,12}")
MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
MACHINES = ("pc", "q35")
BUSES = ("virtio", "scsi")
# The slots that the driver's own devices, the config drive and the chipset leave free.
DISK_SLOTS = range(0x03, 0x1C)
CONFIG_DRIVE_BYTES = 1 << 20
CONFIG_DRIVE_PATH = re.compile(r"[a-z0-9][a-z0-9_.-]*(/[a-z0-9][a-z0-9_.-]*)*")
GIB = 1 << 30


def refuse_unsafe(plan: GuestPlan) -> None:
    """Refuse ids that could lead out of a folder, and hardware that can't be built."""
    if not is_guest_id(plan.id):
        raise Refused(f"The server id {plan.id!r} is not a UUID.")
    if plan.vcpus < 1 or plan.memory_mb < 1:
        raise Refused("A server needs at least one virtual CPU and one MiB of memory.")
    if plan.machine not in MACHINES:
        raise Refused(f"The machine type {plan.machine} is not one of {', '.join(MACHINES)}.")
    for disk in (*plan.disks, *plan.spare_disks):
        _refuse_unsafe_disk(disk)
    _refuse_unsafe_drops(plan)
    for nic in plan.nics:
        _refuse_unsafe_nic(nic)
    slots = [*(disk.pci_slot for disk in plan.disks), *(nic.pci_slot for nic in plan.nics)]
    if len(set(slots)) < len(slots):
        raise Refused("Two devices of the server want the same PCI slot.")
    _refuse_unsafe_files(plan)
    if not all(is_safe_id(verb.id) and (not verb.target or is_safe_id(verb.target)) for verb in plan.verbs):
        raise Refused("What is to be done once with the server has an id that it can't have.")


def _refuse_unsafe_nic(nic: NicPlan) -> None:
    if not (is_safe_id(nic.id) and DEVICE.fullmatch(nic.device) and MAC.fullmatch(nic.mac)):
        raise Refused("A network card of the server has an id, a device or a MAC that it can't have.")
    if nic.pci_slot not in DISK_SLOTS or not 68 <= nic.mtu <= 65535:
        raise Refused("A network card of the server has a place or an MTU that it can't have.")


def _refuse_unsafe_drops(plan: GuestPlan) -> None:
    if not all(map(is_safe_id, plan.dropped_disks)):
        raise Refused("The id of a disk that is to be dropped has characters that an id can't have.")
    if {disk.id for disk in (*plan.disks, *plan.spare_disks)} & set(plan.dropped_disks):
        raise Refused("A disk of the server can't be wanted and dropped at once.")


def _refuse_unsafe_files(plan: GuestPlan) -> None:
    if any(CONFIG_DRIVE_PATH.fullmatch(file.path) is None for file in plan.config_drive):
        raise Refused("A file of the config drive has a path that it can't have.")
    if sum(len(file.content) for file in plan.config_drive) > CONFIG_DRIVE_BYTES:
        raise Refused("The server's config drive would be larger than 1 MiB.")


def _refuse_unsafe_disk(disk: DiskPlan) -> None:
    if not is_safe_id(disk.id) or not (disk.image_id is None or is_safe_id(disk.image_id)):
        raise Refused(f"The disk id {disk.id!r} or its image's id has characters that an id can't have.")
    if disk.bus not in BUSES:
        raise Refused(f"Disks can be on the buses {' and '.join(BUSES)}; {disk.bus} is not one of them.")
    if disk.pci_slot not in DISK_SLOTS:
        raise Refused(f"A disk can't have the PCI slot {disk.pci_slot}; slots 3 to 27 are for disks.")


def refuse_older(wanted: GuestPlan, seen_generation: int) -> None:
    """Refuse a plan that is older than the last one seen: it comes from a restored database or a wrong one."""
    if wanted.generation < seen_generation:
        raise Refused(
            f"The plan for server {wanted.id} has generation {wanted.generation}, but this host has already seen "
            f"generation {seen_generation}. Nothing was changed."
        )


def disk_bytes(disk: DiskPlan, virtual_size: int) -> int:
    """How large a disk is to be over an image of `virtual_size` (0: no image); refuse one that is too small for it."""
    size = disk.size_gb * GIB or virtual_size
    if size < virtual_size:
        raise Refused(
            f"The image needs a disk of at least {-(-virtual_size // GIB)} GB, "
            f"but the server's disk has {disk.size_gb} GB."
        )
    if size <= 0:
        raise Refused(f"The disk {disk.id} has neither an image nor a size.")
    return size


def is_safe_id(value: str) -> bool:
    """Whether an id may become a file's name."""
    return SAFE_ID.fullmatch(value) is not None


def is_guest_id(value: str) -> bool:
    """Whether a value is a UUID as we write them."""
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False
