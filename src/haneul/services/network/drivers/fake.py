"""Networks that are only said to be there: the same contract without root, namespaces or packets."""

from collections.abc import Callable, Collection, Sequence

from haneul.services.network.drivers.base import (
    DhcpPlan,
    GroupPlan,
    HostNetwork,
    Kind,
    Made,
    MetadataAsk,
    MetadataReply,
    Plan,
    PortPlan,
    Refused,
    RouterPlan,
    SegmentPlan,
)
from haneul.services.network.drivers.made_plans import MadePlans
from haneul.services.network.drivers.settings import DriverSettings


class FakeDriver:
    """NetworkDriver without a network. What it was told outlives a restart, as real networks do."""

    def __init__(self, settings: DriverSettings) -> None:
        self._settings = settings
        self._made = MadePlans(settings.state_dir / "fake_network" / settings.cloud_id)

    def host_network(self) -> HostNetwork:
        """The host that the settings describe."""
        return self._settings.fake

    def list_made(self, kind: Kind, ids: Collection[str] = ()) -> Sequence[Made]:
        return self._made.made(kind, ids)

    def ensure_segment(self, plan: SegmentPlan) -> None:
        if plan.physical_network and plan.physical_network not in self._settings.fake.physical_networks:
            raise Refused(f"This host is not connected to the physical network {plan.physical_network}.")
        self._ensure(plan)

    def ensure_port(self, plan: PortPlan) -> None:
        self._ensure(plan)

    def ensure_group(self, plan: GroupPlan) -> None:
        self._ensure(plan)

    def ensure_dhcp(self, plan: DhcpPlan) -> None:
        self._ensure(plan)

    def ensure_router(self, plan: RouterPlan) -> None:
        self._ensure(plan)

    def _ensure(self, plan: Plan) -> None:
        self._made.keep(plan)
        self._settings.reached("plan-remembered")

    def remove(self, kind: Kind, thing_id: str) -> None:
        self._made.forget(kind, thing_id)
        self._settings.reached("forgotten")

    def lose(self, kind: Kind, thing_id: str) -> None:
        """Let a thing vanish as if somebody had taken it away from under the driver."""
        self._made.forget(kind, thing_id)

    def on_metadata(self, answer: Callable[[MetadataAsk], MetadataReply]) -> None:
        """Simulated guests ask nothing."""

    def recover(self) -> None:
        """Nothing of a simulated network is ever half made."""

    def close(self) -> None:
        """There are no threads to stop."""
