"""The agent's end of the metadata proxies on a real socket, and what gets into a proxy's configuration."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from haneul.host.net.metadata_proxy import (
    Listen,
    MetadataAsk,
    MetadataReply,
    MetadataServer,
    ProxyPlan,
    conversation,
    dhcp_listens,
    router_listens,
    serve_metadata,
)
from haneul.host.net.metadata_proxy.config import config_of

WHO = "X-Forwarded-For: 10.0.0.5\r\nX-Neutron-Network-ID: net-1\r\n"


@pytest.fixture
def asked() -> list[MetadataAsk]:
    return []


@pytest.fixture
def serve(tmp_path: Path, asked: list[MetadataAsk]) -> Iterator[Callable[..., Path]]:
    with ExitStack() as stack:

        def start(answer: Callable[[MetadataAsk], MetadataReply] | None = None, **options: float) -> Path:
            def told(ask: MetadataAsk) -> MetadataReply:
                asked.append(ask)
                return MetadataReply(body=b"sky")

            server = serve_metadata(tmp_path / "metadata.sock", answer or told, **options)  # type: ignore[arg-type]
            stack.callback(server.stop)
            return tmp_path / "metadata.sock"

        yield start


def say(path: Path, text: str | bytes, patience_s: float = 5.0) -> bytes:
    """Everything that is answered until the connection is closed."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(patience_s)
        client.connect(str(path))
        client.sendall(text.encode() if isinstance(text, str) else text)
        answer = b""
        while more := client.recv(65536):
            answer += more
        return answer


def get(path: Path, headers: str = WHO, target: str = "/openstack", method: str = "GET") -> bytes:
    return say(path, f"{method} {target} HTTP/1.1\r\nHost: 169.254.169.254\r\n{headers}\r\n")


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_an_ask_arrives_whole_and_its_answer_ends_the_connection(
    serve: Callable[..., Path], asked: list[MetadataAsk]
) -> None:
    path = serve()
    answer = get(path, WHO + "Accept: text/plain\r\nCookie: c\r\n", "http://169.254.169.254/latest/user%2Ddata?x=1")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Connection: close\r\n" in answer
    assert answer.endswith(b"Content-Length: 3\r\nConnection: close\r\n\r\nsky")
    assert asked == [
        MetadataAsk(
            router_id="",
            network_id="net-1",
            address="10.0.0.5",
            method="GET",
            path="/latest/user-data",
            headers={"accept": "text/plain"},
        )
    ]


def test_a_body_arrives(serve: Callable[..., Path], asked: list[MetadataAsk]) -> None:
    assert status(say(serve(), f"POST /p HTTP/1.1\r\nHost: m\r\n{WHO}Content-Length: 6\r\n\r\nsecret")) == 200
    assert (asked[0].method, asked[0].body) == ("POST", b"secret")


def test_a_head_is_answered_without_a_body(serve: Callable[..., Path]) -> None:
    assert get(serve(), method="HEAD").endswith(b"Content-Length: 3\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize(
    ("request_text", "expected"),
    [
        (f"GET / HTTP/1.1\r\nHost: m\r\n{WHO}X-Forwarded-For: 10.0.0.6\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: m\r\nX-Neutron-Network-ID: net-1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: m\r\nX-Forwarded-For: 10.0.0.5\r\n\r\n", 400),
        (f"GET / HTTP/1.1\r\nHost: m\r\n{WHO}X-Neutron-Router-ID: r\r\n\r\n", 400),
        (f"GET / HTTP/1.1\r\nHost: m\r\n{WHO.replace('10.0.0.5', '10.0.0.5, 10.0.0.6')}\r\n", 400),
        (f"GET / HTTP/1.1\r\nHost: m\r\n{WHO}X-Long: {'x' * 40000}\r\n\r\n", 431),
        (f"PUT / HTTP/1.1\r\nHost: m\r\n{WHO}Content-Length: 9000\r\n\r\n{'x' * 9000}", 413),
        ("no such thing\r\n\r\n", 400),
        ("\x16\x03\x01 not http at all \r\n\r\n", 400),
    ],
)
def test_what_is_malformed_too_large_or_from_nobody_gets_no_answer(
    serve: Callable[..., Path], asked: list[MetadataAsk], request_text: str, expected: int
) -> None:
    assert status(say(serve(), request_text)) == expected
    assert asked == []


def test_slow_and_silent_clients_are_let_go_and_hold_up_no_one(
    serve: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "READ_S", 0.5)
    path = serve()
    with ExitStack() as stack:
        slow = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(100)]
        for client in slow:
            client.settimeout(5)
            client.connect(str(path))
            client.sendall(b"GET / HTTP/1.1\r\n")
        began = time.monotonic()
        assert status(get(path)) == 200
        assert time.monotonic() - began < 0.5
        assert {status(client.recv(100)) for client in slow} == {408}


def test_an_answer_that_fails_or_takes_too_long_says_so_and_nothing_of_why(
    serve: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    release = threading.Event()

    def answer(ask: MetadataAsk) -> MetadataReply:
        if ask.path == "/slow":
            release.wait(5)
        raise LookupError("the secret")

    path = serve(answer, answer_s=0.3)
    with caplog.at_level(logging.CRITICAL):
        failed = get(path)
    assert status(failed) == 500
    assert b"secret" not in failed
    try:
        assert status(get(path, target="/slow")) == 504
    finally:
        release.set()


def test_answers_are_given_side_by_side(serve: Callable[..., Path]) -> None:
    together = threading.Barrier(4, timeout=5)

    def answer(ask: MetadataAsk) -> MetadataReply:
        together.wait()
        return MetadataReply(status=404)

    path, found = serve(answer), []
    threads = [threading.Thread(target=lambda: found.append(status(get(path)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [404] * 4


def test_a_later_server_takes_the_place_and_only_the_last_removes_it(tmp_path: Path) -> None:
    path = tmp_path / "metadata.sock"

    def server(status_code: int) -> MetadataServer:
        return serve_metadata(path, lambda ask: MetadataReply(status=status_code), mode=0o660)

    first = server(201)
    assert path.stat().st_mode & 0o777 == 0o660
    second = server(202)
    first.stop()
    assert status(get(path)) == 202
    second.stop()
    second.stop()
    assert list(tmp_path.iterdir()) == []


PLAN = ProxyPlan(
    folder=Path("/run/haneul/proxy"),
    namespace="qdhcp-net-1",
    socket=Path("/run/haneul/metadata.sock"),
    listens=dhcp_listens("tap0"),
    uid=1000,
    gid=1000,
    network_id="net-1",
)


def test_the_configuration_is_bound_to_the_link_and_names_the_network() -> None:
    text = config_of(PLAN)
    assert "bind 169.254.169.254:80 interface tap0\n" in text
    assert "bind fe80::a9fe:a9fe:80 v6only interface tap0\n" in text
    assert "http-request set-header X-Neutron-Network-ID net-1\n" in text
    router = msgspec.structs.replace(PLAN, network_id="", router_id="r-1", listens=router_listens(9697, has_ipv6=False))
    assert "bind 0.0.0.0:9697\n" in config_of(router)
    assert ":::" not in config_of(router)


@pytest.mark.parametrize(
    "changed",
    [
        {"network_id": "net\n    bind :1"},
        {"network_id": ""},
        {"router_id": "both"},
        {"socket": Path("/run/a b")},
        {"socket": Path("/run/a\nserver b")},
        {"socket": Path("/run/" + "a" * 110)},
        {"listens": ()},
        {"listens": (Listen(address="evil", port=1),)},
        {"listens": (Listen(address="10.0.0.1", port=1, link="a b"),)},
    ],
)
def test_what_is_no_value_gets_into_no_configuration(changed: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"metadata|id of a router|IPv4 or IPv6|network link"):
        config_of(msgspec.structs.replace(PLAN, **changed))
