"""SIGTERM and SIGINT for a process that waits to be told to end."""

import os
import select
import signal
from types import FrameType


class StopSignal:
    """Set for good by the first signal. A pipe, since a second signal may interrupt the handler of the first: an Event
    would then wait for its own lock."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._heard)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the signal; whether it came."""
        return bool(select.select([self._reader], [], [], timeout_s)[0])

    def _heard(self, _number: int, _frame: FrameType | None) -> None:
        try:
            os.write(self._writer, b".")
        except BlockingIOError:
            return
