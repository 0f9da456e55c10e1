"""What guests say of themselves is not believed, what no rule allows does not arrive, metadata is each guest's own."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from tests.support.bridged import frame_arrives, got, listener, pings, tcp_opens, udp_arrives
from tests.support.frames import (
    ALL_NODES_MAC,
    BROADCAST,
    IPV4,
    IPV6,
    arp_reply,
    ethernet,
    ipv4,
    neighbour_advert,
    router_advert,
    udp,
)
from tests.support.hosts import eventually
from tests.support.network_api import NetworkApi, Thing, cloud_of_networks
from tests.support.played_guests import PlayedGuest, played
from tests.support.routed import connect

from haneul.settings import CloudSettings

pytestmark = pytest.mark.machine

HOST = "host-1"
CIDR, GATEWAY = "10.0.0.0/24", "10.0.0.1"
METADATA = "169.254.169.254"
SSH, OTHER = 22, 2222


@pytest.fixture(scope="module")
def api() -> Iterator[NetworkApi]:
    with cloud_of_networks(
        HANEUL_CLOUD_HOST=HOST, HANEUL_QEMU_ACCELERATOR="tcg", HANEUL_QEMU_SHUTDOWN_GRACE_S="1"
    ) as tree:
        yield NetworkApi(tree)


class Lan:
    """A routed network with two guests, both in one group, whose rules a test changes."""

    def __init__(self, api: NetworkApi, stack: ExitStack) -> None:
        self.api, self._stack = api, stack
        self.place = CloudSettings.namespace_of(api.tree.cloud_id)
        self.network = api.make("network")
        self.subnet = api.subnet(self.network, CIDR)
        self.router = api.routed(self.subnet)
        self.group = api.group()
        self.a, self.b = self.guest("10.0.0.5"), self.guest("10.0.0.6")

    def guest(self, address: str) -> PlayedGuest:
        groups = [self.group["id"]]
        port = self.api.port_on(HOST, self.network, fixed_ips=[{"ip_address": address}], security_groups=groups)
        return self._stack.enter_context(played(self.place, port, CIDR, GATEWAY))

    def let(self, **rule: object) -> Thing:
        return self.api.let(self.group, **rule)

    def forbid(self, rule: Thing) -> None:
        self.api.ask("DELETE", f"/security-group-rules/{rule['id']}")


@pytest.fixture(scope="module")
def lan(api: NetworkApi) -> Iterator[Lan]:
    with ExitStack() as stack:
        yield Lan(api, stack)
    api.clean()


@pytest.fixture
def open_lan(lan: Lan) -> Iterator[Lan]:
    """The same, its guests heeding everybody for the time of a test."""
    rules = [lan.let(ethertype=version) for version in ("IPv4", "IPv6")]
    eventually(lambda: pings(lan.a.guest, lan.b.address))
    yield lan
    for rule in rules:
        lan.forbid(rule)
    eventually(lambda: not pings(lan.a.guest, lan.b.address))


def test_who_speaks_as_himself_is_heard(open_lan: Lan) -> None:
    a, b = open_lan.a, open_lan.b
    assert frame_arrives(a.guest, b.guest, ethernet(b.mac, a.mac, IPV4, ipv4(a.address, b.address, udp(4, 4, b"me"))))
    assert frame_arrives(a.guest, b.guest, arp_reply(a.mac, a.mac, a.address, b.address))
    own = neighbour_advert(a.guest.link_local, a.guest.link_local)
    assert frame_arrives(a.guest, b.guest, ethernet(ALL_NODES_MAC, a.mac, IPV6, own))


def test_who_speaks_as_another_is_not_heard(open_lan: Lan) -> None:
    a, b = open_lan.a, open_lan.b
    stranger, word = "fa:16:3e:99:99:99", udp(4, 4, b"not me")
    link_local = a.guest.link_local
    for frame in (
        ethernet(b.mac, stranger, IPV4, ipv4(a.address, b.address, word)),
        ethernet(b.mac, b.mac, IPV4, ipv4(a.address, b.address, word)),
        ethernet(b.mac, a.mac, IPV4, ipv4("10.0.0.9", b.address, word)),
        ethernet(b.mac, a.mac, IPV4, ipv4(GATEWAY, b.address, word)),
        arp_reply(a.mac, a.mac, GATEWAY, b.address),
        arp_reply(a.mac, stranger, a.address, b.address),
        ethernet(BROADCAST, a.mac, IPV4, ipv4(a.address, "255.255.255.255", udp(67, 68, b"an offer"))),
        ethernet(ALL_NODES_MAC, a.mac, IPV6, router_advert(link_local)),
        ethernet(ALL_NODES_MAC, a.mac, IPV6, neighbour_advert(link_local, "fe80::1")),
    ):
        assert not frame_arrives(a.guest, b.guest, frame), frame


def test_what_no_rule_allows_does_not_arrive(lan: Lan) -> None:
    a, b = lan.a.guest, lan.b.guest
    assert not tcp_opens(a, b, SSH)
    assert not udp_arrives(a, b, OTHER)
    assert not pings(a, b.ipv4)
    rule = lan.let(protocol="tcp", port_range_min=SSH, port_range_max=SSH)
    eventually(lambda: tcp_opens(a, b, SSH))
    assert not tcp_opens(a, b, OTHER)
    assert not udp_arrives(a, b, SSH)
    assert not pings(a, b.ipv4)
    lan.forbid(rule)
    eventually(lambda: not tcp_opens(a, b, SSH))


def test_a_rule_that_goes_cuts_the_established_connection(lan: Lan) -> None:
    a, b = lan.a.guest, lan.b.guest
    kept, doomed = (lan.let(protocol="tcp", port_range_min=one, port_range_max=one) for one in (SSH, OTHER))
    eventually(lambda: tcp_opens(a, b, SSH) and tcp_opens(a, b, OTHER))
    with ExitStack() as stack:
        lives = {}
        for port in (SSH, OTHER):
            listening = stack.enter_context(listener(b, port))
            near = stack.enter_context(connect(a.namespace, b.ipv4, port))
            lives[port] = near, stack.enter_context(listening.accept()[0])
            assert passes(*lives[port])
        lan.forbid(doomed)
        eventually(lambda: not passes(*lives[OTHER]))
        assert passes(*lives[SSH])
    lan.forbid(kept)


def passes(near: object, far: object) -> bool:
    """Whether a word gets through an established connection, with what waited before it."""
    near.sendall(b"word")  # type: ignore[attr-defined]
    return got(far) is not None  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def servers(api: NetworkApi, lan: Lan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, PlayedGuest]]:
    """Two servers' guests, played: their real ones, who have nothing to boot, are switched off."""
    blank = tmp_path_factory.mktemp("blank") / "blank.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", blank, "1M"], check=True)
    api.tree.upload("blank", blank)
    isolated = api.make("network")
    api.subnet(isolated, CIDR, gateway_ip=None)
    with ExitStack() as stack:
        made = {}
        for name, network in (("a", lan.network), ("b", lan.network), ("alone", isolated)):
            port = api.make("port", network_id=network["id"])
            made[name] = api.tree.create(name, networks=[{"port": port["id"]}]), port
        for server_id, _ in made.values():
            api.tree.becomes(server_id, "ACTIVE")
            api.tree.act(server_id, **{"os-stop": None})
        for server_id, _ in made.values():
            api.tree.becomes(server_id, "SHUTOFF")
        # Without a router the network's DHCP server is the way.
        (near,) = api.listed("port", network_id=isolated["id"], device_owner="network:dhcp")
        ways = {"alone": near["fixed_ips"][0]["ip_address"]}
        yield {
            server_id: stack.enter_context(played(lan.place, port, CIDR, ways.get(name, GATEWAY)))
            for name, (server_id, port) in made.items()
        }
    api.tree.delete(*(server_id for server_id, _ in made.values()))


def asked(guest: PlayedGuest, *headers: str) -> str:
    """Whose metadata a guest gets, "" if it gets none, when it says these things of itself."""
    lines = ["GET /openstack/latest/meta_data.json HTTP/1.1", "Host: x", *headers, "", ""]
    answer = b""
    # Who may not say such things at all is cut off.
    with suppress(ConnectionResetError), connect(guest.namespace, METADATA, 80) as line:
        line.sendall("\r\n".join(lines).encode())
        while more := line.recv(65_536):
            answer += more
    head, _, body = answer.partition(b"\r\n\r\n")
    return str(json.loads(body)["uuid"]) if b" 200 " in head.splitlines()[0] else ""


def test_each_guest_gets_its_own_metadata_whatever_it_says(lan: Lan, servers: dict[str, PlayedGuest]) -> None:
    (mine, a), (theirs, b), (alone, lonely) = servers.items()
    assert (asked(a), asked(b), asked(lonely)) == (mine, theirs, alone)
    for forged in (
        [f"X-Instance-ID: {theirs}"],
        [f"X-Instance-ID: {theirs}", "X-Instance-ID-Signature: 0", "X-Tenant-ID: another"],
        [f"X-Forwarded-For: {b.address}"],
        [f"x-forwarded-for: {b.address}", f"X-Forwarded-For: {b.address}, {a.address}"],
        [f"X_Forwarded_For: {b.address}", f"Forwarded: for={b.address}"],
        [f"X-Neutron-Router-ID: {lan.router['id']}", f"X-Forwarded-For: {b.address}"],
        [f"X-Neutron-Network-ID: {lan.network['id']}", f"X-Forwarded-For: {b.address}"],
        ["Connection: X-Forwarded-For, X-Neutron-Router-ID"],
    ):
        assert asked(a, *forged) == mine, forged
        assert asked(lonely, *forged) == alone, forged


def test_no_guest_is_answered_at_another_ones_address(lan: Lan, servers: dict[str, PlayedGuest]) -> None:
    (mine, a), (theirs, b), *_ = servers.items()
    a.run("ip", "address", "add", f"{b.address}/32", "dev", "eth0")
    try:
        a.run("ip", "route", "replace", "default", "via", GATEWAY, "src", b.address)
        with pytest.raises(OSError, match="timed out"):
            connect(a.namespace, METADATA, 80, 1)
    finally:
        a.run("ip", "route", "replace", "default", "via", GATEWAY)
        a.run("ip", "address", "delete", f"{b.address}/32", "dev", "eth0")
    assert (asked(a), asked(b)) == (mine, theirs)
