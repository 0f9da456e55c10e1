"""What several things share: bridges of networks and groups of ports go with the last thing that needs them.

Whoever joins a network or is in a group makes that if it isn't there yet, in whatever order they come and go.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from haneul.host.net.firewall import Firewall, GroupInUse
from haneul.host.net.links import list_links, remove_link
from haneul.services.network.drivers.base import (
    DhcpPlan,
    GroupPlan,
    Kind,
    Plan,
    PortPlan,
    RouterPlan,
    SegmentPlan,
    bridge_of,
)
from haneul.services.network.drivers.linux_bridge.place import Ground
from haneul.services.network.drivers.made_plans import MadePlans

Shared = tuple[Kind, str]
"""A network or a group, by kind and id."""


class SharedThings:
    """What is being used right now, and what becomes of that which this host was not told to have, or no longer."""

    def __init__(self, ground: Ground, made: MadePlans, firewall: Firewall) -> None:
        self._ground, self._made, self._firewall = ground, made, firewall
        self._lock = threading.Lock()
        self._in_use: Counter[Shared] = Counter()

    @contextmanager
    def in_use(self, plan: Plan) -> Iterator[None]:
        """For as long as this holds, what the plan needs stays."""
        needed = needs_of(plan)
        with self._lock:
            self._in_use.update(needed)
        try:
            yield
        finally:
            with self._lock:
                self._in_use.subtract(needed)
                self._in_use = +self._in_use

    def drop_unneeded(self, left: Plan | None) -> None:
        """Remove what this plan's end leaves to nobody; all such things if the plan is not known."""
        with self._lock:
            needed = needs_of(left) if left is not None else None
            if needed is None or any(kind == "segment" and self._is_nobodys(kind, one) for kind, one in needed):
                self._drop_bridges()
            groups = self._firewall.groups() if needed is None else [one for kind, one in needed if kind == "group"]
            self._drop_groups(one for one in groups if self._is_nobodys("group", one))

    def _drop_bridges(self) -> None:
        links = list_links()
        masters = {link.master_index for link in links}
        for link in links:
            mark = link.mark
            if link.kind != "bridge" or mark is None or mark.cloud_id != self._ground.cloud_id:
                continue
            if link.name == bridge_of(mark.id) and link.index not in masters and self._is_nobodys("segment", mark.id):
                remove_link(link.name)

    def _drop_groups(self, group_ids: Iterable[str]) -> None:
        for group_id in group_ids:
            # Another port may have it still: then it goes with that.
            with suppress(GroupInUse):
                self._firewall.remove_group(group_id)

    def _is_nobodys(self, kind: Kind, thing_id: str) -> bool:
        return self._made.get(kind, thing_id) is None and not self._in_use[kind, thing_id]


def needs_of(plan: Plan) -> set[Shared]:
    """What is made with a plan if it isn't there yet."""
    match plan:
        case PortPlan():
            return {("segment", plan.network_id), *(("group", one) for one in plan.groups)}
        case RouterPlan():
            outside = {plan.gateway.network_id} if plan.gateway is not None else set()
            return {("segment", one) for one in outside | {leg.network_id for leg in plan.legs}}
        case GroupPlan():
            named = {one for rule in plan.rules for one in (rule.remote_group, rule.address_group) if one}
            return {("group", one) for one in (plan.id, *named)}
        case DhcpPlan() | SegmentPlan():
            return {("segment", plan.id)}
