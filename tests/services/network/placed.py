"""What the tests of ports, segments and DHCP servers share: hosts that tell which plans they get."""

from typing import Any, TypeVar

import msgspec
from tests.services.network.routed import CARRIED, Host, made
from tests.support.cloud import Client, RunningCloud

from haneul.kernel.bus import CONTROL
from haneul.kernel.reconcile.values import Nothing, Observation, Report, Tombstone
from haneul.services.network.drivers.base import DhcpPlan, GroupPlan, HostNetwork, Kind, PortPlan, SegmentPlan
from haneul.services.network.ports.logic import find
from haneul.services.network.ports.models import Port

Thing = dict[str, Any]
P = TypeVar("P", PortPlan, SegmentPlan, GroupPlan, DhcpPlan)
KINDS: dict[type, Kind] = {PortPlan: "port", SegmentPlan: "segment", GroupPlan: "group", DhcpPlan: "dhcp"}


class PlanHost(Host):
    """A host without an agent: it asks for its plans and says what the test wants it to have made of them."""

    def __init__(self, cloud: RunningCloud, name: str, carried: HostNetwork = CARRIED) -> None:
        super().__init__(cloud, name, carried)
        self._cloud = cloud
        self.beats()

    def plans(self, kind: type[P], *ids: str) -> dict[str, P]:
        """The plans of this kind by the ids of what they are about."""
        found = [msgspec.msgpack.decode(entry, type=kind) for entry in self.asks(KINDS[kind], *ids).entries]
        return {plan.id: plan for plan in found}

    def tombstones(self, kind: type[P]) -> dict[str, Tombstone]:
        return {stone.id: stone for stone in self.asks(KINDS[kind]).tombstones}

    def says(self, plan: P, error: str = "", *, newer_by: int = 0) -> None:
        """Say that a plan is made, or why it can't be; `newer_by`: what was made was a later one."""
        seen = Observation(plan.id, plan.generation + newer_by, "", error)
        self._report(Report(self.name, KINDS[type(plan)], [seen]))

    def removed(self, kind: type[P], thing_id: str) -> None:
        """Say that nothing of it is left."""
        self._report(Report(self.name, KINDS[kind], [], gone=[thing_id]))

    def _report(self, report: Report) -> None:
        self._cloud.cloud.bus.call(CONTROL, "reconcile.report", report, returns=Nothing, deadline_s=10)


def port_on(admin: Client, host: str, network_id: str, **wanted: Any) -> Thing:
    """A guest's port that is bound to a host."""
    guests = {"binding:host_id": host, "device_owner": "compute:nova", "device_id": "a-guest"}
    return made(admin, "port", network_id=network_id, **{**guests, **wanted})


def row(cloud: RunningCloud, port_id: str) -> Port:
    """The port as the database has it, which tells more than the API."""
    found = cloud.cloud.store.read(lambda db: find(db, port_id))
    assert found is not None
    return found
