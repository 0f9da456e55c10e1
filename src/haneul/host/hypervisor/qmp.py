"""A synchronous face of QEMU's monitor: one event loop in one background thread serves every connection."""

import asyncio
import logging
import os
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import CancelledError
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from qemu.qmp import ExecuteError, QMPClient, QMPError

# The library logs as an error what it raises as well; whether a failed connection is one is for our callers to say.
logging.getLogger("qemu.qmp").setLevel(logging.CRITICAL)

T = TypeVar("T")
CLOSE_S = 2.0
GIVE_S = 10.0

_loop: asyncio.AbstractEventLoop | None = None
_loop_lock = threading.Lock()


class MonitorFailed(Exception):
    """The monitor could not be reached, did not answer in time or refused; the message is a sentence."""


class Monitor:
    """A connection to one guest's monitor. QEMU serves one at a time, so hold it for as short as you can."""

    def __init__(self, client: QMPClient, path: Path) -> None:
        self._client = client
        self._path = path

    @classmethod
    def connect(cls, path: Path, timeout_s: float) -> Self:
        """Greet the monitor behind a unix socket; MonitorFailed if nobody greets back within `timeout_s`."""
        client = QMPClient(path.parent.name)
        _wait(_greet(client, path), timeout_s, f"The monitor {path} can't be reached")
        return cls(client, path)

    def execute(self, command: str, arguments: Mapping[str, object] | None = None, timeout_s: float = 10.0) -> Any:
        """Run one QMP command and give its `return`; MonitorFailed with QEMU's own words if it refuses."""
        given = dict(arguments) if arguments else None
        return _wait(self._client.execute(command, given), timeout_s, f"The monitor command {command} failed")

    def give_descriptor(self, name: str, descriptor: int) -> None:
        """Give QEMU an open file, under a name by which later commands know it."""
        _wait(self._give(name, descriptor), GIVE_S, "A file could not be given to QEMU")

    async def _give(self, name: str, descriptor: int) -> None:
        self._client.send_fd_scm(descriptor)
        await self._client.execute("getfd", {"fdname": name})

    def wait_event(self, name: str, timeout_s: float) -> Mapping[str, Any]:
        """The next event of that name since we connected; MonitorFailed if none comes within `timeout_s`."""
        return _wait(self._next(name), timeout_s, f"No {name} came from {self._path}")

    async def _next(self, name: str) -> Mapping[str, Any]:
        async for event in self._client.events:
            if event["event"] == name:
                return event
        raise EOFError("the events ended")

    def close(self) -> None:
        """Hang up. The guest doesn't notice, and a monitor that is already gone is as good as closed."""
        try:
            _wait(self._client.disconnect(), CLOSE_S, "")
        except MonitorFailed:
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _running_loop() -> asyncio.AbstractEventLoop:
    global _loop
    with _loop_lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="qmp", daemon=True).start()
        return _loop


async def _greet(client: QMPClient, path: Path) -> None:
    # A socket's address holds 107 bytes and a folder's path may be longer: go by way of the folder's descriptor.
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        await client.connect(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)


def _wait(awaited: Coroutine[Any, Any, T], timeout_s: float, failing: str) -> T:
    future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(awaited, timeout_s), _running_loop())
    try:
        return future.result()
    except (TimeoutError, CancelledError):
        raise MonitorFailed(f"{failing}: there was no answer within {timeout_s:g} seconds.") from None
    except ExecuteError as error:
        raise MonitorFailed(f"{failing}: {error}.") from None
    except (QMPError, OSError, EOFError) as error:
        raise MonitorFailed(f"{failing}: {str(error).rstrip('.') or type(error).__name__}.") from None
