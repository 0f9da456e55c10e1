"""Fetches the images that control names, before a guest needs them."""

from collections.abc import Collection, Mapping

from haneul.kernel.reconcile import Observation
from haneul.services.compute.drivers.base import HypervisorDriver, Refused
from haneul.services.compute.wire import IMAGES, ImageWanted


class ImageReconciler:
    """What is wanted is wanted once: what is here otherwise is the driver's own affair, so nothing is told of it."""

    kind = IMAGES
    entry_type = ImageWanted

    def __init__(self, driver: HypervisorDriver) -> None:
        self._driver = driver

    def actual(self, ids: Collection[str]) -> Mapping[str, Observation]:
        return {}

    def ensure(self, entry: ImageWanted) -> Observation:
        """Fetch one image, unless it is here; where the driver can't, its sentence is the observation's error."""
        try:
            self._driver.keep_image(entry.id)
        except Refused as refused:
            return Observation(entry.id, 0, "unknown", str(refused))
        return Observation(entry.id, 0, "cached")

    def remove(self, thing_id: str) -> None:
        """Nothing: images go when no guest is made of them and nobody has wanted them for long."""

    def id_of(self, entry: ImageWanted) -> str:
        return entry.id

    def generation_of(self, entry: ImageWanted) -> int:
        return 0

    def request_of(self, entry: ImageWanted) -> str:
        return ""

    def is_true(self, entry: ImageWanted, seen: Observation | None) -> bool:
        return False
