"""Veth pairs from one namespace into another."""

import os

from msgspec import Struct

from haneul.host.namespaces import OWN, Place, inside
from haneul.host.net.links import (
    Link,
    Wanted,
    ensure_link,
    ensure_set,
    find_link,
    own_mac,
    refuse_bad_name,
    remove_link,
)
from haneul.host.net.marks import Mark
from haneul.host.net.netlink import NetlinkFailed, netlink
from haneul.host.net.sysctls import ensure_no_ipv6, ensure_sysctl, read_sysctl


class Veth(Struct, frozen=True, kw_only=True):
    """A pair: `name` here, and `peer` in the namespace `peer_place`, which has the MAC that others know.

    Unless it `heeds_routers`, what somebody on the network advertises changes nothing in that namespace.
    """

    name: str
    peer: str
    peer_place: Place
    peer_mac: str
    mtu: int
    mark: Mark
    heeds_routers: bool = False


def ensure_veth(veth: Veth, place: Place | None = None) -> Link:
    """Make both ends and bring them up; the near end, which is meant for a bridge. Half a pair is made anew."""
    refuse_bad_name(veth.peer)
    with inside(place):
        peer_at = veth.peer_place
        if not _is_whole(veth):
            remove_link(veth.name)
            remove_link(veth.peer, peer_at)
            _make(veth, peer_at)
        near, far = find_link(veth.name), find_link(veth.peer, peer_at)
        if near is None or far is None:
            raise NetlinkFailed(f"The veth pair {veth.name} vanished while it was made.", 19)
        ensure_no_ipv6(veth.name)
        _ensure_ipv6(veth)
        ensure_set(far, {"mtu": veth.mtu, "mac": veth.peer_mac, "alias": veth.mark.text, "is_up": True}, peer_at)
        ensure_set(near, {"mtu": veth.mtu, "alias": veth.mark.text, "is_up": True})
        return near


def _ensure_ipv6(veth: Veth) -> None:
    folder = f"ipv6/conf/{veth.peer}"
    # A kernel without IPv6 has none of these.
    if read_sysctl(f"{folder}/accept_ra", veth.peer_place) is not None:
        ensure_sysctl(f"{folder}/accept_ra", "1" if veth.heeds_routers else "0", veth.peer_place)
        # The cloud gives out the addresses: to wait and see whether somebody else has one would be in vain.
        ensure_sysctl(f"{folder}/accept_dad", "0", veth.peer_place)


def _make(veth: Veth, peer_at: Place) -> None:
    with inside(peer_at):
        descriptor = os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        peer = {
            "ifname": veth.peer,
            "address": veth.peer_mac,
            "mtu": veth.mtu,
            "group": veth.mark.group,
            "net_ns_fd": descriptor,
        }
        mac = own_mac(veth.mark, veth.name)
        ensure_link(Wanted(name=veth.name, kind="veth", mark=veth.mark, mac=mac, options={"peer": peer}))
    finally:
        os.close(descriptor)


def _is_whole(veth: Veth) -> bool:
    near, far = find_link(veth.name), find_link(veth.peer, veth.peer_place)
    if near is None or far is None or {near.kind, far.kind} != {"veth"}:
        return False
    if (near.peer_index, far.peer_index) != (far.index, near.index):
        return False
    # Indexes are counted in each namespace: the same number may be another pair's.
    return near.peer_namespace_id == _namespace_id(veth.peer_place)


def _namespace_id(place: Place) -> int | None:
    with inside(place):
        descriptor = os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with netlink() as kernel:
            found = kernel.get_netnsid(fd=descriptor)["nsid"]
            return None if found in (None, 0xFFFFFFFF, -1) else int(found)
    finally:
        os.close(descriptor)
