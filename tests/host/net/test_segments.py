"""VXLAN between two hosts that are two namespaces, and the way out to the machine."""

import pytest
from tests.host.net.places import Places, reaches

from haneul.host.net.addresses import ensure_addresses, list_addresses
from haneul.host.net.external import External, ensure_external, pick_free_range, remove_external
from haneul.host.net.links import attach, ensure_bridge, find_link, list_links, remove_link
from haneul.host.net.netlink import NetlinkFailed, netlink
from haneul.host.net.routes import Route, ensure_routes
from haneul.host.net.segments import (
    ANY_MAC,
    Gre,
    Vlan,
    Vxlan,
    ensure_flat,
    ensure_flooding,
    ensure_forwarding,
    ensure_gre,
    ensure_vlan,
    ensure_vxlan,
    list_forwarding,
    supported_segment_types,
)
from haneul.host.net.sysctls import read_sysctl
from haneul.host.net.veths import Veth, ensure_veth

pytestmark = pytest.mark.machine

HOSTS = {"h1": "192.168.9.1", "h2": "192.168.9.2", "h3": "192.168.9.3"}
GUESTS = {"h1": ("10.5.0.1", "fa:16:3e:00:00:01"), "h2": ("10.5.0.2", "fa:16:3e:00:00:02")}


def underlay(here: Places) -> dict[str, str]:
    """Hosts on one wire; their namespaces by name."""
    wire = here.new("wire")
    ensure_bridge("wire", 1500, here.mark("wire"), wire)
    made = {host: here.new(host) for host in HOSTS}
    for host, place in made.items():
        join(here, wire, "wire", place, f"to-{host}", "eth0", "0e:00:00:00:00:" + host[1:].zfill(2), 1500)
        ensure_addresses("eth0", [f"{HOSTS[host]}/24"], place)
    return made


def join(here: Places, place: str, bridge: str, peer_place: str, name: str, peer: str, mac: str, mtu: int) -> None:
    wanted = Veth(name=name, peer=peer, peer_place=peer_place, peer_mac=mac, mtu=mtu, mark=here.mark("veth", name))
    ensure_veth(wanted, place)
    attach(name, bridge, place=place)


def vxlan(here: Places, host: str, *, vni: int = 7, suffix: str = "") -> Vxlan:
    name, bridge = f"vxlan-{vni}{suffix}", f"brq{vni}{suffix}"
    mark = here.mark("segment", str(vni))
    return Vxlan(name=name, bridge=bridge, mtu=1450, mark=mark, vni=vni, local_ip=HOSTS[host])


def overlay(here: Places, hosts: dict[str, str], vni: int = 7) -> dict[str, str]:
    """A network across the first two hosts with a guest on each; the guests' namespaces by host."""
    guests = {}
    for host, (address, mac) in GUESTS.items():
        wanted = vxlan(here, host, vni=vni)
        ensure_bridge(wanted.bridge, 1450, here.mark("bridge", str(vni)), hosts[host])
        ensure_vxlan(wanted, hosts[host])
        guests[host] = here.new(f"g{vni}{host}")
        join(here, hosts[host], wanted.bridge, guests[host], f"tap{vni}", "eth0", mac, 1450)
        ensure_addresses("eth0", [f"{address}/24"], guests[host])
    return guests


def test_flooding_carries_pings_between_hosts(here: Places) -> None:
    hosts = underlay(here)
    guests = overlay(here, hosts)
    assert not reaches(guests["h1"], "10.5.0.2", tries=1)
    ensure_flooding("vxlan-7", [HOSTS["h2"], HOSTS["h3"]], hosts["h1"])
    ensure_flooding("vxlan-7", [HOSTS["h1"]], hosts["h2"])
    assert reaches(guests["h1"], "10.5.0.2", size=1422)
    ensure_flooding("vxlan-7", [HOSTS["h2"]], hosts["h1"])
    assert list_forwarding("vxlan-7", hosts["h1"]) == {ANY_MAC: {HOSTS["h2"]}}
    assert reaches(guests["h2"], "10.5.0.1")


def test_known_macs_need_no_flooding(here: Places) -> None:
    hosts = underlay(here)
    guests = overlay(here, hosts)
    ensure_forwarding("vxlan-7", {GUESTS["h2"][1].upper(): HOSTS["h3"]}, hosts["h1"])
    ensure_forwarding("vxlan-7", {GUESTS["h1"][1]: HOSTS["h1"]}, hosts["h2"])
    for host, other in (("h1", "h2"), ("h2", "h1")):
        with netlink(guests[host]) as kernel:
            address, mac = GUESTS[other]
            kernel.neigh("add", dst=address, lladdr=mac, ifindex=kernel.link_lookup(ifname="eth0")[0], state=0x80)
    assert not reaches(guests["h1"], "10.5.0.2", tries=1)
    # The guest moves from the third host to the second.
    ensure_forwarding("vxlan-7", {GUESTS["h2"][1]: HOSTS["h2"]}, hosts["h1"])
    assert reaches(guests["h1"], "10.5.0.2")
    assert list_forwarding("vxlan-7", hosts["h1"]) == {GUESTS["h2"][1]: {HOSTS["h2"]}}
    ensure_flooding("vxlan-7", [HOSTS["h3"]], hosts["h1"])
    ensure_forwarding("vxlan-7", {}, hosts["h1"])
    assert list_forwarding("vxlan-7", hosts["h1"]) == {ANY_MAC: {HOSTS["h3"]}}


def test_two_networks_with_the_same_subnet_never_meet(here: Places) -> None:
    hosts = underlay(here)
    first, second = overlay(here, hosts, 7), overlay(here, hosts, 8)
    for host, other in (("h1", "h2"), ("h2", "h1")):
        for vni in (7, 8):
            ensure_flooding(f"vxlan-{vni}", [HOSTS[other]], hosts[host])
    assert reaches(first["h1"], "10.5.0.2")
    assert reaches(second["h1"], "10.5.0.2")
    remove_link("eth0", first["h2"])
    assert not reaches(first["h1"], "10.5.0.2", tries=1)
    assert reaches(second["h1"], "10.5.0.2")


def test_a_vxlan_that_changed_is_made_anew_and_one_that_did_not_stays(here: Places) -> None:
    hosts = underlay(here)
    wanted = vxlan(here, "h1")
    ensure_bridge(wanted.bridge, 1450, here.mark("bridge"), hosts["h1"])
    made = ensure_vxlan(wanted, hosts["h1"])
    assert ensure_vxlan(wanted, hosts["h1"]).index == made.index
    moved = Vxlan(name="vxlan-7", bridge="brq7", mtu=1400, mark=wanted.mark, vni=9, local_ip=HOSTS["h1"], port=8472)
    changed = ensure_vxlan(moved, hosts["h1"])
    assert changed.index != made.index
    now = find_link("vxlan-7", hosts["h1"])
    assert now is not None
    assert (now.mtu, now.is_up, now.details["IFLA_VXLAN_ID"]) == (1400, True, 9)
    assert (now.details["IFLA_VXLAN_PORT"], now.details["IFLA_VXLAN_LEARNING"]) == (8472, 0)


def test_a_flat_network_is_the_link_itself(here: Places) -> None:
    first, second = here.new("a"), here.new("b")
    join_flat = Veth(
        name="eth9", peer="eth9", peer_place=second, peer_mac="0e:00:00:00:00:09", mtu=1500, mark=here.mark()
    )
    ensure_veth(join_flat, first)
    ensure_bridge("br0", 1500, here.mark(), first)
    ensure_flat("eth9", "br0", first)
    ensure_flat("eth9", "br0", first)
    ensure_addresses("br0", ["10.6.0.1/24"], first)
    ensure_addresses("eth9", ["10.6.0.2/24"], second)
    assert reaches(second, "10.6.0.1")


def test_what_is_supported_is_what_can_be_made(here: Places) -> None:
    place = here.new("a")
    able = supported_segment_types()
    assert {"flat", "local", "vxlan"} <= able
    ensure_bridge("br0", 1500, here.mark(), place)
    bridged = {"bridge": "br0", "mtu": 1400, "mark": here.mark("segment")}
    vlan = Vlan(name="vlan-5", parent="br0", vlan_id=5, **bridged)  # type: ignore[arg-type]
    gre = Gre(name="gre-5", key=5, local_ip=HOSTS["h1"], peer_ip=HOSTS["h2"], **bridged)  # type: ignore[arg-type]
    for kind, make in (("vlan", lambda: ensure_vlan(vlan, place)), ("gre", lambda: ensure_gre(gre, place))):
        if kind in able:
            assert make().index == make().index
        else:
            with pytest.raises(NetlinkFailed, match="can't be made: Operation not supported"):
                make()


def test_the_machine_reaches_the_external_network_and_nothing_else_of_it_changes(here: Places) -> None:
    root, agent, router = here.new("root"), here.new("agent"), here.new("router")
    ensure_bridge("docker0", 1500, here.mark(), root)
    ensure_addresses("docker0", ["172.17.0.1/16"], root)
    ensure_bridge("brq-ext", 1500, here.mark(), agent)
    join(here, agent, "brq-ext", router, "qg", "qg", "fa:16:3e:00:00:09", 1500)
    ensure_addresses("qg", ["172.24.4.9/24"], router)
    before = {link.name for link in list_links(root)}
    wanted = External(
        name="ext-in",
        bridge="brq-ext",
        outer_name="hn-ext",
        outer_place=root,
        address="172.24.4.1/24",
        mtu=1500,
        mark=here.mark("external"),
    )
    ensure_external(wanted, agent)
    ensure_external(wanted, agent)
    assert reaches(root, "172.24.4.9")
    assert {link.name for link in list_links(root)} - before == {"hn-ext"}
    assert read_sysctl("ipv6/conf/hn-ext/accept_ra", root) == "0"
    assert list_addresses("docker0", root) == {"172.17.0.1/16"}
    remove_external("ext-in", agent)
    remove_external("ext-in", agent)
    assert {link.name for link in list_links(root)} == before


def test_a_range_is_free_if_no_address_and_no_route_overlaps_it(here: Places) -> None:
    place = here.new("a")
    assert pick_free_range(place=place) == "172.24.4.0/24"
    ensure_bridge("br0", 1500, here.mark(), place)
    ensure_addresses("br0", ["10.0.0.1/24", "172.24.4.200/32"], place)
    assert pick_free_range(place=place) == "172.24.5.0/24"
    ensure_routes([Route(to="0.0.0.0/0", via="10.0.0.9"), Route(to="172.24.4.0/22", via="10.0.0.9")], place)
    assert pick_free_range(place=place) == "172.24.8.0/24"
    assert pick_free_range(["10.0.0.0/8", "172.24.7.0/24"], place) is None
