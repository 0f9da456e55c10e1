"""The network drivers by the names that an operator chooses from. Open vSwitch will have its line here too."""

from collections.abc import Callable, Mapping

from haneul.services.network.drivers.base import NetworkDriver
from haneul.services.network.drivers.settings import DriverSettings


def _linux_bridge(settings: DriverSettings) -> NetworkDriver:
    # Imported when wanted: a simulated cloud needs neither netlink nor what drives it.
    from haneul.services.network.drivers.linux_bridge import LinuxBridgeDriver

    return LinuxBridgeDriver(settings)


def _fake(settings: DriverSettings) -> NetworkDriver:
    from haneul.services.network.drivers.fake import FakeDriver

    return FakeDriver(settings)


DRIVERS: Mapping[str, Callable[[DriverSettings], NetworkDriver]] = {
    "linuxbridge": _linux_bridge,
    "fake": _fake,
}
