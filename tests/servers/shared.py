"""One server of a kind for all who use it at the same time."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Starts with its first user and ends with its last: each conftest that imports a fixture makes its own copy of
    it, and all copies end only with the run."""

    def __init__(self, running: Callable[[], AbstractContextManager[T]]) -> None:
        self._running = running
        self._users = 0
        self._ending = ExitStack()
        self._server: T | None = None

    @contextmanager
    def use(self) -> Iterator[T]:
        """The server, started if nobody else uses it now."""
        if self._server is None:
            self._server = self._ending.enter_context(self._running())
        self._users += 1
        try:
            yield self._server
        finally:
            self._users -= 1
            if self._users == 0:
                self._server = None
                self._ending.close()
