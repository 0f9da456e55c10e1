"""What this host has of ports, networks and DHCP servers: devices, bridges, tunnels, filters."""

import os
from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import Struct

from haneul.cli.trace.filters import explained_anew
from haneul.cli.trace.values import Seen, absent
from haneul.cli.tree.layout import Layout
from haneul.host.namespaces import Place, inside, list_namespaces, processes_inside
from haneul.host.net.addresses import list_addresses
from haneul.host.net.firewall import Firewall
from haneul.host.net.links import find_link
from haneul.host.net.segments import ANY_MAC, list_forwarding
from haneul.host.net.sysctls import read_sysctl
from haneul.services.network.drivers.base import (
    GroupPlan,
    GroupRule,
    PortPlan,
    SegmentPlan,
    bridge_of,
    dhcp_namespace_of,
    tap_of,
)
from haneul.settings import CloudSettings

T = TypeVar("T")
FORWARDING = {4: "ipv4/ip_forward", 6: "ipv6/conf/all/forwarding"}


class OnHost(Struct, frozen=True, kw_only=True):
    """This host of the cloud, looked at from within the namespace that its networks are in."""

    cloud_id: str
    name: str
    place: Place | None
    external_address: str = ""

    def within(self, ask: Callable[[], T]) -> T:
        """Ask in the namespace of this host's networks."""
        with inside(self.place):
            return ask()

    def tap(self, port: PortPlan) -> Seen:
        """A guest's device: there, up and in its network's bridge."""
        return self.within(lambda: _joined(tap_of(port.id), bridge_of(port.network_id)))

    def filters(self, port: PortPlan, groups: list[GroupPlan]) -> Seen:
        """Whether the port is filtered as the rows want."""
        has = self.within(lambda: Firewall(self.cloud_id).explain(port.id))
        if not port.is_secure:
            return Seen(text="a filter of it", is_wanted=False) if has else Seen(text="no filter of it")
        if not has:
            return Seen(text="no filter of it, so that everything passes", is_wanted=False)
        if has != explained_anew(self.cloud_id, port, groups).of_port:
            return Seen(text="another filter of it than the rows want", is_wanted=False)
        return Seen(text="its filter")

    def allows(self, port: PortPlan, group: GroupPlan, rule: GroupRule) -> Seen:
        """Whether the group's chains have this rule of it."""
        alone = msgspec.structs.replace(group, rules=(rule,))
        wanted = explained_anew(self.cloud_id, port, [alone]).of_groups
        has = self.within(lambda: Firewall(self.cloud_id).explain_group(group.id))
        if not set(wanted) <= set(has):
            return absent(f"no such rule in the chains of group {group.id}")
        return Seen(text="the rule in the group's chains")

    def has_no_more(self, port: PortPlan, groups: list[GroupPlan]) -> Seen:
        """Whether the groups have no rules beyond those of the rows."""
        wanted = set(explained_anew(self.cloud_id, port, groups).of_groups)
        has = self.within(lambda: [line for one in groups for line in Firewall(self.cloud_id).explain_group(one.id)])
        if more := len(set(has) - wanted):
            return Seen(text=f"{more} rules in its chains that no row knows", is_wanted=False)
        return Seen(text="no other rule either")

    def bridge(self, network_id: str) -> Seen:
        """A network's bridge, which ports of one host meet in."""
        return self.within(lambda: _up(bridge_of(network_id)))

    def tunnel(self, plan: SegmentPlan, mac: str, peer_ip: str) -> Seen:
        """The way of a MAC to another host's end of the tunnel."""
        if plan.type != "vxlan":
            return self.bridge(plan.id)
        return self.within(lambda: _tunnel(plan, mac, peer_ip))

    def external(self) -> Seen:
        """The machine's own way to the external network, in the namespace that this is run in."""
        name = outer_link_of(self.cloud_id)
        seen = _up(name)
        if seen.is_wanted and self.external_address not in list_addresses(name):
            return absent(f"{name} without {self.external_address}")
        return seen

    def is_dead_end(self, gateway: str, version: int) -> bool:
        """Whether a gateway is this machine, which passes nothing on."""
        is_machine = gateway == self.external_address.partition("/")[0]
        return is_machine and read_sysctl(FORWARDING[version]) != "1"

    def dhcp(self, network_id: str) -> Seen:
        """A network's DHCP server: its namespace, and a program in it."""
        name = dhcp_namespace_of(network_id)
        if name not in list_namespaces():
            return Seen(text=f"no namespace {name}", is_wanted=False)
        if not processes_inside(name):
            return Seen(text=f"nothing that runs in {name}", is_wanted=False)
        return Seen(text=name)


def outer_link_of(cloud_id: str) -> str:
    """The machine's own end of the veth to the external network, as the driver names it."""
    return f"hn-{cloud_id[:8]}"


def _up(name: str) -> Seen:
    link = find_link(name)
    if link is None:
        return absent(f"no device {name}")
    return Seen(text=name) if link.is_up else absent(f"the device {name} down")


def _joined(name: str, bridge: str) -> Seen:
    """A device that is up, in a bridge that is up."""
    link, master = find_link(name), find_link(bridge)
    if link is None or not link.is_up:
        return _up(name)
    if master is None or not master.is_up:
        return _up(bridge)
    if link.master_index != master.index:
        return absent(f"the device {name} outside of the bridge {bridge}")
    return Seen(text=f"{name} in {bridge}")


def _tunnel(plan: SegmentPlan, mac: str, peer_ip: str) -> Seen:
    name = f"vxlan-{plan.segmentation_id}"
    joined = _joined(name, bridge_of(plan.id))
    if not joined.is_wanted:
        return joined
    known = list_forwarding(name)
    peers = known.get(mac.lower(), frozenset()) or known.get(ANY_MAC, frozenset())
    if peer_ip not in peers:
        return absent(f"no way to {mac} by {peer_ip} in {name}")
    return Seen(text=f"{name} to {peer_ip}")


def this_host(layout: Layout, settings: CloudSettings) -> tuple[OnHost | None, str]:
    """What can be looked at of this host; None, and a sentence why, where there is nothing or it isn't allowed."""
    if settings.simulate:
        return None, "The cloud is simulated: these are the rows alone, there is no host to look at."
    if os.geteuid() != 0:
        return None, "These are the rows alone: only root can look at this host."
    own = None if settings.host_network else CloudSettings.namespace_of(layout.cloud_id)
    if own is not None and own not in list_namespaces():
        return None, f"These are the rows alone: this host has no namespace {own} (haneul up makes it)."
    here = OnHost(cloud_id=layout.cloud_id, name=settings.host, place=own, external_address=settings.external_address)
    return here, ""
