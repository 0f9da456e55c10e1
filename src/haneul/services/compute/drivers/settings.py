"""What a hypervisor driver is given when it is made."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from msgspec import Struct

from haneul.services.compute.drivers.base import HostFacts, ImageSource

SIMULATED_HOST = HostFacts(
    vcpus=64,
    memory_mb=256 * 1024,
    disk_gb=10_000,
    architecture="x86_64",
    hypervisor_type="QEMU",
    hypervisor_version=7_002_000,
    accelerator="fake",
    cpu_model="Simulated",
    default_machine="pc",
)


def pass_by(_what: str) -> None:
    """What happens between two steps of a driver when nobody tests crashes, and when nobody listens: nothing."""


class QemuOptions(Struct, frozen=True, kw_only=True):
    """How guests are run. `probe_kernel` is an ordinary kernel to try KVM with; None takes the host's own.

    `unplug_patience_s` is how long a guest may take to let go of what is to be pulled, `unused_images_gb` how much of
    the disk images may take that no guest is made of any more.
    """

    accelerator: Literal["auto", "tcg", "kvm"] = "auto"
    probe_kernel: Path | None = None
    translation_cache_mb: int = 32
    shutdown_grace_s: float = 60.0
    start_deadline_s: float = 30.0
    unplug_patience_s: float = 30.0
    unused_images_gb: int = 100


class FakeOptions(Struct, frozen=True, kw_only=True):
    """What is simulated: a host, and how long after its start a guest shows its login prompt."""

    host: HostFacts = SIMULATED_HOST
    boot_s: float = 0.0


class DriverSettings(Struct, frozen=True, kw_only=True):
    """A driver's cloud, folders and source of images. `reached` is told each step, so that tests can stop there."""

    cloud_id: str
    state_dir: Path
    run_dir: Path
    images: ImageSource
    reached: Callable[[str], None] = pass_by
    qemu: QemuOptions = QemuOptions()
    fake: FakeOptions = FakeOptions()
