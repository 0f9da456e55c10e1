"""Makes this host's networks, ports, groups, DHCP servers and routers equal their rows."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from haneul.kernel.reconcile import Observation
from haneul.services.network.drivers.base import (
    DhcpPlan,
    GroupPlan,
    Kind,
    NetworkDriver,
    Plan,
    PortPlan,
    Refused,
    RouterPlan,
    SegmentPlan,
)

MADE = "made"


class MadeByDriver:
    """A reconciler of one kind of what a network is made of, through this host's driver."""

    kind: Kind
    entry_type: type[Plan]

    def __init__(self, driver: NetworkDriver) -> None:
        self._driver = driver
        self._ensure: Callable[[Any], None] = getattr(driver, f"ensure_{self.kind}")

    def actual(self, ids: Collection[str]) -> Mapping[str, Observation]:
        return {made.id: Observation(made.id, made.generation, MADE) for made in self._driver.list_made(self.kind, ids)}

    def ensure(self, entry: Plan) -> Observation:
        """Make one thing so; where the driver can't, its sentence is the observation's error."""
        try:
            self._ensure(entry)
        except Refused as refused:
            return Observation(entry.id, 0, "unknown", str(refused))
        return Observation(entry.id, entry.generation, MADE)

    def remove(self, thing_id: str) -> None:
        self._driver.remove(self.kind, thing_id)

    def id_of(self, entry: Plan) -> str:
        return entry.id

    def generation_of(self, entry: Plan) -> int:
        return entry.generation

    def request_of(self, entry: Plan) -> str:
        return entry.request_id

    def is_true(self, entry: Plan, seen: Observation | None) -> bool:
        return seen is not None and seen.generation == entry.generation


class SegmentReconciler(MadeByDriver):
    """Networks' bridges and tunnels."""

    kind, entry_type = "segment", SegmentPlan


class GroupReconciler(MadeByDriver):
    """Security groups' rules."""

    kind, entry_type = "group", GroupPlan


class PortReconciler(MadeByDriver):
    """Guests' ports."""

    kind, entry_type = "port", PortPlan


class DhcpReconciler(MadeByDriver):
    """Networks' DHCP servers."""

    kind, entry_type = "dhcp", DhcpPlan


class RouterReconciler(MadeByDriver):
    """Routers, with their floating IPs."""

    kind, entry_type = "router", RouterPlan


RECONCILERS: Sequence[type[MadeByDriver]] = (
    SegmentReconciler,
    GroupReconciler,
    PortReconciler,
    DhcpReconciler,
    RouterReconciler,
)
