"""Telling upward that a port has gone: whoever has it in a server, and what stands on its address."""

from collections.abc import Callable

from haneul.kernel.db import Db
from haneul.services.network.ports.models import Port

Heard = Callable[[Db, Port], None]
_listeners: list[Heard] = []


def on_gone(heard: Heard) -> None:
    """Have this called with every port that is deleted, in the transaction that deletes it. Repeatable."""
    if heard not in _listeners:
        _listeners.append(heard)


def tell_gone(db: Db, port: Port) -> None:
    for heard in _listeners:
        heard(db, port)
