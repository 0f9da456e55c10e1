"""Bridges go with the last that needs them: whoever joins a network makes its bridge, in whatever order they come."""

import threading
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from haneul.host.net.links import Link, list_links, remove_link
from haneul.services.network.drivers.base import DhcpPlan, Plan, PortPlan, RouterPlan, SegmentPlan, bridge_of
from haneul.services.network.drivers.linux_bridge.place import Ground
from haneul.services.network.drivers.made_plans import MadePlans


class Bridges:
    """Who is joining which network right now, and what becomes of the bridges of networks that this host has no more."""

    def __init__(self, ground: Ground, made: MadePlans) -> None:
        self._ground, self._made = ground, made
        self._lock = threading.Lock()
        self._joining: Counter[str] = Counter()

    @contextmanager
    def joining(self, plan: Plan) -> Iterator[None]:
        """For as long as this holds, the bridges of the plan's networks stay."""
        networks = networks_of(plan)
        with self._lock:
            self._joining.update(networks)
        try:
            yield
        finally:
            with self._lock:
                self._joining.subtract(networks)

    def drop_unneeded(self, left: Plan | None) -> None:
        """Remove the bridges that this plan's end leaves to nobody; all such bridges if the plan is not known."""
        if left is not None and all(self._made.get("segment", one) for one in networks_of(left)):
            return
        with self._lock:
            links = list_links()
            masters = {link.master_index for link in links}
            for link in links:
                if link.index not in masters and self._is_unneeded(link):
                    remove_link(link.name)

    def _is_unneeded(self, link: Link) -> bool:
        mark = link.mark
        if link.kind != "bridge" or mark is None or mark.cloud_id != self._ground.cloud_id:
            return False
        return link.name == bridge_of(mark.id) and not self._joining[mark.id] and not self._made.get("segment", mark.id)


def networks_of(plan: Plan) -> Collection[str]:
    """The networks whose bridges a plan's making joins or makes."""
    match plan:
        case PortPlan():
            return {plan.network_id}
        case RouterPlan():
            return {leg.network_id for leg in (*plan.legs, *([plan.gateway] if plan.gateway else []))}
        case DhcpPlan() | SegmentPlan():
            return {plan.id}
    return ()
