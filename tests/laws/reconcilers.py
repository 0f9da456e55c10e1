"""For each reconciler: itself over something quick that obeys its real counterpart's contract, and things to want."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from haneul.services.compute.agent.guests import GuestReconciler
from haneul.services.compute.drivers.base import DiskPlan, GuestPlan, ImageFacts, VerbPlan
from haneul.services.compute.drivers.fake import FakeDriver
from haneul.services.compute.drivers.settings import DriverSettings

IMAGE = bytes(4096)


class Given(NamedTuple):
    """`made` gives the reconciler of a cloud on the host that a folder is; `wanted` are generations of a few things."""

    made: Callable[[Path, str], Any]
    wanted: Callable[[int], Sequence[Any]]


class OneImage:
    """The bytes that guests' disks begin with."""

    def facts(self, image_id: str) -> ImageFacts:
        digest = hashlib.sha512(IMAGE).hexdigest()
        return ImageFacts(id=image_id, disk_format="raw", size=len(IMAGE), sha512=digest, virtual_size=len(IMAGE))

    def chunks(self, image_id: str) -> Iterator[bytes]:
        yield IMAGE


def guests(folder: Path, cloud_id: str) -> GuestReconciler:
    driver = FakeDriver(
        DriverSettings(cloud_id=cloud_id, state_dir=folder / "state", run_dir=folder / "run", images=OneImage())
    )
    driver.recover()
    return GuestReconciler(driver)


def guest_plans(generation: int) -> list[GuestPlan]:
    """One that runs, one that stops in its second generation, one that is asked for a reboot."""
    plans = [
        GuestPlan(
            id=f"1111111{number}-2222-3333-4444-555555555555",
            generation=generation,
            name=f"guest-{number}",
            vcpus=1,
            memory_mb=64,
            disks=(DiskPlan(id=f"disk-{number}", image_id="image", size_gb=1, boot_index=0, pci_slot=5),),
        )
        for number in range(3)
    ]
    if generation > 1:
        plans[1] = msgspec.structs.replace(plans[1], power="stopped")
        plans[2] = msgspec.structs.replace(plans[2], verbs=(VerbPlan(id="verb-1", verb="reboot-hard"),))
    return plans


GIVEN = {"GuestReconciler": Given(guests, guest_plans)}
