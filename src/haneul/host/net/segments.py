"""What carries a network between hosts: VXLAN with its forwarding table, VLAN, GRE, or a link that is there already."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from haneul.host.namespaces import Place, in_new_namespace
from haneul.host.net.links import Link, Wanted, attach, ensure_link, ensure_set, find_link, index_of, remove_link
from haneul.host.net.marks import Mark
from haneul.host.net.netlink import EXISTS, MISSING, NetlinkFailed, netlink, refusals
from haneul.host.net.sysctls import ensure_no_ipv6

VXLAN_PORT = 4789
ANY_MAC = "00:00:00:00:00:00"
NTF_SELF = 0x02
PERMANENT = 0x80
NO_ARP = 0x40
# How the kernel is told that the two keys count; it gives the flags back in another byte order.
GRE_HAS_KEY = {"gre_iflags": 32, "gre_oflags": 32}
# A link of its own namespace may be made with any address: the probe sends nothing.
PROBE_LOCAL, PROBE_REMOTE = "192.0.2.1", "192.0.2.2"


class Segment(Struct, frozen=True, kw_only=True):
    """A link that carries one network, and the bridge that it becomes a port of."""

    name: str
    bridge: str
    mtu: int
    mark: Mark


class Vxlan(Segment, frozen=True, kw_only=True):
    """Packets of `vni`, from and to this host's `local_ip`."""

    vni: int
    local_ip: str
    port: int = VXLAN_PORT


class Vlan(Segment, frozen=True, kw_only=True):
    """Frames with a tag, on a link that is there already."""

    parent: str
    vlan_id: int


class Gre(Segment, frozen=True, kw_only=True):
    """A tunnel to one peer; `key` tells the network."""

    key: int
    local_ip: str
    peer_ip: str


def ensure_vxlan(vxlan: Vxlan, place: Place | None = None) -> Link:
    """A VXLAN link that learns nothing by itself: who is where, `ensure_flooding` and `ensure_forwarding` tell it."""
    local = "vxlan_local6" if ":" in vxlan.local_ip else "vxlan_local"
    options = {"vxlan_id": vxlan.vni, local: vxlan.local_ip, "vxlan_port": vxlan.port, "vxlan_learning": False}
    return _ensure(vxlan, "vxlan", options, place)


def ensure_vlan(vlan: Vlan, place: Place | None = None) -> Link:
    """The frames of one tag of a link; NetlinkFailed where the kernel can't (see `supported_segment_types`)."""
    options = {"link": index_of(vlan.parent, place), "vlan_id": vlan.vlan_id}
    return _ensure(vlan, "vlan", options, place)


def ensure_gre(gre: Gre, place: Place | None = None) -> Link:
    """A GRE tunnel to one peer; a host has one for each. Isolated: what came by one tunnel never leaves by another."""
    options = {
        "gre_local": gre.local_ip,
        "gre_remote": gre.peer_ip,
        "gre_ikey": gre.key,
        "gre_okey": gre.key,
        **GRE_HAS_KEY,
        "gre_ttl": 64,
    }
    return _ensure(gre, "gretap", options, place, isolated=True)


def ensure_flat(link: str, bridge: str, place: Place | None = None) -> None:
    """Make a link that somebody else has made the way out of a bridge: it becomes a port, up, and is not marked."""
    attach(link, bridge, place=place)
    if found := find_link(link, place):
        ensure_set(found, {"is_up": True}, place)


def _ensure(
    segment: Segment, kind: str, options: Mapping[str, Any], place: Place | None, *, isolated: bool = False
) -> Link:
    wanted = Wanted(name=segment.name, kind=kind, mark=segment.mark, options=options)
    found = find_link(segment.name, place)
    if found and not _is(found, options):
        remove_link(segment.name, place)
    link = ensure_link(wanted, place)
    ensure_no_ipv6(segment.name, place)
    ensure_set(link, {"mtu": segment.mtu, "alias": segment.mark.text}, place)
    attach(segment.name, segment.bridge, isolated=isolated, place=place)
    ensure_set(link, {"is_up": True}, place)
    return link


def _is(found: Link, options: Mapping[str, Any]) -> bool:
    """Whether a link was made with these options, which can't be changed afterwards."""
    has = {key.removeprefix("IFLA_").lower(): value for key, value in found.details.items()}
    has["link"] = found.peer_index
    return all(has.get(key) == value for key, value in options.items() if key not in GRE_HAS_KEY)


def ensure_flooding(vxlan: str, peers: Iterable[str], place: Place | None = None) -> None:
    """Make these peers exactly those that are sent what has no known destination."""
    wanted = {(ANY_MAC, peer) for peer in peers}
    _ensure_entries(vxlan, wanted, lambda mac: mac == ANY_MAC, place)


def ensure_forwarding(vxlan: str, peers: Mapping[str, str], place: Place | None = None) -> None:
    """Make these MACs exactly those whose peers are known, each with its peer (l2population)."""
    wanted = {(mac.lower(), peer) for mac, peer in peers.items()}
    _ensure_entries(vxlan, wanted, lambda mac: mac != ANY_MAC, place)


def list_forwarding(vxlan: str, place: Place | None = None) -> Mapping[str, frozenset[str]]:
    """The peers of each MAC; those of ANY_MAC are sent what has no known destination."""
    with netlink(place) as kernel:
        found = defaultdict(set)
        for mac, peer in _entries(kernel, index_of(vxlan)):
            found[mac].add(peer)
    return {mac: frozenset(peers) for mac, peers in found.items()}


def _ensure_entries(vxlan: str, wanted: set[tuple[str, str]], ours: Callable[[str], bool], place: Place | None) -> None:
    with netlink(place) as kernel:
        index = index_of(vxlan)
        has = {entry for entry in _entries(kernel, index) if ours(entry[0])}
        # New before old, so that a MAC that moves is known at every moment: a unicast entry is replaced in one stroke.
        for mac, peer in sorted(wanted - has):
            verb = "append" if mac == ANY_MAC else "replace"
            with refusals(f"The way to {mac} can't be set on {vxlan}", harmless=frozenset({EXISTS})):
                kernel.fdb(verb, **_entry(index, mac, peer))
        replaced = {mac for mac, _ in wanted - has} - {ANY_MAC}
        for mac, peer in sorted(has - wanted):
            if mac not in replaced:
                with refusals(f"The way to {mac} can't be removed from {vxlan}", harmless=MISSING):
                    kernel.fdb("del", **_entry(index, mac, peer))


def _entries(kernel: Any, index: int) -> set[tuple[str, str]]:
    with refusals("The forwarding table can't be listed"):
        found = [one for one in kernel.fdb("dump", ifindex=index) if one["ifindex"] == index]
    # The bridge's own entries for its port are in the same dump, and have no peer.
    return {(one.get_attr("NDA_LLADDR"), one.get_attr("NDA_DST")) for one in found if one.get_attr("NDA_DST")}


def _entry(index: int, mac: str, peer: str) -> dict[str, object]:
    return {"ifindex": index, "lladdr": mac, "dst": peer, "flags": NTF_SELF, "state": PERMANENT | NO_ARP}


def supported_segment_types() -> frozenset[str]:
    """The network types that this host's kernel can carry, found by trying in a namespace that is then gone."""
    return frozenset({"flat", "local"}) | in_new_namespace(_tried)


def _tried() -> frozenset[str]:
    with netlink() as kernel:
        tunnel = {"gre_local": PROBE_LOCAL, "gre_remote": PROBE_REMOTE, "gre_ttl": 64}
        kernel.link("add", ifname="parent", kind="veth", peer={"ifname": "other"})
        parent = kernel.link_lookup(ifname="parent")[0]
        probes: dict[str, dict[str, object]] = {
            "vlan": {"kind": "vlan", "link": parent, "vlan_id": 2},
            "vxlan": {"kind": "vxlan", "vxlan_id": 2, "vxlan_local": PROBE_LOCAL, "vxlan_port": VXLAN_PORT},
            "gre": {"kind": "gretap", **tunnel},
        }
        able = frozenset(name for name, options in probes.items() if _can(kernel, options))
        kernel.close()
    return able


def _can(kernel: Any, options: Mapping[str, object]) -> bool:
    try:
        with refusals("A probe"):
            kernel.link("add", ifname="probe", **options)
    except NetlinkFailed:
        return False
    remove_link("probe")
    return True
