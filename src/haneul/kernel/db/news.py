"""Waking a worker of this process when a transaction has left it something to do."""

from collections.abc import Callable
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from haneul.kernel.db.transaction import Db


class News:
    """Which worker to wake, for each database: one process may hold several clouds."""

    def __init__(self) -> None:
        self._wakers: WeakKeyDictionary[Engine, Callable[[], None]] = WeakKeyDictionary()

    def wake_by(self, engine: Engine, waker: Callable[[], None]) -> None:
        """Call this after each transaction on the engine that has `told`."""
        self._wakers[engine] = waker

    def told(self, db: Db) -> None:
        """Once this transaction is durable, wake the worker, if its database has one here."""
        waker = self._wakers.get(db.connection.engine)
        if waker is not None:
            db.after_commit(waker)
