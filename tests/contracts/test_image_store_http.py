"""Images at URLs of others."""

import re
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.host.net.web import Web, fetcher, ok, web

from haneul.services.image.drivers import DRIVERS
from haneul.services.image.drivers.base import ImageStore, ReadOnly, StoreOptions, Unreachable

CONTENT = bytes(range(256)) * 4096


def answer(request: bytes, connection: socket.socket) -> None:
    """The bytes from where they are asked for on; from /short only half of what was announced."""
    path = request.split()[1]
    if path == b"/missing":
        connection.sendall(ok(b"", status="404 Not Found"))
    elif path == b"/unsized":
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + CONTENT)
    else:
        wanted = re.search(rb"Range: bytes=(\d+)-", request)
        start = int(wanted[1]) if wanted else 0
        head = [f"Content-Range: bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"] if start else []
        whole = ok(CONTENT[start:], *head, status="206 Partial Content" if start else "200 OK")
        connection.sendall(whole[: len(whole) // 2] if path == b"/short" else whole)


@pytest.fixture
def server() -> Iterator[Web]:
    with web(answer) as serving:
        yield serving


@pytest.fixture
def store(tmp_path: Path) -> ImageStore:
    return DRIVERS["http"](StoreOptions(folder=tmp_path, fetcher=fetcher()))


def test_bytes_are_read_from_anywhere(store: ImageStore, server: Web) -> None:
    url = server.url()
    assert store.size(url) == len(CONTENT)
    with closing(store.open(url)) as file:
        assert file.read(10) == CONTENT[:10]
        file.seek(1_000_000)
        assert file.read() == CONTENT[1_000_000:]
        assert file.read() == b""


def test_what_breaks_off_is_asked_for_again(store: ImageStore, server: Web) -> None:
    with closing(store.open(server.url("/short"))) as file:
        assert file.read(900_000) == CONTENT[:900_000]
    assert [b"Range: bytes=" in asked for asked in server.asked[:3]] == [False, True, True]


def test_what_is_not_there_is_missing(store: ImageStore, server: Web) -> None:
    for verb in (store.open, store.size):
        with pytest.raises(FileNotFoundError):
            verb(server.url("/missing"))


def test_an_unknown_length_is_refused(store: ImageStore, server: Web) -> None:
    with pytest.raises(Unreachable, match="does not say how many bytes"):
        store.open(server.url("/unsized"))


def test_a_dead_server_is_unreachable(store: ImageStore, server: Web) -> None:
    server.close()
    with pytest.raises(Unreachable):
        store.open(server.url())


def test_only_what_may_be_asked_is_asked(server: Web, tmp_path: Path) -> None:
    strict = DRIVERS["http"](StoreOptions(folder=tmp_path, fetcher=fetcher(networks=())))
    for url in (server.url(), server.url(host="mirror.example")):
        with pytest.raises(Unreachable):
            strict.open(url)
    assert server.asked == []


def test_addresses_are_keys(store: ImageStore) -> None:
    assert store.key_at("https://mirror.example/image") == "https://mirror.example/image"
    assert store.address("https://mirror.example/image") == "https://mirror.example/image"
    for other in ("ftp://mirror.example/image", "file:///etc/passwd", "image", "http://user:word@mirror.example/"):
        assert store.key_at(other) is None


def test_it_takes_and_deletes_nothing(store: ImageStore, server: Web) -> None:
    assert store.is_read_only
    with pytest.raises(ReadOnly):
        store.open_draft(server.url())
    store.delete(server.url())
    assert (store.list_kept(), store.list_abandoned(), store.is_abandoned(server.url())) == ([], [], True)
    assert (server.asked, store.path(server.url())) == ([], None)


def test_it_has_no_options(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no options"):
        DRIVERS["http"](StoreOptions(folder=tmp_path, options={"host": "mirror.example"}))
