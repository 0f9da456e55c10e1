"""A server of the web with images for tests, and a cloud that may ask it."""

import hashlib
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.host.net.web import Web, ok, web

CONTENT = b"the bytes of an image elsewhere"
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
SHA512, SHA256 = hashlib.sha512(CONTENT).hexdigest(), hashlib.sha256(CONTENT).hexdigest()
FETCH = {"ports": [], "networks": ["127.0.0.0/8"]}
TWO_STORES: dict[str, Any] = {
    "default_store": "disk",
    "stores": {
        "disk": {"driver": "file", "weight": 1},
        "shelf": {"driver": "file"},
        "web": {"driver": "http"},
    },
}


class Elsewhere:
    """A server whose `/slow` ends its answer when the test says so; `/none` is not there, and `/cut`
    never comes to its end."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def __call__(self, request: bytes, connection: socket.socket) -> None:
        if b" /none" in request:
            connection.sendall(ok(b"", status="404 Not Found"))
        elif b" /cut" in request:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf.")
        elif b" /slow" in request:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf.")
            self.go_on.wait(20)
            connection.sendall(b"whole")
        else:
            connection.sendall(_part(request))


def _part(request: bytes) -> bytes:
    found = re.search(rb"range: bytes=(\d+)-", request, re.IGNORECASE)
    first = int(found.group(1)) if found else 0
    if not first:
        return ok(CONTENT)
    header = f"Content-Range: bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}"
    return ok(CONTENT[first:], header, status="206 Partial Content")


@contextmanager
def elsewhere() -> Iterator[tuple[Web, Elsewhere]]:
    answer = Elsewhere()
    with web(answer) as server:
        yield server, answer
        answer.go_on.set()


def location(url: str, **fields: Any) -> dict[str, Any]:
    return {"url": url, "metadata": {}, **fields}
