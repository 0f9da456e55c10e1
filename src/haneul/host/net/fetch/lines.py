"""Connections that wait for nobody longer than they may."""

import socket
import time

from msgspec import Struct

from haneul.host.net.fetch.outcomes import FetchFailed

RECEIVE_BYTES = 1 << 16
BROKEN = "The connection to the server broke off."
SLOW = "The server sends too slowly."


class Limits(Struct, frozen=True, kw_only=True):
    """How long a fetch may take and how much it may bring. A response has to begin `head_s` after its request; then
    `least_bytes` have to come in every `idle_s` of waiting. `total_s` is for everything, redirects included."""

    connect_s: float = 10.0
    head_s: float = 30.0
    idle_s: float = 60.0
    least_bytes: int = 1 << 16
    total_s: float = 6 * 3600.0
    most_bytes: int = 1 << 40


class Deadline:
    """When a whole fetch has to be over."""

    def __init__(self, total_s: float) -> None:
        self._total_s, self._at = total_s, time.monotonic() + total_s

    def left_s(self) -> float:
        """Seconds that are left; FetchFailed when there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise FetchFailed(f"The fetch takes longer than {self._total_s:g} seconds.")
        return left


class Line:
    """A socket, and how patient one is with its other end."""

    def __init__(self, connected: socket.socket, limits: Limits, deadline: Deadline) -> None:
        self._socket, self._limits, self._deadline = connected, limits, deadline
        self._patience_s, self._waited_s, self._came = limits.head_s, 0.0, 0
        self._has_begun = False
        self.received = 0

    def begin(self) -> None:
        """The response's header is there: from now on time counts from one `least_bytes` to the next."""
        self._patience_s, self._waited_s, self._came = self._limits.idle_s, 0.0, 0
        self._has_begun = True

    def send(self, content: bytes) -> None:
        self._wait()
        try:
            self._socket.sendall(content)
        except OSError:
            raise FetchFailed(BROKEN) from None

    def receive(self) -> bytes:
        """What came, none at the end; FetchFailed if it is too little for too long."""
        self._wait()
        began = time.monotonic()
        try:
            came = self._socket.recv(RECEIVE_BYTES)
        except TimeoutError:
            self._deadline.left_s()
            raise FetchFailed(SLOW) from None
        except OSError:
            raise FetchFailed(BROKEN) from None
        self._count(len(came), time.monotonic() - began)
        return came

    def close(self) -> None:
        self._socket.close()

    def _wait(self) -> None:
        patience_s = self._patience_s - self._waited_s
        if patience_s <= 0:
            raise FetchFailed(SLOW)
        self._socket.settimeout(min(patience_s, self._deadline.left_s()))

    def _count(self, size: int, waited_s: float) -> None:
        self.received += size
        self._came += size
        self._waited_s += waited_s
        if self._has_begun and self._came >= self._limits.least_bytes:
            self._waited_s, self._came = 0.0, 0
