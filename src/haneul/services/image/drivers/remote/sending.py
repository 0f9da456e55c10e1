"""Sending in the background, one thing after another, so that the next part fills while the last one travels."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait


class Sending:
    """What is under way. An error shows at the next call."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="image-store")
        self._under_way: Future[None] | None = None

    def begin(self, send: Callable[[], None]) -> None:
        """Send, once what was begun before has arrived; its error if it hasn't."""
        self.wait()
        self._under_way = self._thread.submit(send)

    def wait(self) -> None:
        """Return when all has arrived; the error of what hasn't."""
        if self._under_way is not None:
            last, self._under_way = self._under_way, None
            last.result()

    def end(self) -> None:
        """Wait for the end of what is under way, however it ends; nothing is sent after that. Repeatable."""
        if self._under_way is not None:
            wait([self._under_way])
        self._thread.shutdown()
