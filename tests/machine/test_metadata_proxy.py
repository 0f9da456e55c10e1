"""haproxy in namespaces, from a guest to the agent's socket: whose a request is, whatever its sender claims."""

import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import msgspec
import pytest
from tests.support.hosts import eventually
from tests.support.routed import GUEST_A, GUEST_B, QG, QR, QR2, Ground, connect, ground

from haneul.host import run as running
from haneul.host.account import system_account
from haneul.host.namespaces import processes_inside
from haneul.host.net.metadata_proxy import (
    MetadataAsk,
    MetadataReply,
    ProxyPlan,
    dhcp_listens,
    ensure_proxy,
    proxy_pid,
    remove_proxy,
    router_listens,
    serve_metadata,
)
from haneul.host.net.router import RouterNat, ensure_router_rules
from haneul.host.run import RunFailed

pytestmark = pytest.mark.machine

PORT = 9697
METADATA = "169.254.169.254"
ACCOUNT = system_account("nobody")
# Far above what it takes; an unlimited number of buffers would be many times this.
MEMORY_KIB = 40_000
FORGED = "\r\n".join(
    f"{name}: {value}"
    for name, value in {
        "X-Forwarded-For": "10.20.0.6",
        "x-forwarded-for": "10.20.0.7",
        "X_Forwarded_For": "10.20.0.8",
        "X-Instance-ID": "another",
        "X-Instance-ID-Signature": "signed",
        "X-Tenant-ID": "another",
        "X-Neutron-Router-ID": "another",
        "X-Neutron-Network-ID": "another",
        "X-OVN-Network-ID": "another",
        "Forwarded": "for=10.20.0.6",
        "Connection": "X-Forwarded-For, X-Neutron-Router-ID",
    }.items()
)


@pytest.fixture(scope="module")
def here() -> Iterator[Ground]:
    with ground() as made:
        ensure_router_rules(
            made.router, RouterNat(outside=QG, inside=(QR, QR2), snat_address="203.0.113.2", metadata_port=PORT)
        )
        made.ip(made.router, f"address add fe80::a9fe:a9fe/64 dev {QR} nodad")
        made.ip(made.c, f"address add {METADATA}/32 dev eth0")
        yield made


@pytest.fixture
def asked() -> list[MetadataAsk]:
    return []


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the proxy's account may pass through, as pytest's own may not."""
    with tempfile.TemporaryDirectory(prefix="haneul-") as made:
        place = Path(made)
        place.chmod(0o711)
        yield place
        remove_proxy(place / "proxy")


@contextmanager
def agent_at(path: Path, answer: Callable[[MetadataAsk], MetadataReply]) -> Iterator[None]:
    server = serve_metadata(path, answer, mode=0o660, gid=ACCOUNT.gid)
    try:
        yield
    finally:
        server.stop()


@pytest.fixture
def plan(here: Ground, folder: Path, asked: list[MetadataAsk]) -> Iterator[ProxyPlan]:
    """The router's proxy, not yet started, and an agent that says what it is asked."""

    def answer(ask: MetadataAsk) -> MetadataReply:
        asked.append(ask)
        return MetadataReply(body=f"{ask.address} {ask.path}".encode())

    with agent_at(folder / "agent.sock", answer):
        yield ProxyPlan(
            folder=folder / "proxy",
            namespace=here.router,
            socket=folder / "agent.sock",
            listens=router_listens(PORT),
            uid=ACCOUNT.uid,
            gid=ACCOUNT.gid,
            router_id="router-1",
        )


def ask(name: str, text: str, address: str = METADATA, port: int = 80) -> bytes:
    """What is answered until the other side closes."""
    with connect(name, address, port) as client:
        client.sendall(text.encode())
        answer = b""
        while more := client.recv(65536):
            answer += more
        return answer


def get(name: str, headers: str = "", path: str = "/latest", address: str = METADATA) -> bytes:
    return ask(name, f"GET {path} HTTP/1.1\r\nHost: {METADATA}\r\n{headers}\r\n", address)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_guests_are_known_by_their_address_and_close_ends_the_answer(
    here: Ground, plan: ProxyPlan, asked: list[MetadataAsk]
) -> None:
    ensure_proxy(plan)
    assert get(here.a).endswith(f"{GUEST_A} /latest".encode())
    assert ask(here.b, "GET /old HTTP/1.0\r\n\r\n").endswith(f"{GUEST_B} /old".encode())
    assert [(one.router_id, one.network_id, one.address) for one in asked] == [
        ("router-1", "", GUEST_A),
        ("router-1", "", GUEST_B),
    ]


def test_what_a_guest_claims_of_itself_does_not_arrive(here: Ground, plan: ProxyPlan, asked: list[MetadataAsk]) -> None:
    ensure_proxy(plan)
    assert status(get(here.a, FORGED + "\r\n")) == 200
    assert asked == [
        MetadataAsk(router_id="router-1", network_id="", address=GUEST_A, method="GET", path="/latest", headers={})
    ]


def test_no_forged_header_is_passed_on(here: Ground, plan: ProxyPlan, folder: Path) -> None:
    raw = socket.socket(socket.AF_UNIX)
    raw.bind(str(folder / "raw.sock"))
    os.chown(folder / "raw.sock", ACCOUNT.uid, ACCOUNT.gid)
    raw.listen()
    raw.settimeout(5)
    ensure_proxy(msgspec.structs.replace(plan, socket=folder / "raw.sock"))
    with raw, connect(here.a, METADATA, 80) as client:
        client.sendall(f"GET / HTTP/1.1\r\nHost: m\r\n{FORGED}\r\nAccept: */*\r\n\r\n".encode())
        agent, _ = raw.accept()
        with agent:
            head = agent.recv(65536).decode().lower()
    lines = sorted(line for line in head.splitlines()[1:] if line)
    assert lines == [
        "accept: */*",
        "connection: close",
        "host: m",
        f"x-forwarded-for: {GUEST_A}",
        "x-neutron-router-id: router-1",
    ]


def test_metadata_by_ipv6(here: Ground, plan: ProxyPlan, asked: list[MetadataAsk]) -> None:
    ensure_proxy(plan)
    with connect(here.a, "fe80::a9fe:a9fe%eth0", 80) as client:
        client.sendall(f"GET /v6 HTTP/1.1\r\nHost: m\r\n{FORGED}\r\n\r\n".encode())
        assert status(client.recv(4096)) == 200
    assert [one.path for one in asked] == ["/v6"]
    assert asked[0].address in here.ip(here.a, "-6 -o address show dev eth0")


@pytest.mark.parametrize(
    ("request_text", "expected"),
    [
        ("DELETE / HTTP/1.1\r\nHost: m\r\n\r\n", 405),
        ("POST / HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (f"POST / HTTP/1.1\r\nHost: m\r\nContent-Length: 9000\r\n\r\n{'x' * 9000}", 413),
        (f"GET / HTTP/1.1\r\nHost: m\r\nX: {'x' * 17000}\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: m\r\n" + "".join(f"h{n}: 1\r\n" for n in range(100)) + "\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: m\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: m\r\nContent-Length: 6\r\n\r\nsecret", 200),
    ],
)
def test_what_is_too_large_or_odd_ends_at_the_proxy(
    here: Ground, plan: ProxyPlan, asked: list[MetadataAsk], request_text: str, expected: int
) -> None:
    ensure_proxy(plan)
    assert status(ask(here.a, request_text)) == expected
    assert [one.body for one in asked] == ([b"secret"] if expected == 200 else [])


def test_a_guest_that_is_slow_or_greedy_hinders_no_other(here: Ground, plan: ProxyPlan) -> None:
    ensure_proxy(plan)
    with ExitStack() as stack:
        for _ in range(200):
            # Above its share it is refused.
            with suppress(OSError):
                client = stack.enter_context(connect(here.a, METADATA, 80))
                client.sendall(b"GET /slow HTTP/1.1\r\nHost: m\r\n")
        began = time.monotonic()
        assert status(get(here.b)) == 200
        assert time.monotonic() - began < 1


def test_an_agent_that_is_away_is_said_to_be_and_found_again(here: Ground, plan: ProxyPlan, folder: Path) -> None:
    ensure_proxy(msgspec.structs.replace(plan, socket=folder / "later.sock"))
    assert status(get(here.a)) == 503
    for body in (b"first", b"second"):
        with agent_at(folder / "later.sock", lambda ask, body=body: MetadataReply(body=body)):  # type: ignore[misc]
            assert get(here.a).endswith(body)


def test_it_runs_without_privileges_in_little_memory(here: Ground, plan: ProxyPlan) -> None:
    pid = ensure_proxy(plan)
    fields = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    assert fields["Uid"].split() == [str(ACCOUNT.uid)] * 4
    assert fields["Gid"].split() == [str(ACCOUNT.gid)] * 4
    assert fields["Groups"].strip() == ""
    assert int(fields["CapEff"], 16) == 0
    assert int(fields["VmRSS"].split()[0]) < MEMORY_KIB
    assert processes_inside(here.router) == [pid]


def test_it_is_left_alone_while_its_plan_holds_and_begun_anew_when_it_changes(plan: ProxyPlan) -> None:
    first = ensure_proxy(plan)
    assert ensure_proxy(plan) == first
    # A crash after the start and before the pid was written.
    (plan.folder / "haproxy.pid").unlink()
    assert ensure_proxy(plan) == first
    (plan.folder / "haproxy.pid").write_text("1 1\n")
    assert proxy_pid(plan.folder) == first
    second = ensure_proxy(msgspec.structs.replace(plan, router_id="router-2"))
    assert second != first
    assert not running.alive(first)
    os.kill(second, signal.SIGKILL)
    eventually(lambda: not running.alive(second), 5)
    third = ensure_proxy(plan)
    assert running.alive(third)


def test_what_can_not_listen_says_why_and_leaves_nothing(here: Ground, plan: ProxyPlan) -> None:
    nowhere = msgspec.structs.replace(plan, listens=dhcp_listens(QR, has_ipv6=False))
    with pytest.raises(RunFailed, match=r"The metadata proxy in \S+ has ended: (?s:.*)169\.254\.169\.254:80"):
        ensure_proxy(nowhere)
    assert processes_inside(here.router) == []


def test_removal_leaves_neither_process_nor_file(here: Ground, plan: ProxyPlan) -> None:
    ensure_proxy(plan)
    remove_proxy(plan.folder)
    remove_proxy(plan.folder)
    assert not plan.folder.exists()
    assert processes_inside(here.router) == []
    assert proxy_pid(plan.folder) is None


def test_in_a_network_without_router_it_listens_at_the_metadata_address(
    here: Ground, plan: ProxyPlan, asked: list[MetadataAsk]
) -> None:
    """Guest c plays the DHCP namespace; the router's leg plays a guest of that network."""
    here.ip(here.c, "address add fe80::a9fe:a9fe/64 dev eth0 nodad")
    here.ip(here.router, f"route add {METADATA}/32 dev {QR2}")
    wanted = msgspec.structs.replace(
        plan, namespace=here.c, listens=dhcp_listens("eth0"), router_id="", network_id="net-1"
    )
    pid = ensure_proxy(wanted)
    assert status(get(here.router)) == 200
    assert [(one.network_id, one.router_id, one.address) for one in asked] == [("net-1", "", "10.30.0.1")]
    # A link made anew under its name is another one, which the old proxy would never hear of.
    here.ip(here.router, f"link delete {QR2}")
    here.ip(here.router, f"link add {QR2} type veth peer name eth0 netns {here.c}")
    here.ip(here.c, f"address add {METADATA}/32 dev eth0")
    here.ip(here.c, "address add fe80::a9fe:a9fe/64 dev eth0 nodad")
    here.ip(here.c, "link set eth0 up")
    assert ensure_proxy(wanted) != pid
