"""Fetching by TLS: the certificate has to be trusted and of the name, and nothing falls back to clear text."""

import socket
from contextlib import closing
from pathlib import Path

import pytest
from tests.host.net.web import fetcher, ok, redirect, server_tls, web

from haneul.host.net.fetch import Fetcher, FetchFailed, Limits, Refused

NO_TLS = "No trusted TLS connection with {} can be made."


def refusal(by: Fetcher, url: str, kind: type[Exception] = FetchFailed) -> str:
    with pytest.raises(kind) as caught, closing(by.open(url)) as response:
        response.read(1 << 20)
    return str(caught.value)


def test_a_trusted_server_by_name_and_by_address(tmp_path: Path) -> None:
    tls, authorities = server_tls(tmp_path, "mirror.example", "127.0.0.1")
    with web(ok(b"image"), tls) as server:
        for host in ("mirror.example", "127.0.0.1"):
            with closing(fetcher(authorities=authorities).open(server.url(host=host, scheme="https"))) as response:
                assert response.read(100) == b"image"


def test_an_authority_that_nobody_named(tmp_path: Path) -> None:
    tls, _ = server_tls(tmp_path, "mirror.example")
    with web(ok(b"image"), tls) as server:
        said = refusal(fetcher(), server.url(host="mirror.example", scheme="https"))
    assert said == NO_TLS.format("mirror.example")
    assert not server.asked


@pytest.mark.parametrize(("names", "days"), [(["other.example"], 1), (["mirror.example"], -1)])
def test_a_certificate_of_another_name_or_time(tmp_path: Path, names: list[str], days: int) -> None:
    tls, authorities = server_tls(tmp_path, *names, days=days)
    with web(ok(b"image"), tls) as server:
        said = refusal(fetcher(authorities=authorities), server.url(host="mirror.example", scheme="https"))
    assert said == NO_TLS.format("mirror.example")
    assert not server.asked


def test_a_server_that_does_not_speak_tls_or_says_nothing() -> None:
    with web(ok(b"x")) as server:
        by = fetcher(Limits(connect_s=0.3))
        assert refusal(by, server.url(host="mirror.example", scheme="https")) == NO_TLS.format("mirror.example")


def test_no_redirect_leads_from_https_to_http(tmp_path: Path) -> None:
    tls, authorities = server_tls(tmp_path, "mirror.example")
    with web(ok(b"image")) as clear, web(redirect(clear.url()), tls) as server:
        by = fetcher(authorities=authorities)
        said = refusal(by, server.url(host="mirror.example", scheme="https"), Refused)
        assert said == "The server redirects from https to http."
        assert not clear.asked


def test_a_redirect_leads_from_http_to_https(tmp_path: Path) -> None:
    tls, authorities = server_tls(tmp_path, "mirror.example")
    by = fetcher(authorities=authorities)
    with web(ok(b"image"), tls) as server, web(redirect(server.url(host="mirror.example", scheme="https"))) as clear:
        response = by.open(clear.url())
        assert response.read(100) == b"image"
        response.close()


def test_a_body_that_ends_with_its_connection_must_end_by_tls(tmp_path: Path) -> None:
    """Else whoever sits in between could cut an image short."""
    tls, authorities = server_tls(tmp_path, "mirror.example")

    def answer(_: bytes, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nhalf an image")

    with web(answer, tls) as server:
        said = refusal(fetcher(authorities=authorities), server.url(host="mirror.example", scheme="https"))
    assert said == "The connection to the server broke off."
