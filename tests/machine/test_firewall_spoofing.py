"""A guest that speaks as another one, as a router or as a DHCP server isn't heard."""

from collections.abc import Callable, Iterator

import pytest
from tests.support import frames
from tests.support.bridged import frame_arrives, packet_socket, pings, seen, udp_arrives
from tests.support.filtered import Lab, filtered_host, group, inward, port_of, prepared

pytestmark = pytest.mark.machine

FOREIGN = "fa:16:3e:66:66:66"


@pytest.fixture(scope="module")
def built() -> Iterator[Lab]:
    with filtered_host("hfw-spoof") as lab:
        yield lab


@pytest.fixture
def lab(built: Lab) -> Iterator[Lab]:
    """A guest on which rules let everything be done, beside one that isn't filtered and hears all there is."""
    with prepared(built) as ready:
        ready.ensure(group("open", inward(), inward(version=6)), port_of(ready.a, "open"))
        yield ready
    built.host.forget_neighbours(built.a, built.b, built.c)


def honest(lab: Lab) -> bytes:
    """What differs from the lies only in being true."""
    return frames.ethernet(lab.b.mac, lab.a.mac, frames.IPV4, datagram(lab.a.ipv4, lab.b.ipv4))


def datagram(source: str, target: str) -> bytes:
    return frames.ipv4(source, target, frames.udp(5, 5, b"believe me"))


def to_all(lab: Lab, packet: bytes) -> bytes:
    return frames.ethernet(frames.ALL_NODES_MAC, lab.a.mac, frames.IPV6, packet)


def to_b(lab: Lab, packet: bytes) -> bytes:
    return frames.ethernet(lab.b.mac, lab.a.mac, frames.IPV4, packet)


LIES: dict[str, Callable[[Lab], bytes]] = {
    "another's MAC": lambda lab: frames.ethernet(lab.b.mac, FOREIGN, frames.IPV4, datagram(lab.a.ipv4, lab.b.ipv4)),
    "another's address": lambda lab: to_b(lab, datagram(lab.c.ipv4, lab.b.ipv4)),
    "an address of nobody": lambda lab: to_b(lab, datagram("0.0.0.0", lab.b.ipv4)),
    "another's IPv6 address": lambda lab: to_all(lab, frames.udp6(lab.c.ipv6, frames.ALL_NODES, 5, 5, b"believe me")),
    "another's link-local address": lambda lab: to_all(
        lab, frames.udp6(lab.c.link_local, frames.ALL_NODES, 5, 5, b"believe me")
    ),
    "a datagram from no address": lambda lab: to_all(lab, frames.udp6("::", frames.ALL_NODES, 5, 5, b"believe me")),
    "ARP for another's address": lambda lab: frames.arp_reply(lab.a.mac, lab.a.mac, lab.c.ipv4, lab.b.ipv4),
    "ARP with another's MAC in it": lambda lab: frames.arp_reply(lab.a.mac, lab.c.mac, lab.a.ipv4, lab.b.ipv4),
    "ARP from another's MAC": lambda lab: frames.arp_reply(FOREIGN, lab.a.mac, lab.a.ipv4, lab.b.ipv4),
    "an answer by ARP from no address": lambda lab: frames.arp_reply(lab.a.mac, lab.a.mac, "0.0.0.0", lab.b.ipv4),
    "a DHCP server": lambda lab: frames.ethernet(
        frames.BROADCAST,
        lab.a.mac,
        frames.IPV4,
        frames.ipv4(lab.a.ipv4, "255.255.255.255", frames.udp(67, 68, b"offer")),
    ),
    "a DHCP server at an odd port": lambda lab: to_b(
        lab, frames.ipv4(lab.a.ipv4, lab.b.ipv4, frames.udp(6767, 68, b"offer"))
    ),
    "a DHCPv6 server": lambda lab: to_all(lab, frames.udp6(lab.a.link_local, frames.ALL_NODES, 547, 546, b"advertise")),
    "a router": lambda lab: to_all(lab, frames.router_advert(lab.a.link_local)),
    "a router behind options": lambda lab: to_all(lab, frames.behind_options(frames.router_advert(lab.a.link_local))),
    "a neighbour at another's address": lambda lab: to_all(lab, frames.neighbour_advert(lab.a.link_local, lab.c.ipv6)),
    "a neighbour behind options": lambda lab: to_all(
        lab, frames.behind_options(frames.neighbour_advert(lab.a.link_local, lab.c.ipv6))
    ),
    "a tagged frame": lambda lab: frames.tagged(lab.b.mac, lab.a.mac, datagram(lab.a.ipv4, lab.b.ipv4)),
    "an unknown kind of frame": lambda lab: frames.ethernet(lab.b.mac, lab.a.mac, 0x88CC, b"believe me" * 5),
}


@pytest.mark.parametrize("lie", LIES)
def test_lies_are_not_heard(lab: Lab, lie: str) -> None:
    frame = LIES[lie](lab)
    assert not frame_arrives(lab.a, lab.b, frame)
    assert frame_arrives(lab.a, lab.b, honest(lab))
    assert frame_arrives(lab.c, lab.b, frame), "c has no port security, so the frame itself is one that can arrive"


@pytest.mark.parametrize("kind", ["router", "neighbour"])
@pytest.mark.parametrize("first", [8, 16])
def test_lies_in_pieces_are_not_heard(lab: Lab, kind: str, first: int) -> None:
    """The first fragment ends within the options, before there is anything that tells what the packet is."""
    own, other = (
        (frames.neighbour_advert(lab.a.link_local, target) for target in (lab.a.ipv6, lab.c.ipv6))
        if kind == "neighbour"
        else (frames.router_advert(lab.a.link_local),) * 2
    )
    for packet in (own, other):
        with packet_socket(lab.b) as receiver, packet_socket(lab.a) as sender:
            for part in frames.in_fragments(frames.behind_options(packet), first):
                sender.send(to_all(lab, part))
            from_a = bytes.fromhex(lab.a.mac.replace(":", ""))
            assert not seen(receiver, lambda found, mac=from_a: found[6:12] == mac and found[12:14] == b"\x86\xdd")


def test_the_honest_are_heard(lab: Lab) -> None:
    assert pings(lab.a, lab.b.ipv4)
    assert pings(lab.a, lab.b.ipv6)
    assert udp_arrives(lab.b, lab.a, 1000)
    assert frame_arrives(lab.a, lab.b, frames.arp_reply(lab.a.mac, lab.a.mac, lab.a.ipv4, lab.b.ipv4))
    for source, target in ((lab.a.link_local, lab.a.ipv6), (lab.a.ipv6, lab.a.link_local)):
        assert frame_arrives(lab.a, lab.b, to_all(lab, frames.neighbour_advert(source, target)))
    solicited = frames.icmpv6("::", frames.ALL_NODES, 135, bytes(20))
    assert frame_arrives(lab.a, lab.b, to_all(lab, solicited)), "who asks whether an address is free has none yet"


def test_what_comes_in_tagged_is_not_handed_over(lab: Lab) -> None:
    frame = frames.tagged(lab.a.mac, lab.b.mac, datagram(lab.b.ipv4, lab.a.ipv4))
    assert not frame_arrives(lab.b, lab.a, frame)
    assert frame_arrives(lab.b, lab.c, frames.tagged(lab.c.mac, lab.b.mac, datagram(lab.b.ipv4, lab.c.ipv4)))
