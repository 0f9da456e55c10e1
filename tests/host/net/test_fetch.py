"""Fetching from real servers: what is asked, what comes, and what is made of servers that mean harm."""

import http.server
import itertools
import os
import socket
import threading
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from tests.host.net.web import QUICK, fetcher, ok, redirect, says, web

from haneul.host.net.fetch import Fetcher, FetchFailed, Limits, Missing, Refused

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CLOSED = b"HTTP/1.0 200 OK\r\n\r\n"
LONG_HEAD = "The header of the server's answer is larger than 65536 bytes."
SLOW = "The server sends too slowly."
BROKEN = "The connection to the server broke off."
NO_HTTP = "The server's answer is not HTTP."


def fetched(url: str, *, offset: int = 0, by: Fetcher | None = None) -> bytes:
    with closing((by or fetcher()).open(url, offset=offset)) as response:
        return b"".join(iter(lambda: response.read(1 << 16), b""))


def refusal(url: str, *, offset: int = 0, by: Fetcher | None = None, kind: type[Exception] = FetchFailed) -> str:
    with pytest.raises(kind) as caught:
        fetched(url, offset=offset, by=by)
    return str(caught.value)


def endless(piece: bytes, first: bytes = CHUNKED, pause_s: float = 0.0) -> object:
    def answer(_: bytes, connection: socket.socket) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(piece)
            time.sleep(pause_s)

    return answer


def test_a_file_of_an_ordinary_server(tmp_path: Path) -> None:
    content = os.urandom((1 << 20) + 7)
    (tmp_path / "cirros.img").write_bytes(content)
    serve = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        serve.func.log_message = lambda *_: None
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            with closing(fetcher().open(f"http://127.0.0.1:{server.server_port}/cirros.img")) as response:
                assert (response.length, response.media_type) == (len(content), "application/octet-stream")
                assert response.read(100) == content[:100]
                assert response.read(1 << 30) == content[100:]
                assert response.read(1) == b""
        finally:
            server.shutdown()


def test_what_is_asked_says_nothing_of_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1/")
    with web(ok(b"x")) as server:
        assert fetched(server.url("/a b?c=d&e=%2f#f".replace(" ", "%20"), host="mirror.example")) == b"x"
    assert server.asked[0].decode().split("\r\n") == [
        "GET /a%20b?c=d&e=%2f HTTP/1.1",
        f"Host: mirror.example:{server.port}",
        "User-Agent: haneul",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Connection: close",
        "",
        "",
    ]


def test_bodies_of_every_framing() -> None:
    with web(CHUNKED + b"3;name=value\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n") as server:
        assert fetched(server.url()) == b"abcde"
    with web(CLOSED + b"until the end") as server:
        assert fetched(server.url()) == b"until the end"
    with web(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok(b"late")) as server:
        assert fetched(server.url()) == b"late"
    with web(ok(b"")) as server:
        assert fetched(server.url()) == b""


def test_by_an_ipv6_address() -> None:
    with web(ok(b"six"), address="::1") as server:
        assert fetched(server.url(host="[0:0::1]")) == b"six"
        assert f"\r\nHost: [::1]:{server.port}\r\n".encode() in server.asked[0]


def test_a_part() -> None:
    part = ok(b"cde", "Content-Range: bytes 2-4/5", status="206 Partial Content")
    with web(part) as server:
        assert fetched(server.url(), offset=2) == b"cde"
        assert b"\r\nRange: bytes=2-\r\n" in server.asked[0]
        assert refusal(server.url(), offset=3) == "The server sends another part than it was asked for."
        assert refusal(server.url()) == "The server answers with the status 206."
    with web(ok(b"abcde")) as server:
        said = refusal(server.url(), offset=2, kind=Refused)
    assert said == "The server can't send a part of what the URL names."


def test_statuses_and_codings_that_are_not_taken() -> None:
    with web(ok(b"no", status="404 Not Found")) as server:
        assert refusal(server.url(), kind=Missing) == "The server answers with the status 404."
    with web(ok(b"", status="304 Not Modified")) as server:
        assert refusal(server.url()) == "The server answers with the status 304."
    with web(ok(b"\x1f\x8b", "Content-Encoding: gzip")) as server:
        assert refusal(server.url(), kind=Refused) == "The server sends a coded form of what the URL names."


def test_redirects_are_followed_three_times() -> None:
    with web(ok(b"here")) as last:
        hops = itertools.chain(["/b", "//mirror.example/c", last.url("/d")], itertools.repeat("/again"))

        def answer(_: bytes, connection: socket.socket) -> None:
            connection.sendall(redirect(next(hops).replace("mirror.example/", f"mirror.example:{first.port}/")))

        with web(answer) as first:
            assert fetched(first.url("/a")) == b"here"
            assert [request.split()[1] for request in first.asked] == [b"/a", b"/b", b"/c"]
            assert f"Host: mirror.example:{first.port}".encode() in first.asked[2]
            assert refusal(first.url(), kind=Refused) == "The server redirects more than 3 times."
            assert len(first.asked) == 7


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "ftp://mirror.example/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://0x7f.1/",
        "http://user@mirror.example/",
        "//10.0.0.1/",
    ],
)
def test_a_redirect_is_judged_as_any_url(location: str) -> None:
    with web(redirect(location)) as server:
        assert refusal(server.url(), kind=Refused) == "The server redirects to an URL that is not allowed."


@pytest.mark.parametrize("location", ["", "http://a\tb/", "http:\\\\mirror.example\\", "http://\xff/"])
def test_a_malformed_redirect(location: str) -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: " + location.encode("latin-1") + b"\r\nContent-Length: 0\r\n\r\n"
    with web(answer) as server:
        assert refusal(server.url(), kind=Refused) == "The server redirects to a malformed URL."


def test_a_redirect_to_an_inner_name_is_as_one_to_no_name() -> None:
    with web(redirect("http://inner.example/")) as server:
        said = refusal(server.url())
    assert said == "The host inner.example can't be reached, or may not be fetched from."


def test_a_server_that_never_answers() -> None:
    with web(lambda _, connection: connection.recv(1) and None) as server:
        began = time.monotonic()
        assert refusal(server.url(), by=fetcher(Limits(head_s=0.2))) == SLOW
        assert time.monotonic() - began < 1.5


def test_a_header_that_comes_drop_by_drop() -> None:
    with web(endless(b"a", first=b"HTTP/1.1 200 OK\r\nX-A: ", pause_s=0.02)) as server:  # type: ignore[arg-type]
        assert refusal(server.url(), by=fetcher(Limits(head_s=0.2))) == SLOW


def test_a_body_that_comes_drop_by_drop() -> None:
    with web(endless(b"1\r\na\r\n", pause_s=0.02)) as server:  # type: ignore[arg-type]
        assert refusal(server.url(), by=fetcher(Limits(idle_s=0.2))) == SLOW


def test_slow_but_fast_enough_is_taken() -> None:
    def answer(_: bytes, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n")
        for _ in range(8):
            time.sleep(0.05)
            connection.sendall(bytes(50))

    with web(answer) as server:
        assert len(fetched(server.url(), by=fetcher(Limits(idle_s=0.2, least_bytes=50)))) == 400


def test_everything_has_an_end() -> None:
    with web(endless(b"1000\r\n" + bytes(4096) + b"\r\n", pause_s=0.01)) as server:  # type: ignore[arg-type]
        assert refusal(server.url(), by=fetcher(Limits(total_s=0.2))) == "The fetch takes longer than 0.2 seconds."


def test_bodies_without_end_and_larger_than_they_may_be() -> None:
    small = fetcher(Limits(most_bytes=5000))
    said = "What the URL names is larger than the 5000 bytes that may be fetched."
    with web(endless(b"1000\r\n" + bytes(4096) + b"\r\n")) as server:  # type: ignore[arg-type]
        assert refusal(server.url(), by=small, kind=Refused) == said
    with web(endless(bytes(4096), first=CLOSED)) as server:  # type: ignore[arg-type]
        assert refusal(server.url(), by=small, kind=Refused) == said
    with web(ok(bytes(5001))) as server, pytest.raises(Refused):
        small.open(server.url())
    with web(ok(bytes(5000))) as server:
        assert len(fetched(server.url(), by=small)) == 5000
    with web(ok(bytes(4999), "Content-Range: bytes 2-5000/5001", status="206 Partial Content")) as server:
        assert refusal(server.url(), offset=2, by=small, kind=Refused).startswith("What the URL names is larger than")


def test_header_floods() -> None:
    one = b"X-" + b"a" * 1000 + b": b\r\n"
    with web(endless(one, first=b"HTTP/1.1 200 OK\r\n")) as server:  # type: ignore[arg-type]
        assert refusal(server.url(), kind=Refused) == LONG_HEAD
    with web(endless(b"a" * 4096, first=b"HTTP/1.1 200 ")) as server:  # type: ignore[arg-type]
        assert refusal(server.url(), kind=Refused) == LONG_HEAD
    with web(endless(b"HTTP/1.1 102 Processing\r\n\r\n", first=b"")) as server:  # type: ignore[arg-type]
        assert refusal(server.url(), kind=Refused) == LONG_HEAD


def test_chunked_bombs() -> None:
    wrapped = "The server wraps too few bytes in too many."
    with web(endless(b"1;" + b"x" * 4000 + b"\r\na\r\n")) as server:  # type: ignore[arg-type]
        assert refusal(server.url(), kind=Refused) == wrapped
    with web(endless(b"1\r\na\r\n" * 1000)) as server:  # type: ignore[arg-type]
        assert refusal(server.url(), kind=Refused) == wrapped
    with web(endless(b"X: y\r\n" * 1000, first=CHUNKED + b"0\r\n")) as server:  # type: ignore[arg-type]
        assert refusal(server.url(), kind=Refused) == LONG_HEAD
    for size in (b"-1", b"0x10", b"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", b"1_0", b" 1"):
        with web(CHUNKED + size + b"\r\nabc\r\n0\r\n\r\n") as server:
            assert refusal(server.url()) == NO_HTTP or size.startswith(b"F")


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
    ],
)
def test_what_is_not_http(answer: bytes) -> None:
    with web(answer) as server:
        assert refusal(server.url()) == NO_HTTP


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", CHUNKED + b"5\r\nab"]
)
def test_a_connection_that_ends_too_early(answer: bytes) -> None:
    with web(says(answer)) as server:
        assert refusal(server.url()) == BROKEN


def test_a_closed_port_and_a_silent_one_are_the_same() -> None:
    with web(b"") as server:
        url = server.url()
    said = "The host 127.0.0.1 can't be reached, or may not be fetched from."
    assert refusal(url) == said
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        crowd = [socket.socket() for _ in range(4)]
        for one in crowd:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        assert refusal(f"http://127.0.0.1:{port}/", by=fetcher(Limits(connect_s=0.2))) == said
        for one in crowd:
            one.close()


def test_a_connection_is_closed_with_its_response_and_with_a_refusal() -> None:
    ended = threading.Event()

    def answer(_: bytes, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        assert connection.recv(1) == b""
        ended.set()

    with web(answer) as server:
        fetcher(Limits()).open(server.url()).close()
        assert ended.wait(5)
        ended.clear()
        assert refusal(server.url(), by=fetcher(QUICK), kind=Refused).startswith("What the URL names is larger")
        assert ended.wait(5)
