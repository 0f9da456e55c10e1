"""For each reconciler: itself over something quick that obeys its real counterpart's contract, and things to want."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from haneul.services.block_storage.agent.volumes import VolumeReconciler
from haneul.services.block_storage.drivers.base import DriverSettings as VolumeSettings
from haneul.services.block_storage.drivers.base import VolumePlan
from haneul.services.block_storage.drivers.fake import FakeDriver as FakeVolumes
from haneul.services.compute.agent.base_images import ImageReconciler
from haneul.services.compute.agent.guests import GuestReconciler
from haneul.services.compute.drivers.base import DiskPlan, GuestPlan, ImageFacts, VerbPlan
from haneul.services.compute.drivers.fake import FakeDriver
from haneul.services.compute.drivers.settings import DriverSettings
from haneul.services.compute.wire import ImageWanted
from haneul.services.network.agent.plans import RECONCILERS, MadeByDriver
from haneul.services.network.drivers.base import DhcpPlan, GroupPlan, Plan, PortPlan, RouterPlan, SegmentPlan
from haneul.services.network.drivers.fake import FakeDriver as FakeNetwork
from haneul.services.network.drivers.settings import DriverSettings as NetworkSettings

IMAGE = bytes(4096)


class Given(NamedTuple):
    """`made` gives the reconciler of a cloud on the host that a folder is; `wanted` are generations of a few things."""

    made: Callable[[Path, str], Any]
    wanted: Callable[[int], Sequence[Any]]


class OneImage:
    """The bytes that guests' disks begin with."""

    def facts(self, image_id: str) -> ImageFacts:
        digest = hashlib.sha512(IMAGE).hexdigest()
        return ImageFacts(
            id=image_id,
            disk_format="raw",
            size=len(IMAGE),
            hash_name="sha512",
            hash=digest,
            virtual_size=len(IMAGE),
        )

    def chunks(self, image_id: str) -> Iterator[bytes]:
        yield IMAGE


def hypervisor(folder: Path, cloud_id: str) -> FakeDriver:
    driver = FakeDriver(
        DriverSettings(cloud_id=cloud_id, state_dir=folder / "state", run_dir=folder / "run", images=OneImage())
    )
    driver.recover()
    return driver


def guests(folder: Path, cloud_id: str) -> GuestReconciler:
    return GuestReconciler(hypervisor(folder, cloud_id))


def base_images(folder: Path, cloud_id: str) -> ImageReconciler:
    return ImageReconciler(hypervisor(folder, cloud_id))


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


def of_network(shape: type[MadeByDriver]) -> Callable[[Path, str], MadeByDriver]:
    def made(folder: Path, cloud_id: str) -> MadeByDriver:
        return shape(FakeNetwork(NetworkSettings(cloud_id=cloud_id, state_dir=folder, run_dir=folder)))

    return made


ID = "1111111{}-2222-3333-4444-555555555555"
WANTED: dict[str, Callable[[str, int], Plan]] = {
    "segment": lambda one, generation: SegmentPlan(id=one, generation=generation, type="vxlan", mtu=1450),
    "group": lambda one, generation: GroupPlan(id=one, generation=generation),
    "port": lambda one, generation: PortPlan(
        id=one, generation=generation, network_id=ID.format(9), mac="fa:16:3e:00:00:01", mtu=1450
    ),
    "dhcp": lambda one, generation: DhcpPlan(
        id=one,
        generation=generation,
        port_id=ID.format(8),
        mac="fa:16:3e:00:00:02",
        mtu=1450,
        addresses=(),
        domain="openstacklocal",
        lease_s=86400,
    ),
    "router": lambda one, generation: RouterPlan(id=one, generation=generation),
}


def network_plans(kind: str) -> Callable[[int], Sequence[Plan]]:
    return lambda generation: [WANTED[kind](ID.format(number), generation) for number in range(3)]


def volumes(folder: Path, cloud_id: str) -> VolumeReconciler:
    images: Any = OneImage()
    return VolumeReconciler(
        {"fake": FakeVolumes(VolumeSettings(cloud_id=cloud_id, backend="fake", folder=folder, images=images))}
    )


def volume_plans(generation: int) -> list[VolumePlan]:
    """One that grows in its second generation, one that gets a snapshot, one that stays as it is."""
    plans = [VolumePlan(id=ID.format(number), generation=generation, backend="fake", size_gb=1) for number in range(3)]
    if generation > 1:
        plans[0] = msgspec.structs.replace(plans[0], size_gb=2)
        plans[1] = msgspec.structs.replace(plans[1], snapshots=(ID.format(9),))
    return plans


GIVEN = {
    "GuestReconciler": Given(guests, guest_plans),
    "VolumeReconciler": Given(volumes, volume_plans),
    **{shape.__name__: Given(of_network(shape), network_plans(shape.kind)) for shape in RECONCILERS},
}
# What is wanted once: nothing is kept of it, so that there is nothing to converge to and nothing to take away.
ERRANDS = {
    "ImageReconciler": Given(base_images, lambda _generation: [ImageWanted(id=ID.format(0))]),
}
