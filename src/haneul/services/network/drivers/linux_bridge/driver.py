"""The driver's verbs: each makes one thing so, remembers that it did, and may be repeated at any moment."""

import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from haneul.host.namespaces import identity_of_namespace, list_marked_namespaces, list_namespaces
from haneul.host.net import metadata_proxy
from haneul.host.net.firewall import Firewall, FirewallMissing, GroupInUse
from haneul.host.net.links import find_link, list_links
from haneul.host.net.marks import MAKER, Mark, read_mark
from haneul.host.net.segments import supported_segment_types
from haneul.host.run import RunFailed
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
    bridge_of,
    dhcp_namespace_of,
    router_namespace_of,
    tap_of,
)
from haneul.services.network.drivers.linux_bridge import dhcp, ports, routers, segments
from haneul.services.network.drivers.linux_bridge.place import PROXY, Ground
from haneul.services.network.drivers.linux_bridge.shared import SharedThings
from haneul.services.network.drivers.made_plans import MadePlans, refuse_strange
from haneul.services.network.drivers.settings import DriverSettings

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
IN_USE_S, PAUSE_S = 5.0, 0.02
NOT_ANSWERED = MetadataReply(503, b"The cloud is starting; try again.")
NAMED: Mapping[Kind, Callable[[str], str]] = {
    "segment": bridge_of,
    "port": tap_of,
    "dhcp": dhcp_namespace_of,
    "router": router_namespace_of,
}
"""The link or namespace without which a made thing is there no more."""


class LinuxBridgeDriver:
    """NetworkDriver on Linux bridges. Needs root; what it makes outlives it."""

    def __init__(self, settings: DriverSettings) -> None:
        self._settings = settings
        folder = settings.state_dir / "network"
        self._folder = folder
        self._ground = Ground(
            cloud_id=settings.cloud_id,
            folder=folder,
            socket=folder / "metadata.sock",
            tunnel_ip=settings.tunnel_ip,
            links=settings.physical_links,
            external=settings.external,
            reached=settings.reached,
        )
        self._made = MadePlans(folder / "made" / _this_boot())
        self._firewall = Firewall(settings.cloud_id)
        self._shared = SharedThings(self._ground, self._made, self._firewall)
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._answer: Callable[[MetadataAsk], MetadataReply] = lambda _ask: NOT_ANSWERED
        self._server: metadata_proxy.MetadataServer | None = None
        self._types: frozenset[str] | None = None

    def host_network(self) -> HostNetwork:
        """What this host can carry, found by trying."""
        if self._types is None:
            self._types = supported_segment_types()
        external = [self._settings.external.physical_network] if self._settings.external.address else []
        links = [name for name, link in self._settings.physical_links.items() if find_link(link) is not None]
        return HostNetwork(
            types=tuple(sorted(self._types)),  # type: ignore[arg-type]
            physical_networks=tuple(dict.fromkeys([*external, *links])),
            tunnel_ip=self._settings.tunnel_ip,
        )

    def list_made(self, kind: Kind, ids: Collection[str] = ()) -> Sequence[Made]:
        """What was made and is still there; what somebody took away from under us is as good as never made."""
        made = self._made.made(kind, ids)
        if kind in NAMED and made:
            names = _names(kind)
            made = [one for one in made if NAMED[kind](one.id) in names]
        # Asking the kernel for all filters takes long beside many, so that is for passes over all things.
        return made if ids or not made else self._filtered(kind, made)

    def _filtered(self, kind: Kind, made: Sequence[Made]) -> Sequence[Made]:
        """Those of ports and groups that the kernel's tables still have; a port without security needs no filter."""
        if kind == "group":
            known = self._firewall.groups()
            return [one for one in made if one.id in known]
        if kind == "port":
            known = self._firewall.ports()
            plans = self._made.of("port")
            return [one for one in made if one.id in known or not getattr(plans[one.id], "is_secure", True)]
        return made

    def ensure_segment(self, plan: SegmentPlan) -> None:
        self._ensure(plan, lambda: segments.ensure(plan, self._ground))

    def ensure_port(self, plan: PortPlan) -> None:
        self._ensure(plan, lambda: ports.ensure(plan, self._ground, self._firewall))

    def ensure_group(self, plan: GroupPlan) -> None:
        self._ensure(plan, lambda: ports.ensure_group(plan, self._firewall))

    def ensure_dhcp(self, plan: DhcpPlan) -> None:
        self._ensure(plan, lambda: dhcp.ensure(plan, self._ground))

    def ensure_router(self, plan: RouterPlan) -> None:
        self._ensure(plan, lambda: routers.ensure(plan, self._ground))

    def _ensure(self, plan: Plan, make: Callable[[], None]) -> None:
        refuse_strange(plan.id)
        with self._locks[plan.id], self._shared.in_use(plan):
            try:
                self._make(make)
            except (RunFailed, ValueError, OSError) as error:
                raise Refused(_sentence(error)) from error
            self._made.keep(plan)
            self._settings.reached("plan-remembered")

    def _make(self, make: Callable[[], None]) -> None:
        try:
            make()
        except FirewallMissing:
            # Somebody has flushed all rules of the namespace.
            self._firewall.prepare()
            make()

    def remove(self, kind: Kind, thing_id: str) -> None:
        """Remove a thing with all it has on this host."""
        refuse_strange(thing_id)
        with self._locks[thing_id]:
            mark, left = _mark_of(kind, thing_id), self._made.get(kind, thing_id)
            if mark is not None and mark.cloud_id != self._settings.cloud_id:
                return
            match kind:
                case "segment":
                    segments.remove(thing_id, self._ground)
                case "port":
                    ports.remove(thing_id, self._firewall)
                case "group":
                    self._remove_group(thing_id)
                case "dhcp":
                    dhcp.remove(thing_id, self._ground)
                case "router":
                    routers.remove(thing_id, self._ground)
            self._settings.reached("removed")
            self._made.forget(kind, thing_id)
            self._shared.drop_unneeded(left)
            self._settings.reached("forgotten")

    def _remove_group(self, group_id: str) -> None:
        # A port that goes or changes in the same moment may have it still.
        deadline = time.monotonic() + IN_USE_S
        while True:
            try:
                return self._firewall.remove_group(group_id)
            except GroupInUse:
                if time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE_S)

    def on_metadata(self, answer: Callable[[MetadataAsk], MetadataReply]) -> None:
        self._answer = answer

    def recover(self) -> None:
        """Make the firewall's tables and the metadata server; forget what earlier boots of the machine have made."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o711)
        here = _this_boot()
        for folder in (self._folder / "made").glob("*"):
            if folder.name != here:
                shutil.rmtree(folder)
        segments.ensure_way_out(self._ground)
        self._firewall.prepare()
        self._shared.drop_unneeded(None)
        self._server = metadata_proxy.serve_metadata(self._ground.socket, self._told, mode=0o660, gid=PROXY.gid)

    def _told(self, ask: metadata_proxy.MetadataAsk) -> metadata_proxy.MetadataReply:
        reply = self._answer(
            MetadataAsk(
                address=ask.address,
                path=ask.path,
                method=ask.method,
                network_id=ask.network_id,
                router_id=ask.router_id,
                body=ask.body,
            )
        )
        return metadata_proxy.MetadataReply(status=reply.status, body=reply.body, content_type=reply.content_type)

    def close(self) -> None:
        """Stop answering for metadata; packets flow on."""
        if self._server is not None:
            self._server.stop()


def _this_boot() -> str:
    """Names this boot of the machine and this namespace: what was made in another is gone."""
    device, inode = identity_of_namespace()
    return f"{BOOT_ID.read_text().strip()[:8]}-{device}-{inode}"


def _names(kind: Kind) -> frozenset[str]:
    if kind in ("dhcp", "router"):
        return frozenset(list_namespaces())
    return frozenset(link.name for link in list_links())


def _is_filtered(plan: Plan) -> bool:
    return isinstance(plan, PortPlan) and plan.is_secure


def _mark_of(kind: Kind, thing_id: str) -> Mark | None:
    """Whose a thing's link or namespace is; None if it has none, or none that says so."""
    if kind in ("dhcp", "router"):
        return read_mark(list_marked_namespaces(f"{MAKER}:").get(NAMED[kind](thing_id), ""))
    link = find_link(NAMED[kind](thing_id)) if kind in NAMED else None
    return link.mark if link is not None else None


def _sentence(error: Exception) -> str:
    return f"The host could not make it: {str(error).rstrip('.')}."
