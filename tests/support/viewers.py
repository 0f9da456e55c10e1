"""Who looks at a guest's screen: RFB (RFC 6143, version 3.8) over any line, and over a WebSocket as noVNC has it."""

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

PATIENCE_S = 30.0


class Greeting(NamedTuple):
    """What a server says of its screen."""

    width: int
    height: int
    name: str


class Viewer:
    """Reads and writes RFB; `more` gives the next bytes that come, none at the end."""

    def __init__(self, more: Callable[[], bytes], write: Callable[[bytes], None]) -> None:
        self._more, self._write = more, write
        self._unread = b""

    def greet(self) -> Greeting:
        """Handshake without a password, as 7.1 to 7.3 have it."""
        version = self._read(12)
        assert version == b"RFB 003.008\n"
        self._write(version)
        assert 1 in self._read(self._read(1)[0]), "There is no way in without a password."
        self._write(bytes([1]))
        assert self._read(4) == bytes(4)
        self._write(bytes([1]))
        width, height, _, length = struct.unpack(">HH16sI", self._read(24))
        return Greeting(width, height, self._read(length).decode())

    def update(self, screen: Greeting) -> bytes:
        """The whole screen, as raw pixels."""
        self.ask(screen, incremental=False)
        return self.drawn()

    def ask(self, screen: Greeting, *, incremental: bool) -> None:
        """Ask for the whole screen now, or for what changes on it next."""
        self._write(struct.pack(">BxHi", 2, 1, 0))
        self._write(struct.pack(">BBHHHH", 3, incremental, 0, 0, screen.width, screen.height))

    def drawn(self) -> bytes:
        """What is drawn next, as raw pixels."""
        kind, count = struct.unpack(">BxH", self._read(4))
        assert kind == 0
        pixels = b""
        for _ in range(count):
            _, _, width, height, encoding = struct.unpack(">HHHHi", self._read(12))
            assert encoding == 0
            pixels += self._read(width * height * 4)
        return pixels

    def press(self, key: int) -> None:
        for down in (1, 0):
            self._write(struct.pack(">BBxxI", 4, down, key))

    def is_over(self) -> bool:
        """Whether the other side has hung up, whatever it still had to say; waits until it does."""
        while self._more():
            self._unread = b""
        return True

    def _read(self, length: int) -> bytes:
        parts, found = [self._unread], len(self._unread)
        while found < length:
            part = self._more()
            assert part, f"The line ended {length - found} bytes too early."
            parts.append(part)
            found += len(part)
        whole = b"".join(parts)
        self._unread = whole[length:]
        return whole[:length]


def on_socket(line: socket.socket) -> Viewer:
    line.settimeout(PATIENCE_S)
    return Viewer(lambda: line.recv(1 << 20), line.sendall)


def token_of(url: str) -> str:
    """The token in a console's address."""
    (path,) = parse_qs(urlsplit(url).query)["path"]
    return path.removeprefix("?token=")


def opened(url: str, *, origin: str | None = None) -> ClientConnection:
    """The WebSocket that noVNC's page opens for a console's address."""
    place, (path,) = urlsplit(url), parse_qs(urlsplit(url).query)["path"]
    address = f"ws://{place.netloc}/{path}"
    return connect(
        address,
        origin=None if origin is None else Origin(origin),
        subprotocols=[Subprotocol("binary")],
        compression=None,
        proxy=None,
        open_timeout=PATIENCE_S,
    )


@contextmanager
def looking_at(url: str) -> Iterator[Viewer]:
    """A viewer of the console at this address."""
    with opened(url) as line:
        yield on_websocket(line)


def on_websocket(line: ClientConnection) -> Viewer:
    def more() -> bytes:
        message = next(iter(line), b"")
        assert isinstance(message, bytes)
        return message

    return Viewer(more, line.send)


def ending_of(line: ClientConnection) -> int | None:
    """The code with which the other side closes, whatever it still had to say."""
    with suppress(ConnectionClosed):
        while True:
            line.recv(timeout=PATIENCE_S)
    return line.close_code
