"""Links: what there is, and bridges, taps and veth pairs made as wanted. Every verb may be repeated."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from haneul.host.loopback import LOOPBACK
from haneul.host.namespaces import Place
from haneul.host.net.marks import Mark, link_group, marks_of, read_mark
from haneul.host.net.netlink import EXISTS, MISSING, NetlinkFailed, netlink, refusals
from haneul.host.net.sysctls import ensure_no_ipv6

# The kernel's rule for names, and no `.` in the beginning: names are parts of paths under /proc/sys.
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}")
IFF_UP = 1


class Link(Struct, frozen=True, kw_only=True):
    """One link as the kernel has it; `peer_index` of a veth is that of its other end, in whatever namespace."""

    name: str
    index: int
    kind: str
    mac: str
    mtu: int
    is_up: bool
    master_index: int | None
    peer_index: int | None
    peer_namespace_id: int | None
    alias: str
    group: int
    is_isolated: bool = False
    details: Mapping[str, Any] = {}

    @property
    def mark(self) -> Mark | None:
        return read_mark(self.alias)


class Wanted(Struct, frozen=True, kw_only=True):
    """A link as it is to be made: what the kernel is given at once, so that no half of it is ever seen."""

    name: str
    kind: str
    mark: Mark
    mac: str | None = None
    options: Mapping[str, Any] = {}


def refuse_bad_name(name: str) -> None:
    """ValueError for what the kernel or we could take for something other than a link's name."""
    if not NAME.fullmatch(name):
        raise ValueError(f"The name {name!r} can't be that of a network link.")


def list_links(place: Place | None = None) -> list[Link]:
    """All links of the namespace, in one dump."""
    with netlink(place) as kernel, refusals("The links can't be listed"):
        return [_link(found) for found in kernel.get_links()]


def list_own_links(cloud_id: str, place: Place | None = None) -> list[Link]:
    """The links that this cloud has made; one without a mark was cut short in its making.

    A loopback's mark is its namespace's.
    """
    group, beginning = link_group(cloud_id), marks_of(cloud_id)
    return [
        link
        for link in list_links(place)
        if link.index != LOOPBACK and (link.alias.startswith(beginning) or (not link.alias and link.group == group))
    ]


def find_link(name: str, place: Place | None = None) -> Link | None:
    """The link of this name, None if there is none."""
    refuse_bad_name(name)
    with netlink(place) as kernel:
        return _find(kernel, name)


def index_of(name: str, place: Place | None = None) -> int:
    """A link's index; NetlinkFailed if there is no such link."""
    found = find_link(name, place)
    if found is None:
        raise NetlinkFailed(f"There is no network link {name}.", 19)
    return found.index


def ensure_link(wanted: Wanted, place: Place | None = None) -> Link:
    """Make a link, not yet up, if there is none of its name and kind; one of another kind is replaced."""
    refuse_bad_name(wanted.name)
    with netlink(place) as kernel:
        found = _find(kernel, wanted.name)
        if found and found.kind != wanted.kind:
            remove_link(wanted.name, place)
            found = None
        if found is None:
            address = {"address": wanted.mac} if wanted.mac else {}
            with refusals(f"The {wanted.kind} link {wanted.name} can't be made", harmless=frozenset({EXISTS})):
                kernel.link(
                    "add",
                    ifname=wanted.name,
                    kind=wanted.kind,
                    group=wanted.mark.group,
                    **address,
                    **wanted.options,
                )
            found = _find(kernel, wanted.name)
    if found is None:
        raise NetlinkFailed(f"The {wanted.kind} link {wanted.name} vanished while it was made.", 19)
    return found


def ensure_set(link: Link, wanted: Mapping[str, Any], place: Place | None = None) -> None:
    """Make a link's `mtu`, `mac`, `alias`, `master` (an index, 0 for none) and `is_up` what is wanted."""
    has = {
        "mtu": link.mtu,
        "mac": link.mac,
        "alias": link.alias,
        "master": link.master_index or 0,
        "is_up": link.is_up,
    }
    kernel_names = {"mac": "address", "alias": "ifalias", "is_up": "state"}
    different = {
        kernel_names.get(key, key): ("up" if value else "down") if key == "is_up" else value
        for key, value in wanted.items()
        if has[key] != value
    }
    if different:
        with netlink(place) as kernel, refusals(f"The network link {link.name} can't be set"):
            kernel.link("set", index=link.index, **different)


def remove_link(name: str, place: Place | None = None) -> None:
    """Remove a link, a veth pair by either end; an absent one is no matter."""
    found = find_link(name, place)
    if found:
        with netlink(place) as kernel, refusals(f"The network link {name} can't be removed", harmless=MISSING):
            kernel.link("del", index=found.index)


def ensure_bridge(name: str, mtu: int, mark: Mark, place: Place | None = None) -> Link:
    """A bridge that is up, without spanning tree, without delay and without multicast snooping.

    Its MAC is its own: it neither changes with its ports nor from one host's boot to the next.
    """
    options = {"br_forward_delay": 0, "br_stp_state": 0, "br_mcast_snooping": 0}
    wanted = Wanted(name=name, kind="bridge", mark=mark, mac=own_mac(mark, name), options=options)
    link = ensure_link(wanted, place)
    ensure_no_ipv6(name, place)
    ensure_set(link, {"mtu": mtu, "alias": mark.text, "mac": own_mac(mark, name), "is_up": True}, place)
    return link


def attach(name: str, bridge: str, *, isolated: bool = False, place: Place | None = None) -> None:
    """Make the link a port of the bridge; isolated ports of a bridge can't reach each other."""
    link, master = find_link(name, place), index_of(bridge, place)
    if link is None:
        raise NetlinkFailed(f"There is no network link {name}.", 19)
    ensure_set(link, {"master": master}, place)
    # A port that joins a bridge is not isolated.
    if isolated != (link.is_isolated and link.master_index == master):
        with netlink(place) as kernel, refusals(f"The bridge port {name} can't be set"):
            kernel.brport("set", index=link.index, isolated=int(isolated))


def detach(name: str, place: Place | None = None) -> None:
    """Take the link from its bridge; one without a bridge, or an absent one, is no matter."""
    if link := find_link(name, place):
        ensure_set(link, {"master": 0}, place)


def own_mac(mark: Mark, name: str) -> str:
    """A MAC for a link of ours, the same each time; of the range that nobody is given."""
    digest = hashlib.sha256(f"{mark.text} {name}".encode()).digest()
    return ":".join(f"{byte:02x}" for byte in (0x0E, *digest[:5]))


def _find(kernel: Any, name: str) -> Link | None:
    found = None
    with refusals(f"The network link {name} can't be looked up", harmless=MISSING):
        found = _link(kernel.link("get", ifname=name)[0])
    return found


def _link(found: Any) -> Link:
    described = found.get_nested("IFLA_LINKINFO", "IFLA_INFO_DATA")
    port = found.get_nested("IFLA_LINKINFO", "IFLA_INFO_SLAVE_DATA")
    return Link(
        name=found.get_attr("IFLA_IFNAME"),
        index=found["index"],
        kind=found.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND") or "",
        mac=found.get_attr("IFLA_ADDRESS") or "",
        mtu=found.get_attr("IFLA_MTU") or 0,
        is_up=bool(found["flags"] & IFF_UP),
        master_index=found.get_attr("IFLA_MASTER"),
        peer_index=found.get_attr("IFLA_LINK"),
        peer_namespace_id=found.get_attr("IFLA_LINK_NETNSID"),
        alias=found.get_attr("IFLA_IFALIAS") or "",
        group=found.get_attr("IFLA_GROUP") or 0,
        is_isolated=bool(port and dict(port["attrs"]).get("IFLA_BRPORT_ISOLATED")),
        details=dict(described["attrs"]) if described else {},
    )
