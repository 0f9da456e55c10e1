"""Bridges, taps, veth pairs, addresses and routes in namespaces of the test's own."""

import fcntl
import os
import time
from pathlib import Path

import pytest
from tests.host.net.places import Places, reaches

from haneul.host.namespaces import (
    ensure_namespace,
    hold_namespace,
    in_new_namespace,
    inside,
    list_marked_namespaces,
    list_namespaces,
    remove_namespace,
    remove_stale_names,
)
from haneul.host.net.addresses import ensure_addresses, list_addresses
from haneul.host.net.links import (
    Wanted,
    attach,
    detach,
    ensure_bridge,
    ensure_link,
    find_link,
    list_links,
    list_own_links,
    remove_link,
)
from haneul.host.net.marks import marks_of
from haneul.host.net.netlink import NetlinkFailed, netlink
from haneul.host.net.routes import Route, ensure_routes, list_routes
from haneul.host.net.sysctls import ensure_sysctl, read_sysctl
from haneul.host.net.taps import DEVICE, IFF_NO_PI, IFF_TAP, IFF_VNET_HDR, REQUEST, TUNSETIFF, ensure_tap, open_tap
from haneul.host.net.veths import Veth, ensure_veth
from haneul.host.run import RunFailed

pytestmark = pytest.mark.machine


def veth(here: Places, peer_place: str, name: str = "near0", peer: str = "far0", mtu: int = 1450) -> Veth:
    mac = "fa:16:3e:00:00:01"
    return Veth(name=name, peer=peer, peer_place=peer_place, peer_mac=mac, mtu=mtu, mark=here.mark("veth", name))


def test_a_namespace_is_made_with_its_mark_and_listed_by_it(here: Places) -> None:
    name = here.new("a")
    ensure_namespace(name, here.mark("place", "a").text)
    assert list_marked_namespaces(marks_of(here.cloud_id)) == {name: here.mark("place", "a").text}
    assert list_marked_namespaces(marks_of("another")) == {}
    with inside(name):
        assert reaches(name, "127.0.0.1")
    remove_namespace(name)
    remove_namespace(name)
    assert name not in list_namespaces()


def test_a_namespace_of_another_cloud_is_left_alone(here: Places) -> None:
    name = here.new("a")
    with pytest.raises(RunFailed, match="so it isn't ours"):
        ensure_namespace(name, "haneul:another:place:a")
    assert here.names() == [name]


def test_a_name_without_a_namespace_is_healed_or_swept(here: Places) -> None:
    name = here.new("a")
    remove_namespace(name)
    path = Path("/run/netns") / name
    path.touch()
    ensure_namespace(name, here.mark().text)
    assert here.names() == [name]
    remove_namespace(name)
    path.touch()
    remove_stale_names(name)
    assert path.exists()
    os.utime(path, (0, 0))
    remove_stale_names(name)
    assert not path.exists()


def test_work_inside_comes_back_even_from_a_failure(here: Places) -> None:
    name = here.new("a")
    before = {link.name for link in list_links()}
    ensure_bridge("br0", 1500, here.mark(), name)
    with pytest.raises(NetlinkFailed, match="no network link none0"), inside(name):
        attach("none0", "br0")
    assert {link.name for link in list_links()} == before
    with pytest.raises(RunFailed, match="can't be entered: No such file"), inside("no-such-place"):
        pass


def test_an_open_socket_never_keeps_a_removed_namespace_alive(here: Places) -> None:
    first, second = here.new("a"), here.new("b")
    with inside(first):
        ensure_veth(veth(here, second))
        assert list_links()
    remove_namespace(first)
    deadline = time.monotonic() + 5
    while find_link("far0", second) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert find_link("far0", second) is None


def test_a_held_namespace_can_be_entered_from_elsewhere(here: Places) -> None:
    name = here.new("a")
    with inside(name):
        held = hold_namespace()
        ensure_bridge("br0", 1500, here.mark())
    assert find_link("br0", held)
    os.close(int(held.name))


def test_a_bridge_is_as_wanted_and_stays_so(here: Places) -> None:
    place = here.new("a")
    made = ensure_bridge("br0", 1450, here.mark("bridge"), place)
    ensure_tap("tap0", 1450, here.mark("tap"), place=place)
    attach("tap0", "br0", isolated=True, place=place)
    again = ensure_bridge("br0", 1450, here.mark("bridge"), place)
    assert (again.index, again.mac) == (made.index, made.mac)
    assert (again.mtu, again.is_up, again.mark) == (1450, True, here.mark("bridge"))
    assert (again.details["IFLA_BR_STP_STATE"], again.details["IFLA_BR_FORWARD_DELAY"]) == (0, 0)
    assert again.details["IFLA_BR_MCAST_SNOOPING"] == 0
    assert read_sysctl("ipv6/conf/br0/disable_ipv6", place) == "1"
    ensure_bridge("br0", 1400, here.mark("bridge"), place)
    assert [(link.name, link.mtu) for link in list_own_links(here.cloud_id, place)] == [("br0", 1400), ("tap0", 1450)]
    remove_link("br0", place)
    remove_link("br0", place)
    assert find_link("br0", place) is None


def test_ports_come_and_go(here: Places) -> None:
    place = here.new("a")
    first = ensure_bridge("br0", 1500, here.mark(), place)
    second = ensure_bridge("br1", 1500, here.mark(), place)
    ensure_tap("tap0", 1500, here.mark(), place=place)
    for bridge in (first, first, second):
        attach("tap0", bridge.name, place=place)
        assert found(place, "tap0").master_index == bridge.index
    for isolated in (True, True, False):
        attach("tap0", "br1", isolated=isolated, place=place)
        assert found(place, "tap0").is_isolated is isolated
    attach("tap0", "br1", isolated=True, place=place)
    attach("tap0", "br0", place=place)
    assert not found(place, "tap0").is_isolated
    detach("tap0", place)
    detach("gone0", place)
    assert found(place, "tap0").master_index is None


def found(place: str, name: str):  # type: ignore[no-untyped-def]
    link = find_link(name, place)
    assert link is not None
    return link


@pytest.mark.parametrize("name", ["", "a" * 16, "a/b", "../x", "a b", "a\n", ".", "..", "한"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="can't be that of a network link"):
        find_link(name)


def test_only_the_clouds_own_links_are_listed(here: Places) -> None:
    place = here.new("a")
    ensure_bridge("br0", 1500, here.mark("bridge"), place)
    with netlink(place) as kernel:
        kernel.link("add", ifname="foreign0", kind="bridge")
    # What a crash right after the kernel has made a link leaves.
    ensure_link(Wanted(name="half0", kind="bridge", mark=here.mark()), place)
    listed = list_own_links(here.cloud_id, place)
    assert [(link.name, link.mark is None) for link in listed] == [("br0", False), ("half0", True)]
    assert list_own_links("another", place) == []
    ensure_bridge("half0", 1500, here.mark("bridge", "two"), place)
    assert found(place, "half0").mark == here.mark("bridge", "two")


def test_a_link_of_another_kind_is_replaced(here: Places) -> None:
    place = here.new("a")
    ensure_bridge("x0", 1500, here.mark(), place)
    assert ensure_tap("x0", 1500, here.mark(), place=place).kind == "tun"
    assert ensure_bridge("x0", 1500, here.mark(), place).kind == "bridge"


def test_a_tap_is_opened_by_its_owner_only(here: Places) -> None:
    place = here.new("a")
    made = ensure_tap("tap0", 1450, here.mark("tap"), place=place)
    assert (made.details["IFLA_TUN_OWNER"], made.details["IFLA_TUN_PERSIST"]) == (0, 1)
    assert not opens("tap0", place, 4711)
    ensure_tap("tap0", 1450, here.mark("tap"), owner_uid=4711, place=place)
    assert ensure_tap("tap0", 1450, here.mark("tap"), place=place).index == made.index
    assert opens("tap0", place, 4711)
    assert not opens("tap0", place, 4712)
    now = found(place, "tap0")
    assert (now.mtu, now.is_up, now.mark) == (1450, True, here.mark("tap"))


def opens(name: str, place: str, uid: int) -> bool:
    """Whether this uid can do with the tap what QEMU does."""
    with inside(place):
        descriptor = os.open(DEVICE, os.O_RDWR)
    os.seteuid(uid)
    try:
        fcntl.ioctl(descriptor, TUNSETIFF, REQUEST.pack(name.encode(), IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
    except PermissionError:
        return False
    finally:
        os.seteuid(0)
        os.close(descriptor)
    return True


def test_the_owner_of_an_open_tap_stays(here: Places) -> None:
    place = here.new("a")
    ensure_tap("tap0", 1450, here.mark(), owner_uid=4711, place=place)
    descriptor = open_tap("tap0", place=place)
    with pytest.raises(NetlinkFailed, match="busy"):
        open_tap("tap0", place=place)
    ensure_tap("tap0", 1400, here.mark(), owner_uid=4711, place=place)
    with pytest.raises(NetlinkFailed, match="busy"):
        ensure_tap("tap0", 1400, here.mark(), owner_uid=4712, place=place)
    os.close(descriptor)


def test_a_veth_pair_joins_two_namespaces(here: Places) -> None:
    first, second = here.new("a"), here.new("b")
    made = ensure_veth(veth(here, second), first)
    assert ensure_veth(veth(here, second), first).index == made.index
    far = found(second, "far0")
    assert (far.mac, far.mtu, far.is_up, far.mark) == ("fa:16:3e:00:00:01", 1450, True, here.mark("veth", "near0"))
    bridge = ensure_bridge("br0", 1450, here.mark(), first)
    attach("near0", "br0", place=first)
    ensure_addresses("br0", ["10.9.0.1/24"], first)
    ensure_addresses("far0", ["10.9.0.2/24"], second)
    assert reaches(second, "10.9.0.1", size=1422)
    ensure_veth(veth(here, second, mtu=1400), first)
    assert found(first, "near0").master_index == bridge.index
    assert {found(first, "near0").mtu, found(second, "far0").mtu} == {1400}
    remove_link("near0", first)
    assert find_link("far0", second) is None


def test_half_a_veth_pair_is_healed(here: Places) -> None:
    first, second, third = here.new("a"), here.new("b"), here.new("c")
    ensure_veth(veth(here, third), first)
    # Its peer is wanted elsewhere now, where another link has taken the name.
    ensure_veth(veth(here, third, name="other0", peer="far0"), second)
    with netlink(second) as kernel:
        kernel.link("add", ifname="far0", kind="bridge")
    ensure_veth(veth(here, second), first)
    assert found(second, "far0").peer_index == found(first, "near0").index
    with netlink(second) as kernel:
        kernel.link("set", index=found(second, "far0").index, ifname="lost0", state="down")
    ensure_veth(veth(here, second), first)
    assert find_link("lost0", second) is None
    assert found(second, "far0").is_up


def test_addresses_become_exactly_those_wanted(here: Places) -> None:
    place = here.new("a")
    ensure_bridge("br0", 1500, here.mark(), place)
    ensure_sysctl("ipv6/conf/br0/disable_ipv6", "0", place)
    for wanted in (
        ["10.0.0.1/24", "FD00:0::1/64"],
        ["10.0.0.1/24", "10.0.0.2/24", "fd00::2/64"],
        ["10.0.0.2/24"],
        [],
        [],
    ):
        ensure_addresses("br0", wanted, place)
        assert list_addresses("br0", place) == {text.lower().replace("fd00:0::", "fd00::") for text in wanted}


def test_routes_become_exactly_those_wanted_and_others_stay(here: Places) -> None:
    place = here.new("a")
    ensure_bridge("br0", 1500, here.mark(), place)
    ensure_sysctl("ipv6/conf/br0/disable_ipv6", "0", place)
    ensure_addresses("br0", ["10.0.0.1/24", "fd00::1/64"], place)
    with netlink(place) as kernel:
        kernel.route("add", dst="10.77.0.0/16", gateway="10.0.0.77")
    default = Route(to="0.0.0.0/0", via="10.1.0.1", link="br0")
    gateway = Route(to="10.1.0.1/32", link="br0")
    six = Route(to="::/0", via="fd00::ff", link="br0")
    for wanted in (
        [default, gateway, six],
        [default, gateway, six],
        [gateway, Route(to="10.2.0.0/16", via="10.0.0.9")],
        [],
    ):
        ensure_routes(wanted, place)
        assert {(route.to, route.via) for route in list_routes(place)} == {(route.to, route.via) for route in wanted}
    with netlink(place) as kernel:
        assert "10.77.0.0" in {route.get_attr("RTA_DST") for route in kernel.get_routes(family=2)}


def test_a_setting_that_does_not_exist_is_told(here: Places) -> None:
    place = here.new("a")
    ensure_sysctl("ipv4/ip_forward", "1", place)
    assert read_sysctl("ipv4/ip_forward", place) == "1"
    assert read_sysctl("ipv4/no_such", place) is None
    with pytest.raises(RunFailed, match="net/ipv4/no_such can't be set to 1: No such file"):
        ensure_sysctl("ipv4/no_such", "1", place)


def test_repeating_is_quick(here: Places) -> None:
    place = here.new("a")
    with inside(place):
        ensure_bridge("br0", 1500, here.mark())
        begin = time.perf_counter()
        for _ in range(20):
            ensure_bridge("br0", 1500, here.mark())
        each_s = (time.perf_counter() - begin) / 20
    assert each_s < 0.05


def test_a_namespace_without_a_name_leaves_nothing() -> None:
    before = list_namespaces()
    assert in_new_namespace(lambda: [link.name for link in list_links() if link.kind == "veth"]) == []
    assert list_namespaces() == before
