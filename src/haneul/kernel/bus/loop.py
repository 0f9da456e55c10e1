"""The background thread on which a bus does its I/O."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """An asyncio loop of its own in a daemon thread, driven from plain synchronous code."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether the thread has been started and not yet stopped."""
        return self._thread.is_alive()

    def refuse_own_thread(self, what: str) -> None:
        """RuntimeError if the caller is on the loop's thread, where waiting would wait for itself for ever."""
        if threading.current_thread() is self._thread:
            raise RuntimeError(
                f"{what} was used on the bus's own loop thread, where it would wait for itself; use another thread."
            )

    def run(self, work: Coroutine[Any, Any, T], timeout_s: float) -> T:
        """Run a coroutine on the loop and wait for its result; TimeoutError if that takes longer."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout_s)

    def begin(self, work: "Coroutine[Any, Any, T]") -> "Future[T]":
        """Run a coroutine on the loop; its result comes to a future. RuntimeError if the loop has been closed."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def later(self, delay_s: float, function: Callable[..., object], *values: Any) -> asyncio.TimerHandle:
        """Have the loop call a function after a while; only for who is on the loop's thread."""
        return self._loop.call_later(delay_s, function, *values)

    def soon(self, function: Callable[..., object], *values: Any) -> None:
        """Have the loop call a function; nothing happens if the loop has been stopped."""
        try:
            self._loop.call_soon_threadsafe(function, *values)
        except RuntimeError:
            if not self._loop.is_closed():
                raise

    def stop(self) -> None:
        """Cancel what still runs on the loop, end the thread and wait for its end."""
        if self.running:
            self.soon(self._loop.stop)
            self._thread.join()
        elif not self._loop.is_closed():
            self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._cancel_rest()
            self._loop.close()

    def _cancel_rest(self) -> None:
        rest = asyncio.all_tasks(self._loop)
        for task in rest:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
