"""How haneul's processes speak to each other. The database is the truth: a lost, doubled or reordered message
may cost time, never correctness, and no message changes a host by itself."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

from msgspec import Struct

T = TypeVar("T")

CONTROL = "control"
PROTOCOL_VERSION = 1


class BusError(Exception):
    """The other side refused; `kind` names the error, the message is the sentence it gave."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class BusTimeout(BusError):
    """No answer before the deadline; the call may or may not have been seen."""

    def __init__(self, peer: str, method: str, deadline_s: float) -> None:
        super().__init__("timeout", f"{peer} did not answer {method} within {deadline_s:g} s.")


class Wake(Struct, frozen=True, array_like=True):
    """Something of this kind changed; `ids` may name which, none means look at all."""

    kind: str
    ids: tuple[str, ...] = ()


class Bus(Protocol):
    """One process's link to the others: a plain synchronous face, safe from any thread.

    Peers are named: `control` (any control process may answer) and each host's name.
    """

    def start(self) -> None:
        """Begin to listen or connect; returns at once, reconnects for ever with back-off."""
        ...

    def call(self, peer: str, method: str, values: Any, *, returns: type[T], deadline_s: float) -> T:
        """Ask a peer; BusTimeout after the deadline, BusError when it refuses. Values are msgspec types."""
        ...

    def ask(self, peer: str, method: str, values: Any, *, returns: type[T], deadline_s: float) -> Future[T]:
        """As `call`, but the answer comes to a future that can't be cancelled: no thread waits for it."""
        ...

    def wake(self, peer: str, wake: Wake) -> None:
        """Tell a peer to look; best effort, never waits, never raises for an absent peer."""
        ...

    def publish(self, topic: str, event: Any) -> None:
        """Send an event to whoever subscribed; best effort, at most once."""
        ...

    def subscribe(self, topic: str, function: Callable[[bytes], None]) -> None:
        """Call the function with each event's JSON bytes."""
        ...

    def serve(self, method: str, takes: type[Any], function: Callable[[Any], Any]) -> None:
        """Answer calls of this method; the function runs in a small thread pool. Register before `start`.

        What takes long returns a future, whose result is the answer: it holds no thread of the pool meanwhile.
        """
        ...

    def on_wake(self, function: Callable[[Wake], None]) -> None: ...
    def on_control(self, function: Callable[[], None]) -> None:
        """Call the function whenever what control told may be lost: a control process, or the link, came or went."""
        ...

    def peers(self) -> Sequence[str]:
        """Names of the peers known to be there now, for status pages; advisory."""
        ...

    def close(self) -> None: ...
