"""Networks over two hosts: who belongs together meets, who does not never sees a packet of the other's."""

import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest
from tests.support.bridged import ARRIVES_S, packet_socket, pings, seen
from tests.support.frames import BROADCAST, IPV4, arp_reply, ethernet, ipv4, udp
from tests.support.hosts import eventually
from tests.support.network_api import Thing
from tests.support.network_pair import FIRST, SECOND, TUNNELS, WIRE, NetworkPair, network_pair
from tests.support.played_guests import PlayedGuest, played

from haneul.host.net.links import find_link, list_links
from haneul.host.net.segments import ANY_MAC, list_forwarding
from haneul.services.network.drivers.base import bridge_of, tap_of

pytestmark = pytest.mark.machine

CIDR = "10.0.0.0/24"
ALL = {"protocol": None}
MULTICAST = "01:00:5e:00:00:05"


@pytest.fixture(scope="module")
def pair() -> Iterator[NetworkPair]:
    with network_pair() as made:
        yield made


@pytest.fixture(autouse=True)
def clean(pair: NetworkPair) -> Iterator[None]:
    yield
    pair.api.clean()
    eventually(lambda: {link.name for link in list_links(pair.places[SECOND])} == {"lo", WIRE})


class Tenant:
    """A project with one network over both hosts, that lets everything in."""

    def __init__(self, pair: NetworkPair) -> None:
        self.pair, project = pair, {"project_id": uuid4().hex}
        self.network = pair.api.make("network", **project)
        pair.api.subnet(self.network, CIDR, **project)
        self.group = pair.api.group(ALL, **project)
        self._more = project | {"security_groups": [self.group["id"]]}

    def port(self, host: str, address: str, **more: object) -> Thing:
        return self.pair.api.port_on(host, self.network, fixed_ips=[{"ip_address": address}], **self._more, **more)

    def guest(self, stack: ExitStack, host: str, address: str) -> PlayedGuest:
        port = self.port(host, address)
        return stack.enter_context(played(self.pair.places[host], port, CIDR))


def entries(pair: NetworkPair, host: str, network: Thing) -> dict[str, frozenset[str]]:
    """Where a host sends what is for other hosts, by MAC."""
    tunnel, place = pair.vxlan_of(network), pair.places[host]
    return dict(list_forwarding(tunnel, place)) if find_link(tunnel, place) else {}


def test_guests_of_two_hosts_meet_and_who_is_where_is_known(pair: NetworkPair) -> None:
    tenant = Tenant(pair)
    with ExitStack() as stack:
        near, far = tenant.guest(stack, FIRST, "10.0.0.5"), tenant.guest(stack, SECOND, "10.0.0.6")
        eventually(lambda: pings(near.guest, far.address))
        assert pings(far.guest, near.address)
        peer = frozenset({TUNNELS[SECOND]})
        eventually(lambda: entries(pair, FIRST, tenant.network).get(far.mac) == peer)
        assert entries(pair, FIRST, tenant.network)[ANY_MAC] == peer
        eventually(lambda: entries(pair, SECOND, tenant.network).get(near.mac) == frozenset({TUNNELS[FIRST]}))
    pair.api.delete("port", far.port_id)
    # The network's DHCP server may be on either host: only the guest's own entry is sure to go.
    eventually(lambda: far.mac not in entries(pair, FIRST, tenant.network))


def test_a_port_that_moves_to_another_host_is_reached_there(pair: NetworkPair) -> None:
    tenant = Tenant(pair)
    with ExitStack() as stack:
        stays = tenant.guest(stack, FIRST, "10.0.0.5")
        port = tenant.port(FIRST, "10.0.0.6")
        with played(pair.places[FIRST], port, CIDR) as before:
            eventually(lambda: pings(stays.guest, before.address))
        pair.api.change("port", port["id"], **{"binding:host_id": SECOND})
        eventually(lambda: find_link(tap_of(port["id"]), pair.places[SECOND]))
        pair.api.becomes("port", port["id"], "ACTIVE")
        eventually(lambda: not find_link(tap_of(port["id"]), pair.places[FIRST]))
        moved = stack.enter_context(played(pair.places[SECOND], port, CIDR))
        # The neighbour still knows the MAC, which has not changed.
        eventually(lambda: pings(stays.guest, moved.address))
        eventually(lambda: entries(pair, FIRST, tenant.network).get(moved.mac) == frozenset({TUNNELS[SECOND]}))


def test_what_is_deleted_while_its_host_is_away_goes_when_it_returns(pair: NetworkPair) -> None:
    tenant = Tenant(pair)
    near, far = tenant.port(FIRST, "10.0.0.5"), tenant.port(SECOND, "10.0.0.6")
    place, tap, bridge = pair.places[SECOND], tap_of(far["id"]), bridge_of(tenant.network["id"])
    eventually(lambda: far["mac_address"] in entries(pair, FIRST, tenant.network))
    pair.other.end(signal.SIGKILL)
    try:
        for port in (near, far):
            pair.api.delete("port", port["id"])
        pair.api.delete("network", tenant.network["id"])
        assert find_link(tap, place), "nothing happens on a host that is away"
    finally:
        pair.other.start()
    eventually(lambda: not find_link(tap, place) and not find_link(bridge, place))


def flood(source: PlayedGuest, victims: list[PlayedGuest], word: bytes) -> None:
    """Everything that a guest may say as itself, to everybody and to each victim by its MAC and address."""
    with packet_socket(source.guest) as sender:
        for target_mac, target in (
            (BROADCAST, "10.0.0.255"),
            (BROADCAST, "255.255.255.255"),
            (MULTICAST, "224.0.0.5"),
            *((victim.mac, victim.address) for victim in victims),
        ):
            packet = ipv4(source.address, target, udp(4000, 4000, word))
            sender.send(ethernet(target_mac, source.mac, IPV4, packet))
        sender.send(arp_reply(source.mac, source.mac, source.address, "10.0.0.7"))


def test_tenants_with_the_same_addresses_never_see_each_others_packets(pair: NetworkPair) -> None:
    mine, theirs = Tenant(pair), Tenant(pair)
    with ExitStack() as stack:
        hosts = {FIRST: "10.0.0.5", SECOND: "10.0.0.6"}
        ours, others = (
            [tenant.guest(stack, host, address) for host, address in hosts.items()] for tenant in (mine, theirs)
        )
        eventually(lambda: pings(ours[0].guest, ours[1].address) and pings(others[0].guest, others[1].address))
        ears: list[tuple[PlayedGuest, Any]] = [(one, stack.enter_context(packet_socket(one.guest))) for one in others]
        witness = stack.enter_context(packet_socket(ours[1].guest))
        for source in ours:
            flood(source, others, b"not for other ears")
        assert heard(witness, ours[0]), "what was sent arrived nowhere"
        for victim, ear in ears:
            assert not heard(ear, *ours), victim.namespace


def heard(ear: socket.socket, *sources: PlayedGuest) -> bool:
    """Whether a frame of one of these guests comes."""
    macs = {bytes.fromhex(source.mac.replace(":", "")) for source in sources}
    return seen(ear, lambda frame: frame[6:12] in macs or b"not for other ears" in frame, ARRIVES_S / 2)
