"""Makes this host's volumes equal their rows."""

from collections.abc import Collection, Mapping

from haneul.kernel.reconcile import Observation
from haneul.services.block_storage.drivers.base import Refused, VolumeDriver, VolumePlan
from haneul.services.block_storage.wire import VOLUMES

THERE = "there"


class VolumeReconciler:
    """A host's volumes through the drivers of its back ends, by the back ends' names."""

    kind = VOLUMES
    entry_type = VolumePlan

    def __init__(self, drivers: Mapping[str, VolumeDriver]) -> None:
        self._drivers = drivers

    def actual(self, ids: Collection[str]) -> Mapping[str, Observation]:
        found = [state for driver in self._drivers.values() for state in driver.list_volumes()]
        return {
            state.id: Observation(state.id, state.generation, THERE) for state in found if not ids or state.id in ids
        }

    def ensure(self, entry: VolumePlan) -> Observation:
        """Make one volume so; where the driver can't, its sentence is the observation's error."""
        driver = self._drivers.get(entry.backend)
        if driver is None:
            return Observation(entry.id, 0, "unknown", f"This host has no back end {entry.backend} any more.")
        try:
            driver.ensure_volume(entry)
        except Refused as refused:
            return Observation(entry.id, 0, "unknown", str(refused))
        return Observation(entry.id, entry.generation, THERE)

    def remove(self, thing_id: str) -> None:
        for driver in self._drivers.values():
            driver.remove_volume(thing_id)

    def id_of(self, entry: VolumePlan) -> str:
        return entry.id

    def generation_of(self, entry: VolumePlan) -> int:
        return entry.generation

    def request_of(self, entry: VolumePlan) -> str:
        return entry.request_id

    def is_true(self, entry: VolumePlan, seen: Observation | None) -> bool:
        return seen is not None and seen.generation == entry.generation
