"""One HTTP request to a server that the settings name, and no other: redirections are answers like any other."""

import ssl
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import BinaryIO
from urllib.parse import urlsplit

import msgspec

from haneul.services.image.drivers.base import Unreachable
from haneul.services.image.drivers.remote.server import HttpOptions

BLOCK_BYTES = 1 << 20
ANSWER_BYTES = 16 << 20


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. A `body` is read from its beginning, `size` bytes of it."""

    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: BinaryIO | None = None
    size: int = 0

    @property
    def server(self) -> str:
        """The server's URL, which errors may name."""
        return self.url[: self.url.find("/", 8)]


class Answer:
    """What was answered. Whoever gets one reads it whole or closes it."""

    def __init__(self, server: str, connection: HTTPConnection, response: HTTPResponse) -> None:
        self._server, self._connection, self._response = server, connection, response
        self.status = response.status

    def header(self, name: str) -> str:
        """A header's value, empty if it isn't there."""
        return self._response.headers.get(name, "")

    def read(self, size: int, /) -> bytes:
        try:
            return self._response.read(size)
        except (OSError, HTTPException) as error:
            raise Unreachable(f"The server {self._server} broke off its answer ({type(error).__name__}).") from None

    def whole(self) -> bytes:
        """The body; Unreachable if it is larger than any that is waited for."""
        try:
            body = self.read(ANSWER_BYTES + 1)
        finally:
            self.close()
        if len(body) > ANSWER_BYTES:
            raise Unreachable(f"The server {self._server} answered with more than can be read.")
        return body

    def close(self) -> None:
        self._response.close()
        self._connection.close()


def send(request: Request, options: HttpOptions) -> Answer:
    """Send a request; Unreachable without an answer to it."""
    connection = _connection(request.url, options)
    try:
        return Answer(request.server, connection, _exchange(connection, request))
    except (OSError, HTTPException, ValueError) as error:
        connection.close()
        # The error's own text may hold what was sent.
        raise Unreachable(f"The server {request.server} did not answer ({type(error).__name__}).") from None
    except BaseException:
        connection.close()
        raise


def _connection(url: str, options: HttpOptions) -> HTTPConnection:
    place = urlsplit(url)
    if place.scheme == "https":
        trusted = ssl.create_default_context(cafile=options.cacert or None)
        return HTTPSConnection(place.netloc, timeout=options.timeout_s, blocksize=BLOCK_BYTES, context=trusted)
    return HTTPConnection(place.netloc, timeout=options.timeout_s, blocksize=BLOCK_BYTES)


def _exchange(connection: HTTPConnection, request: Request) -> HTTPResponse:
    target = request.url[len(request.server) :]
    headers = {**request.headers}
    if request.body is not None:
        request.body.seek(0)
    if request.method in ("PUT", "POST"):
        headers["Content-Length"] = str(request.size)
    try:
        connection.request(request.method, target, body=request.body, headers=headers)
    except (BrokenPipeError, ConnectionResetError):
        # A server that takes no more says why before it closes; if it did, the answer lies there.
        if connection.sock is None:
            raise
    return connection.getresponse()
