"""Readers that are kept open between one part of an image and the next, so that hosts don't connect for each part."""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable

from haneul.services.image.drivers.base import Reader

MOST = 32
IDLE_S = 20.0


class OpenReaders:
    """A few readers, each waiting where its host will go on; those that nobody comes back to are closed."""

    def __init__(self, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        self._waiting: OrderedDict[tuple[Hashable, int, int], tuple[float, Reader]] = OrderedDict()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="image-readers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(10)
        self._close_older(time.monotonic())

    def take(self, what: Hashable, offset: int) -> Reader | None:
        """A reader that stands at this offset; whoever takes it gives it back or closes it."""
        with self._lock:
            for place in self._waiting:
                if place[:2] == (what, offset):
                    return self._waiting.pop(place)[1]
        return None

    def give(self, what: Hashable, offset: int, reader: Reader) -> None:
        """Keep a reader that stands at this offset; where there are too many, the oldest is closed."""
        with self._lock:
            self._waiting[what, offset, id(reader)] = time.monotonic(), reader
            over = self._waiting.popitem(last=False)[1][1] if len(self._waiting) > MOST else None
        if over is not None:
            over.close()

    def __len__(self) -> int:
        return len(self._waiting)

    def _work(self) -> None:
        while not self._stopping.wait(self._idle_s / 2):
            self._close_older(time.monotonic() - self._idle_s)

    def _close_older(self, moment: float) -> None:
        with self._lock:
            old = [place for place, (given_at, _) in self._waiting.items() if given_at <= moment]
            closing = [self._waiting.pop(place)[1] for place in old]
        for reader in closing:
            reader.close()
