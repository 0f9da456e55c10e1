"""A router between namespaces: what is translated, what is cut, and what goes on undisturbed."""

import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest
from tests.support.hosts import eventually
from tests.support.routed import (
    GATEWAY,
    GUEST_A,
    GUEST_B,
    GUEST_C,
    IMPATIENCE_S,
    OUTSIDE,
    QG,
    QR,
    QR2,
    Ground,
    Talk,
    connect,
    ground,
    listen,
    said,
)

from haneul.host.namespaces import inside
from haneul.host.net.addresses import list_addresses
from haneul.host.net.router import (
    Forwarding,
    Forwards,
    RouterNat,
    announce,
    ensure_announced_addresses,
    ensure_forwarding,
    ensure_router_rules,
    read_router,
    remove_router_rules,
    translated_destination,
)
from haneul.host.net.router.cuts import Cut
from haneul.host.net.router.script import replacing_script
from haneul.host.run import RunFailed, run

pytestmark = pytest.mark.machine

FLOATING_A, FLOATING_B, FORWARDED = "203.0.113.10", "203.0.113.11", "203.0.113.12"
OUTSIDE_ADDRESSES = (f"{GATEWAY}/24", f"{FLOATING_A}/32", f"{FLOATING_B}/32", f"{FORWARDED}/32", "fd99::2/64")
PLAIN = RouterNat(outside=QG, inside=(QR, QR2), snat_address=GATEWAY, metadata_port=9697)
BOTH = ((FLOATING_A, GUEST_A), (FLOATING_B, GUEST_B))


def nat(**changed: object) -> RouterNat:
    fields = {name: getattr(PLAIN, name) for name in PLAIN.__struct_fields__}
    return RouterNat(**{**fields, **changed})


def forwarding(ports: tuple[int, int], fixed_ports: tuple[int, int], fixed: str = GUEST_A) -> Forwarding:
    return Forwarding(floating=FORWARDED, protocol="tcp", ports=ports, fixed=fixed, fixed_ports=fixed_ports)


@pytest.fixture(scope="module")
def built() -> Iterator[Ground]:
    with ground() as made:
        ensure_announced_addresses(made.router, QG, OUTSIDE_ADDRESSES)
        yield made


@pytest.fixture
def here(built: Ground) -> Ground:
    """The ground with a router that has nothing but SNAT, and no connection of earlier tests."""
    remove_router_rules(built.router)
    with inside(built.router):
        run(["conntrack", "-F"], timeout_s=5)
    ensure_forwarding(built.router, Forwards(outside=QG))
    ensure_router_rules(built.router, PLAIN)
    return built


@pytest.fixture
def keep() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def talk(keep: ExitStack, server: str, client: str, address: str, port: int, server_port: int = 0) -> Talk:
    """A connection from `client` to an address, which has to arrive at `server`."""
    listener = keep.enter_context(listen(server, server_port or port))
    return keep.enter_context(closing(Talk(listener, client, address, port)))


def ping_ttl(name: str, address: str) -> int | None:
    with inside(name):
        done = subprocess.run(["ping", "-c1", "-W1", address], capture_output=True, text=True, timeout=5)
    found = re.search(r"ttl=(\d+)", done.stdout)
    return int(found[1]) if found else None


def test_what_leaves_speaks_as_the_gateway(here: Ground, keep: ExitStack) -> None:
    assert ping_ttl(here.a, OUTSIDE) == 63
    assert talk(keep, here.outside, here.a, OUTSIDE, 7001).seen_from == GATEWAY


def test_between_own_subnets_nothing_is_translated(here: Ground, keep: ExitStack) -> None:
    ensure_router_rules(here.router, nat(floating_ips=BOTH))
    assert talk(keep, here.c, here.a, GUEST_C, 7001).seen_from == GUEST_A


def test_without_snat_what_leaves_speaks_as_itself(here: Ground, keep: ExitStack) -> None:
    ensure_router_rules(here.router, nat(snat_address=""))
    here.ip(here.outside, f"route replace {GUEST_A} via {GATEWAY}")
    assert talk(keep, here.outside, here.a, OUTSIDE, 7001).seen_from == GUEST_A
    here.ip(here.outside, f"route delete {GUEST_A}")


def test_a_floating_address_leads_in_and_out(here: Ground, keep: ExitStack) -> None:
    assert ping_ttl(here.outside, FLOATING_A) == 64, "it is the router's own until it floats"
    ensure_router_rules(here.router, nat(floating_ips=BOTH))
    assert ping_ttl(here.outside, FLOATING_A) == 63
    assert talk(keep, here.a, here.outside, FLOATING_A, 22).seen_from == OUTSIDE
    assert talk(keep, here.outside, here.a, OUTSIDE, 7001).seen_from == FLOATING_A
    assert talk(keep, here.b, here.router, FLOATING_B, 22).is_alive()


def test_guests_of_one_subnet_meet_by_floating_addresses(here: Ground, keep: ExitStack) -> None:
    ensure_router_rules(here.router, nat(floating_ips=BOTH))
    assert talk(keep, here.a, here.b, FLOATING_A, 22).seen_from == FLOATING_B
    ensure_router_rules(here.router, nat(floating_ips=BOTH[:1]))
    assert talk(keep, here.a, here.b, FLOATING_A, 23).seen_from == GATEWAY
    ensure_router_rules(here.router, nat(floating_ips=BOTH[:1], snat_address=""))
    assert talk(keep, here.a, here.b, FLOATING_A, 24).seen_from == "10.20.0.1"


@pytest.mark.parametrize(
    ("ports", "fixed_ports", "asked", "served"),
    [
        ((8080, 8080), (80, 80), 8080, 80),
        ((8000, 8010), (8000, 8010), 8005, 8005),
        ((8000, 8010), (80, 80), 8005, 80),
        ((8000, 8010), (9000, 9010), 8005, 9005),
    ],
)
def test_ports_are_forwarded(
    here: Ground,
    keep: ExitStack,
    ports: tuple[int, int],
    fixed_ports: tuple[int, int],
    asked: int,
    served: int,
) -> None:
    ensure_router_rules(here.router, nat(forwardings=(forwarding(ports, fixed_ports),)))
    assert talk(keep, here.a, here.outside, FORWARDED, asked, served).seen_from == OUTSIDE
    with pytest.raises(OSError, match="refused"):
        connect(here.outside, FORWARDED, ports[1] + 1)


def test_forwarded_ports_are_reached_from_inside(here: Ground, keep: ExitStack) -> None:
    ensure_router_rules(here.router, nat(forwardings=(forwarding((8080, 8080), (80, 80)),)))
    assert talk(keep, here.a, here.b, FORWARDED, 8080, 80).seen_from == GATEWAY


def test_a_floating_address_that_goes_takes_its_connections_and_no_others(here: Ground, keep: ExitStack) -> None:
    ensure_router_rules(here.router, nat(floating_ips=BOTH))
    inward, outward = talk(keep, here.a, here.outside, FLOATING_A, 22), talk(keep, here.outside, here.a, OUTSIDE, 7001)
    hairpin = talk(keep, here.a, here.b, FLOATING_A, 23)
    others = [talk(keep, here.b, here.outside, FLOATING_B, 22), talk(keep, here.outside, here.c, OUTSIDE, 7002)]
    assert all(one.is_alive() for one in (inward, outward, hairpin, *others))
    ensure_router_rules(here.router, nat(floating_ips=BOTH[1:]))
    assert [one.is_alive() for one in (inward, outward, hairpin)] == [False] * 3
    assert [one.is_alive() for one in others] == [True] * 2


def test_a_floating_address_that_moves_leads_to_its_new_guest_at_once(here: Ground, keep: ExitStack) -> None:
    ensure_router_rules(here.router, nat(floating_ips=((FLOATING_A, GUEST_A),)))
    with inside(here.outside):
        asker = keep.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    answerers = {}
    for name in (here.a, here.b):
        with inside(name):
            answerers[name] = keep.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        answerers[name].bind(("0.0.0.0", 53))
        answerers[name].settimeout(IMPATIENCE_S)
    asker.sendto(b"one", (FLOATING_A, 53))
    assert answerers[here.a].recv(9) == b"one"
    ensure_router_rules(here.router, nat(floating_ips=((FLOATING_A, GUEST_B),)))
    asker.sendto(b"two", (FLOATING_A, 53))
    assert answerers[here.b].recv(9) == b"two"


def test_a_stream_that_began_before_its_floating_address_is_translated(here: Ground, keep: ExitStack) -> None:
    with inside(here.outside):
        asker = keep.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    with inside(here.a):
        answerer = keep.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    answerer.bind(("0.0.0.0", 53))
    answerer.settimeout(IMPATIENCE_S)
    with inside(here.router):
        taker = keep.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    taker.bind(("0.0.0.0", 53))
    taker.settimeout(IMPATIENCE_S)
    asker.sendto(b"one", (FLOATING_A, 53))
    assert taker.recv(9) == b"one"
    ensure_router_rules(here.router, nat(floating_ips=BOTH))
    asker.sendto(b"two", (FLOATING_A, 53))
    assert answerer.recv(9) == b"two"


def test_a_forwarding_that_goes_takes_its_connections_and_no_others(here: Ground, keep: ExitStack) -> None:
    ranged, single = forwarding((8000, 8010), (8000, 8010)), forwarding((80, 80), (80, 80))
    ensure_router_rules(here.router, nat(forwardings=(ranged, single)))
    doomed = talk(keep, here.a, here.outside, FORWARDED, 8003), talk(keep, here.a, here.outside, FORWARDED, 8010)
    other = talk(keep, here.a, here.outside, FORWARDED, 80)
    ensure_router_rules(here.router, nat(forwardings=(single,)))
    assert [one.is_alive() for one in (*doomed, other)] == [False, False, True]
    ensure_router_rules(here.router, nat())
    assert not other.is_alive()


def test_snat_that_goes_takes_its_connections(here: Ground, keep: ExitStack) -> None:
    ensure_router_rules(here.router, nat(floating_ips=BOTH[:1]))
    shared, own = talk(keep, here.outside, here.c, OUTSIDE, 7001), talk(keep, here.outside, here.a, OUTSIDE, 7002)
    ensure_router_rules(here.router, nat(floating_ips=BOTH[:1], snat_address=""))
    assert [shared.is_alive(), own.is_alive()] == [False, True]


def test_a_crash_between_rules_and_cuts_is_caught_up_on(here: Ground, keep: ExitStack) -> None:
    ensure_router_rules(here.router, nat(floating_ips=BOTH))
    doomed, other = talk(keep, here.a, here.outside, FLOATING_A, 22), talk(keep, here.b, here.outside, FLOATING_B, 22)
    script = replacing_script(
        nat(floating_ips=BOTH[1:]), [Cut(FLOATING_A, GUEST_A), Cut(FORWARDED, GUEST_A, "tcp", (8, 9))]
    )
    with inside(here.router):
        run(["nft", "-f", "-"], timeout_s=5, input=script.encode())
    assert doomed.is_alive()
    ensure_router_rules(here.router, nat(floating_ips=BOTH[1:]))
    assert [doomed.is_alive(), other.is_alive()] == [False, True]
    seen = read_router(here.router)
    assert seen is not None
    assert seen.pending_cuts == ()


def test_replacing_rules_disturbs_neither_old_connections_nor_new_ones(here: Ground, keep: ExitStack) -> None:
    many = tuple((f"198.51.{n // 200}.{n % 200 + 1}", f"10.99.{n // 200}.{n % 200 + 1}") for n in range(1000))
    ensure_router_rules(here.router, nat(floating_ips=BOTH))
    old = [talk(keep, here.a, here.outside, FLOATING_A, 22), talk(keep, here.outside, here.c, OUTSIDE, 7001)]
    listener = keep.enter_context(listen(here.outside, 7002))
    ended, failures = threading.Event(), []

    def replace() -> None:
        try:
            for turn in range(12):
                ensure_router_rules(here.router, nat(floating_ips=BOTH + (many if turn % 4 == 0 else ())))
        except Exception as failure:
            failures.append(failure)
        finally:
            ended.set()

    thread = threading.Thread(target=replace)
    thread.start()
    seen_from, count = set(), 0
    while not ended.is_set():
        one = Talk(listener, here.c, OUTSIDE, 7002)
        seen_from.add(one.seen_from)
        assert one.is_alive()
        one.close()
        count += 1
    thread.join()
    assert failures == []
    assert seen_from == {GATEWAY}
    assert count > 20
    assert [one.is_alive() for one in old] == [True, True]


def test_refused_values_leave_all_as_it_was(here: Ground) -> None:
    ensure_router_rules(here.router, nat(floating_ips=BOTH))
    overlapping = (forwarding((80, 90), (80, 90)), forwarding((85, 95), (85, 95)))
    with pytest.raises(RunFailed, match="nft failed"):
        ensure_router_rules(here.router, nat(forwardings=overlapping))
    seen = read_router(here.router)
    assert seen is not None
    assert seen.fixed == dict(BOTH)


def test_a_router_that_is_down_forwards_nothing(here: Ground, keep: ExitStack) -> None:
    live = talk(keep, here.outside, here.a, OUTSIDE, 7001)
    ensure_forwarding(here.router, Forwards(is_up=False, outside=QG))
    assert not live.is_alive()
    assert ping_ttl(here.a, OUTSIDE) is None
    assert ping_ttl(here.a, "fd99::1") is None
    assert ping_ttl(here.a, GUEST_C) is None
    ensure_forwarding(here.router, Forwards(outside=QG))
    assert ping_ttl(here.a, OUTSIDE) == 63
    assert ping_ttl(here.a, "fd99::1") == 63


def test_router_advertisements_are_heeded_outside_and_only_when_asked(here: Ground) -> None:
    def heeded() -> dict[str, str]:
        return {
            link: said("ip", "netns", "exec", here.router, "cat", f"/proc/sys/net/ipv6/conf/{link}/accept_ra").strip()
            for link in (QG, QR)
        }

    assert heeded() == {QG: "0", QR: "0"}
    ensure_forwarding(here.router, Forwards(outside=QG, heeds_outside=True))
    assert heeded() == {QG: "2", QR: "0"}


def test_metadata_are_redirected_and_their_port_is_open_to_nothing_else(here: Ground, keep: ExitStack) -> None:
    listener = keep.enter_context(listen(here.router, 9697))
    with closing(Talk(listener, here.a, "169.254.169.254", 80)) as asked:
        assert asked.seen_from == GUEST_A
        assert asked.is_alive()
    for name, address in ((here.a, "10.20.0.1"), (here.outside, GATEWAY), (here.a, GATEWAY)):
        with pytest.raises(TimeoutError):
            connect(name, address, 9697, IMPATIENCE_S)
    # From outside the metadata address is no one's.
    here.ip(here.outside, f"route replace 169.254.169.254 via {GATEWAY}")
    with pytest.raises(OSError, match=r"timed out|unreachable|No route"):
        connect(here.outside, "169.254.169.254", 80, IMPATIENCE_S)


def test_what_the_kernel_has_is_read_as_it_was_given(here: Ground) -> None:
    given = nat(floating_ips=BOTH, forwardings=(forwarding((80, 90), (80, 90)), forwarding((22, 22), (2222, 2222))))
    ensure_router_rules(here.router, given)
    seen = read_router(here.router)
    assert seen is not None
    assert (seen.outside, seen.inside, seen.snat_address, seen.metadata_port) == (QG, (QR, QR2), GATEWAY, 9697)
    assert seen.fixed == dict(BOTH)
    assert any("dnat" in line for line in seen.lines)
    found = translated_destination(seen, FORWARDED, "tcp", 22)
    assert found is not None
    assert (found.address, found.port) == (GUEST_A, 2222)
    remove_router_rules(here.router)
    remove_router_rules(here.router)
    assert read_router(here.router) is None
    with inside(here.router):
        assert run(["nft", "list", "ruleset"], timeout_s=5).stdout == b""


@pytest.mark.parametrize(("address", "length"), [("203.0.113.77", 32), ("fd99::77", 128)])
def test_new_addresses_are_announced_to_neighbours_that_knew_them_elsewhere(
    here: Ground, address: str, length: int
) -> None:
    stranger = "02:00:00:00:00:99"
    here.ip(here.outside, f"neighbor replace {address} lladdr {stranger} dev eth0 nud stale")
    new = ensure_announced_addresses(here.router, QG, [*OUTSIDE_ADDRESSES, f"{address}/{length}"])
    assert new == {f"{address}/{length}"}
    mac = here.ip(here.router, f"-o link show {QG}").split("link/ether ")[1].split()[0]
    eventually(lambda: mac in here.ip(here.outside, f"neighbor show {address}"), 2)
    assert ensure_announced_addresses(here.router, QG, OUTSIDE_ADDRESSES) == set()
    assert list_addresses(QG, here.router) == set(OUTSIDE_ADDRESSES)


def test_announcements_are_repeated_in_the_background(here: Ground) -> None:
    stranger = "02:00:00:00:00:99"
    announce(here.router, QG, [FLOATING_A])
    here.ip(here.outside, f"neighbor replace {FLOATING_A} lladdr {stranger} dev eth0 nud stale")
    eventually(lambda: stranger not in here.ip(here.outside, f"neighbor show {FLOATING_A}"), 3)
    with pytest.raises(RunFailed, match="There is no network link"):
        announce(here.router, "qg-gone", [FLOATING_A])
