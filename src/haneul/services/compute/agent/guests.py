"""Makes this host's guests equal their rows."""

from collections.abc import Collection, Mapping

from haneul.kernel.reconcile import Observation
from haneul.services.compute.drivers.base import GuestPlan, GuestState, HypervisorDriver, Refused
from haneul.services.compute.wire import GUESTS


class GuestReconciler:
    """A host's guests through its hypervisor driver."""

    kind = GUESTS
    entry_type = GuestPlan

    def __init__(self, driver: HypervisorDriver) -> None:
        self._driver = driver

    def actual(self, ids: Collection[str]) -> Mapping[str, Observation]:
        return {guest.id: _observation(guest) for guest in self._driver.list_guests(ids)}

    def ensure(self, entry: GuestPlan) -> Observation:
        """Make one guest so; where the driver can't, its sentence is the observation's error."""
        try:
            self._driver.ensure_guest(entry)
        except Refused as refused:
            return Observation(entry.id, 0, "unknown", str(refused))
        return Observation(entry.id, entry.generation, entry.power, done=tuple(verb.id for verb in entry.verbs))

    def remove(self, thing_id: str) -> None:
        self._driver.remove_guest(thing_id)

    def id_of(self, entry: GuestPlan) -> str:
        return entry.id

    def generation_of(self, entry: GuestPlan) -> int:
        return entry.generation

    def request_of(self, entry: GuestPlan) -> str:
        return entry.request_id

    def is_true(self, entry: GuestPlan, seen: Observation | None) -> bool:
        """Whether the guest is as wanted. One that its own user powered off stays off: control hears of it."""
        if seen is None or seen.generation != entry.generation:
            return False
        if any(verb.id not in seen.done for verb in entry.verbs):
            return False
        return seen.state == entry.power or (seen.state, entry.power) == ("stopped", "running")


def _observation(guest: GuestState) -> Observation:
    return Observation(guest.id, guest.generation, guest.state, done=guest.verbs_done)
