"""What the rules of security groups let through, shown by real packets between guests on Linux bridges."""

import socket
import subprocess
from collections.abc import Iterator

import pytest
from tests.support import frames
from tests.support.bridged import (
    ARRIVES_S,
    connected,
    frame_arrives,
    got,
    listener,
    packet_socket,
    pings,
    seen,
    tcp_opens,
    udp_arrives,
    udp_socket,
)
from tests.support.filtered import ICMP, ICMPV6, TCP, UDP, Lab, filtered_host, group, id_of, inward, port_of, prepared

from haneul.host.namespaces import inside
from haneul.host.net.firewall import AddressPair, Firewall, Group, GroupInUse, Rule

pytestmark = pytest.mark.machine


@pytest.fixture(scope="module")
def built() -> Iterator[Lab]:
    with filtered_host("hfw-rules") as lab:
        yield lab


@pytest.fixture
def lab(built: Lab) -> Iterator[Lab]:
    with prepared(built) as ready:
        yield ready


def test_what_no_rule_allows_does_not_arrive(lab: Lab) -> None:
    assert udp_arrives(lab.a, lab.b, 1000)
    lab.ensure(group("web", inward(TCP, 80)))
    lab.filter_all("web")
    assert tcp_opens(lab.a, lab.b, 80)
    assert not tcp_opens(lab.a, lab.b, 81)
    assert not udp_arrives(lab.a, lab.b, 80)
    assert not udp_arrives(lab.a, lab.b, 80, version=6)
    assert not pings(lab.a, lab.b.ipv4)
    assert not pings(lab.a, lab.b.ipv6)


def test_a_port_without_groups_is_let_nothing_and_lets_nothing_out(lab: Lab) -> None:
    lab.ensure(group("open", inward(), inward(version=6)), port_of(lab.a, "open"), port_of(lab.b))
    assert not udp_arrives(lab.a, lab.b, 1000)
    assert not udp_arrives(lab.b, lab.a, 1000)
    assert udp_arrives(lab.c, lab.a, 1000), "c isn't filtered and a lets everything in"


def test_answers_come_back_to_who_has_asked(lab: Lab) -> None:
    lab.ensure(group("none"), group("pinged", inward(ICMP), inward(ICMPV6, version=6)))
    lab.ensure(port_of(lab.a, "none"), port_of(lab.b, "pinged"))
    assert pings(lab.a, lab.b.ipv4)
    assert pings(lab.a, lab.b.ipv6)
    assert not pings(lab.b, lab.a.ipv4)
    assert not pings(lab.b, lab.a.ipv6)


def test_egress_rules_hold_back(lab: Lab) -> None:
    only_dns = Group(id=id_of("dns"), rules=(Rule(direction="egress", version=4, protocol=UDP, ports=(53, 53)),))
    lab.ensure(only_dns, group("open", inward()), port_of(lab.a, "dns"), port_of(lab.b, "open"))
    assert udp_arrives(lab.a, lab.b, 53)
    assert not udp_arrives(lab.a, lab.b, 54)
    assert not tcp_opens(lab.a, lab.b, 53)


def test_ranges_of_ports_end_where_they_say(lab: Lab) -> None:
    lab.ensure(group("range", inward(UDP, 1000, 1010), inward(TCP, 65535)))
    lab.filter_all("range")
    assert [port for port in (999, 1000, 1005, 1010, 1011) if udp_arrives(lab.a, lab.b, port)] == [1000, 1005, 1010]
    assert tcp_opens(lab.a, lab.b, 65535)


def test_icmp_types_are_told_apart(lab: Lab) -> None:
    lab.ensure(group("timestamp", inward(ICMP, icmp=(13, None)), inward(ICMPV6, version=6, icmp=(128, 0))))
    lab.filter_all("timestamp")
    assert not pings(lab.a, lab.b.ipv4)
    assert pings(lab.a, lab.b.ipv6)
    lab.ensure(group("timestamp", inward(ICMP, icmp=(8, 0)), inward(ICMPV6, version=6, icmp=(128, 1))))
    assert pings(lab.a, lab.b.ipv4)
    assert not pings(lab.a, lab.b.ipv6)


def test_remote_networks(lab: Lab) -> None:
    lab.ensure(group("near", inward(UDP, remote="10.0.0.0/31"), inward(UDP, version=6, remote="fd00::3/128")))
    lab.filter_all("near")
    assert udp_arrives(lab.a, lab.b, 1000)
    assert not udp_arrives(lab.c, lab.b, 1000)
    assert udp_arrives(lab.c, lab.b, 1000, version=6)
    assert not udp_arrives(lab.a, lab.b, 1000, version=6)


def test_remote_groups_are_their_members(lab: Lab) -> None:
    rules = inward(UDP, remote_group=id_of("friends")), inward(UDP, version=6, remote_group=id_of("friends"))
    lab.ensure(group("met", *rules))
    lab.filter_all("met")
    assert not udp_arrives(lab.a, lab.b, 1000), "a group of which nobody has told is empty"
    lab.ensure(Group(id=id_of("friends"), members=(lab.a.ipv4, "fd00::2/127", "fd00::3")))
    assert udp_arrives(lab.a, lab.b, 1000)
    assert not udp_arrives(lab.c, lab.b, 1000)
    assert udp_arrives(lab.c, lab.b, 1000, version=6), "a network among the members"
    lab.ensure(Group(id=id_of("friends"), members=("10.0.0.2/31", "10.0.0.3", "10.0.0.3")))
    assert not udp_arrives(lab.a, lab.b, 1000)
    assert udp_arrives(lab.c, lab.b, 1000)


def test_protocols_by_number(lab: Lab) -> None:
    lab.ensure(group("vrrp and DCCP", inward(112), inward(33, 80)))
    lab.filter_all("vrrp and DCCP")
    packets = {number: frames.ipv4(lab.a.ipv4, lab.b.ipv4, b"12345678", protocol=number) for number in (112, 113)}
    for port in (80, 81):
        packets[port] = frames.ipv4(lab.a.ipv4, lab.b.ipv4, frames.udp(5, port, b"DCCP"), protocol=33)
    arrived = [
        number
        for number, packet in packets.items()
        if frame_arrives(lab.a, lab.b, frames.ethernet(lab.b.mac, lab.a.mac, frames.IPV4, packet))
    ]
    assert arrived == [112, 80]
    answer = frames.ipv4(lab.b.ipv4, lab.a.ipv4, frames.udp(80, 5, b"DCCP"), protocol=33)
    assert frame_arrives(lab.b, lab.a, frames.ethernet(lab.a.mac, lab.b.mac, frames.IPV4, answer))


def test_dhcp_and_neighbour_discovery_always_work(lab: Lab) -> None:
    lab.ensure(port_of(lab.a))
    asked = frames.ipv4("0.0.0.0", "255.255.255.255", frames.udp(68, 67, b"discover"))
    assert frame_arrives(lab.a, lab.c, frames.ethernet(frames.BROADCAST, lab.a.mac, frames.IPV4, asked))
    told = frames.ipv4(lab.c.ipv4, lab.a.ipv4, frames.udp(67, 68, b"offer"))
    assert frame_arrives(lab.c, lab.a, frames.ethernet(lab.a.mac, lab.c.mac, frames.IPV4, told))
    asked6 = frames.udp6(lab.a.link_local, "ff02::1:2", 546, 547, b"solicit")
    assert frame_arrives(lab.a, lab.c, frames.ethernet("33:33:00:01:00:02", lab.a.mac, frames.IPV6, asked6))
    told6 = frames.udp6(lab.c.link_local, lab.a.link_local, 547, 546, b"reply")
    assert frame_arrives(lab.c, lab.a, frames.ethernet(lab.a.mac, lab.c.mac, frames.IPV6, told6))
    advert = frames.router_advert(lab.c.link_local)
    assert frame_arrives(lab.c, lab.a, frames.ethernet(frames.ALL_NODES_MAC, lab.c.mac, frames.IPV6, advert))
    own = frames.neighbour_advert(lab.a.link_local, lab.a.ipv6)
    assert frame_arrives(lab.a, lab.c, frames.ethernet(frames.ALL_NODES_MAC, lab.a.mac, frames.IPV6, own))


def test_a_flooded_packet_reaches_only_those_who_may_get_it(lab: Lab) -> None:
    lab.ensure(group("open", inward(UDP, 999)), group("closed"))
    lab.ensure(port_of(lab.a, "closed"), port_of(lab.b, "open"), port_of(lab.c, "closed"))
    packet = frames.ipv4(lab.a.ipv4, "255.255.255.255", frames.udp(999, 999, b"to everybody"))
    frame = frames.ethernet(frames.BROADCAST, lab.a.mac, frames.IPV4, packet)
    for _ in range(3):
        with packet_socket(lab.b) as at_b, packet_socket(lab.c) as at_c, packet_socket(lab.a) as sender:
            sender.send(frame)
            assert seen(at_b, lambda found: found == frame)
            assert not seen(at_c, lambda found: found == frame)


def test_a_frame_for_another_mac_is_not_handed_over(lab: Lab) -> None:
    lab.ensure(group("open", inward()))
    lab.filter_all("open")
    packet = frames.ipv4(lab.a.ipv4, lab.b.ipv4, frames.udp(5, 5, b"to nobody that the bridge knows"))
    unknown = frames.ethernet("fa:16:3e:99:99:99", lab.a.mac, frames.IPV4, packet)
    assert not frame_arrives(lab.a, lab.b, unknown)


def test_an_allowed_connection_does_not_open_the_way_to_others(lab: Lab) -> None:
    """A connection that one port allows is not thereby known to another one, nor by passing a port without a filter."""
    lab.ensure(group("open", inward(UDP, 999)), group("closed"))
    lab.ensure(port_of(lab.a, "closed"), port_of(lab.b, "closed"))
    packet = frames.ipv4(lab.a.ipv4, lab.b.ipv4, frames.udp(999, 999, b"by a detour"))
    past_c = frames.ethernet(lab.c.mac, lab.a.mac, frames.IPV4, packet)
    to_b = frames.ethernet(lab.b.mac, lab.a.mac, frames.IPV4, packet)
    assert frame_arrives(lab.a, lab.c, past_c)
    assert not frame_arrives(lab.a, lab.b, to_b)
    lab.ensure(port_of(lab.b, "open"), port_of(lab.c, "closed"))
    assert frame_arrives(lab.a, lab.b, to_b)
    assert not frame_arrives(lab.a, lab.c, past_c)


def test_two_bridges_with_the_same_addresses_do_not_meet(lab: Lab) -> None:
    lab.ensure(group("web", inward(TCP, 80)), group("none"))
    lab.filter_all("web")
    with listener(lab.b, 80) as accepting, listener(lab.e, 80):
        one = connected(lab.a, lab.b, 80, from_port=4000)
        two = connected(lab.d, lab.e, 80, from_port=4000)
        assert one is not None
        assert two is not None
        # Ending one of them for conntrack, all of whose figures are the other's too, leaves the other.
        lab.ensure(port_of(lab.e, "none"))
        one.send(b"still there")
        accepted, _ = accepting.accept()
        assert got(accepted, ARRIVES_S) == b"still there"
        for line in (one, two, accepted):
            line.close()


def test_fragments_of_two_bridges_are_not_put_together(lab: Lab) -> None:
    lab.ensure(group("open", inward()))
    lab.filter_all("open")
    datagram = frames.udp(999, 999, b"x" * 64)
    with packet_socket(lab.a) as at_a, packet_socket(lab.d) as at_d, udp_socket(lab.e, "", 999) as receiver:
        first = frames.ipv4(lab.a.ipv4, lab.b.ipv4, datagram[:32], fragment=frames.MORE_FRAGMENTS)
        second = frames.ipv4(lab.d.ipv4, lab.e.ipv4, datagram[32:], fragment=32 // 8)
        at_a.send(frames.ethernet(lab.b.mac, lab.a.mac, frames.IPV4, first))
        at_d.send(frames.ethernet(lab.e.mac, lab.d.mac, frames.IPV4, second))
        assert got(receiver) is None
        own = frames.ipv4(lab.d.ipv4, lab.e.ipv4, datagram[:32], fragment=frames.MORE_FRAGMENTS)
        at_d.send(frames.ethernet(lab.e.mac, lab.d.mac, frames.IPV4, own))
        assert got(receiver, ARRIVES_S) == b"x" * 64


def test_stateless_groups_let_through_what_they_name_and_no_answers(lab: Lab) -> None:
    asks = group("asks", stateful=False)
    hears = group("hears", inward(UDP, 999), inward(ICMP, icmp=(8, None)), stateful=False)
    lab.ensure(asks, hears, group("stateful", inward()))
    lab.ensure(
        port_of(lab.a, "asks", stateful=False),
        port_of(lab.b, "hears", stateful=False),
        port_of(lab.c, "stateful"),
    )
    assert udp_arrives(lab.a, lab.b, 999)
    assert not udp_arrives(lab.a, lab.b, 998)
    assert not pings(lab.a, lab.b.ipv4), "the answer isn't named by any rule of a"
    assert pings(lab.c, lab.b.ipv4), "c knows its own connections"
    assert not pings(lab.a, lab.c.ipv4)
    lab.ensure(group("asks", inward(ICMP, icmp=(0, 0)), stateful=False))
    assert pings(lab.a, lab.b.ipv4)


def test_allowed_address_pairs(lab: Lab) -> None:
    lab.ensure(group("open", inward(), inward(version=6)))
    lab.filter_all("open")
    virtual = frames.ipv4("10.0.0.200", lab.b.ipv4, frames.udp(5, 5, b"virtual"))
    foreign_mac = "fa:16:3e:77:77:77"
    by_own_mac = frames.ethernet(lab.b.mac, lab.a.mac, frames.IPV4, virtual)
    by_other_mac = frames.ethernet(lab.b.mac, foreign_mac, frames.IPV4, virtual)
    said = frames.arp_reply(lab.a.mac, lab.a.mac, "10.0.0.200", lab.b.ipv4)
    of_network = frames.neighbour_advert(lab.a.link_local, "fd00:0:0:8::1")
    advert = frames.ethernet(frames.ALL_NODES_MAC, lab.a.mac, frames.IPV6, of_network)
    for frame in (by_own_mac, by_other_mac, said, advert):
        assert not frame_arrives(lab.a, lab.b, frame)
    pairs = (
        AddressPair(mac=lab.a.mac, network="10.0.0.200"),
        AddressPair(mac=foreign_mac, network="10.0.0.192/26"),
        AddressPair(mac=lab.a.mac, network="fd00:0:0:8::/61"),
    )
    lab.ensure(port_of(lab.a, "open", pairs=pairs))
    for frame in (by_own_mac, by_other_mac, said, advert):
        assert frame_arrives(lab.a, lab.b, frame)
    back = frames.ipv4(lab.b.ipv4, "10.0.0.200", frames.udp(6, 6, b"back"))
    assert frame_arrives(lab.b, lab.a, frames.ethernet(foreign_mac, lab.b.mac, frames.IPV4, back))
    beyond = frames.neighbour_advert(lab.a.link_local, "fd00:0:0:10::1")
    assert not frame_arrives(lab.a, lab.b, frames.ethernet(frames.ALL_NODES_MAC, lab.a.mac, frames.IPV6, beyond))
    anything = AddressPair(mac=lab.a.mac, network="0.0.0.0/0")
    lab.ensure(port_of(lab.a, "open", pairs=(anything,)))
    routed = frames.ipv4("192.0.2.1", lab.b.ipv4, frames.udp(5, 5, b"routed"))
    assert frame_arrives(lab.a, lab.b, frames.ethernet(lab.b.mac, lab.a.mac, frames.IPV4, routed))
    assert not frame_arrives(lab.a, lab.b, by_other_mac)


def test_the_tables_of_two_clouds_do_not_touch_each_other(lab: Lab) -> None:
    other = Firewall("another-cloud")
    closed, web = group("closed"), group("web", inward(TCP, 80))
    lab.ensure(web, port_of(lab.a, "web"), port_of(lab.b, "web"))
    with inside(lab.host.namespace):
        other.prepare()
        other.ensure(groups=[closed], ports=[port_of(lab.d, "closed"), port_of(lab.e, "closed")])
        assert lab.firewall.ports() == {port_of(lab.a).id, port_of(lab.b).id}
        assert other.ports() == {port_of(lab.d).id, port_of(lab.e).id}
        assert other.groups() == {closed.id}
    assert tcp_opens(lab.a, lab.b, 80)
    assert not tcp_opens(lab.a, lab.b, 81)
    assert not tcp_opens(lab.d, lab.e, 80)
    with inside(lab.host.namespace):
        lab.firewall.prepare()
        other.remove_all()
        other.remove_all()
        assert lab.firewall.groups() == {web.id}
    assert tcp_opens(lab.d, lab.e, 80)
    assert not tcp_opens(lab.a, lab.b, 81)


def test_neighbours_tables_stay_as_they_are(lab: Lab) -> None:
    foreign = "table inet neighbour {\n\tchain kept {\n\t\tip saddr 192.0.2.1 drop\n\t}\n}\n"
    with inside(lab.host.namespace):
        subprocess.run(["nft", "-f", "-"], input=foreign, text=True, check=True)
        try:
            lab.ensure(group("web", inward(TCP, 80)))
            lab.filter_all("web")
            lab.firewall.remove_all()
            kept = subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True).stdout
        finally:
            subprocess.run(["nft", "delete", "table", "inet", "neighbour"], check=True)
    assert kept == foreign


def test_a_group_in_use_stays(lab: Lab) -> None:
    asking = group("asking", inward(remote_group=id_of("asked")))
    lab.ensure(asking, port_of(lab.a, "asking"))
    with inside(lab.host.namespace):
        for name in ("asking", "asked"):
            with pytest.raises(GroupInUse, match="still that of a port or a rule's remote group"):
                lab.firewall.remove_group(id_of(name))
        assert lab.firewall.groups() == {id_of("asking"), id_of("asked")}
        for _ in range(2):
            lab.firewall.remove_port(port_of(lab.a).id)
            lab.firewall.remove_group(id_of("asking"))
            lab.firewall.remove_group(id_of("asked"))
        assert (lab.firewall.groups(), lab.firewall.ports()) == (set(), set())


def test_sockets_of_this_test_are_of_the_guests(lab: Lab) -> None:
    """The tests above mean nothing if their packets take another way than the bridge."""
    with udp_socket(lab.a) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
    with pytest.raises(OSError, match="No such device"), udp_socket(lab.a) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, lab.a.tap.encode())
