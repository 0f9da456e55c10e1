"""The drivers of back ends, by the name that settings use."""

from collections.abc import Callable, Mapping

from haneul.services.block_storage.drivers.base import DriverSettings, VolumeDriver
from haneul.services.block_storage.drivers.fake import FakeDriver
from haneul.services.block_storage.drivers.file import FileDriver

DRIVERS: Mapping[str, Callable[[DriverSettings], VolumeDriver]] = {"fake": FakeDriver, "file": FileDriver}
