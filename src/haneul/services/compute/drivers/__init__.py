"""The hypervisor drivers by the names that an operator chooses from. A libvirt driver will have its line here too."""

from collections.abc import Callable, Mapping

from haneul.services.compute.drivers.base import HypervisorDriver
from haneul.services.compute.drivers.settings import DriverSettings


def _qemu(settings: DriverSettings) -> HypervisorDriver:
    # Imported when wanted: a simulated cloud needs neither the monitor's library nor what it brings along.
    from haneul.services.compute.drivers.qemu import QemuDriver

    return QemuDriver(settings)


def _fake(settings: DriverSettings) -> HypervisorDriver:
    from haneul.services.compute.drivers.fake import FakeDriver

    return FakeDriver(settings)


DRIVERS: Mapping[str, Callable[[DriverSettings], HypervisorDriver]] = {
    "qemu": _qemu,
    "fake": _fake,
}
