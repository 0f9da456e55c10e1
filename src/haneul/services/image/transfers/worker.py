"""Moves bytes for operations, in threads of its own: what a dead process was moving is begun again by another."""

import threading
import time
import uuid
from collections.abc import Mapping
from functools import partial

from haneul.kernel import log
from haneul.kernel.db import Store
from haneul.services.image.transfers import logic
from haneul.services.image.transfers.job import Ground, Job, Kind, LaneName
from haneul.services.image.transfers.logic import Share
from haneul.services.image.transfers.making import Making
from haneul.services.image.transfers.models import Transfer

POLL_S = 2.0
TELL_EVERY_S = 2.0
STOP_S = 2.0
# How many at once, and how many of one project: who names servers that never come to an end delays his own alone.
ROOMS: Mapping[LaneName, tuple[int, int]] = {"local": (2, 2), "hosts": (4, 4), "elsewhere": (16, 6)}


class Transfers:
    """The lanes of one process: what goes only as fast as somebody else likes has its own."""

    def __init__(self, store: Store, ground: Ground, kinds: Mapping[str, Kind]) -> None:
        self._store = store
        self._stopping = threading.Event()
        self._running: dict[str, Job] = {}
        self._lanes = [Lane(ground, _of(kinds, name), room, self._running) for name, room in ROOMS.items()]
        self._teller = threading.Thread(target=self._tell, name="transfers-tell", daemon=True)

    def start(self) -> None:
        if self._store.is_sqlite:
            self._store.write(logic.take_over_all)
        logic.news.wake_by(self._store.engine, self._look)
        for lane in self._lanes:
            lane.start()
        self._teller.start()

    def stop(self) -> None:
        """End without waiting for bytes: a transfer that runs is begun again at the next start."""
        self._stopping.set()
        for lane in self._lanes:
            lane.end()
        for job in list(self._running.values()):
            job.is_unwanted = True
        for lane in self._lanes:
            lane.join()

    def _look(self) -> None:
        for lane in self._lanes:
            lane.look()

    def _tell(self) -> None:
        while not self._stopping.wait(TELL_EVERY_S):
            for job in list(self._running.values()):
                try:
                    job.tell()
                except Exception:
                    log.failure("a transfer's lease could not be renewed", image_id=job.transfer.image_id)


def _of(kinds: Mapping[str, Kind], lane: LaneName) -> Mapping[str, Kind]:
    return {name: kind for name, kind in kinds.items() if kind.lane == lane}


class Lane:
    """Transfers of some kinds, so many at once: each in a thread that ends with it."""

    def __init__(
        self, ground: Ground, kinds: Mapping[str, Kind], room: tuple[int, int], running: dict[str, Job]
    ) -> None:
        self._ground, self._kinds, self._running = ground, kinds, running
        at_once, of_project = room
        self._share = Share(list(kinds), of_project)
        self._at_once, self._free = at_once, threading.Semaphore(at_once)
        self._news, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="transfers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def look(self) -> None:
        """There may be something to do."""
        self._news.set()

    def end(self) -> None:
        """Begin nothing more."""
        self._stopping.set()
        self._news.set()

    def join(self) -> None:
        """Wait a little for what runs to notice."""
        end = time.monotonic() + STOP_S
        self._thread.join(STOP_S)
        for _ in range(self._at_once):
            self._free.acquire(timeout=max(0.0, end - time.monotonic()))

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._news.wait(POLL_S)
            self._news.clear()
            try:
                while not self._stopping.is_set() and self._begin_one():
                    pass
            except Exception:
                log.failure("transfers could not be made")

    def _begin_one(self) -> bool:
        """Begin the oldest transfer that waits, if another may run now; whether there was one."""
        if not self._free.acquire(blocking=False):
            return False
        transfer = None
        try:
            transfer = self._leased()
            if transfer is not None:
                threading.Thread(target=self._make, args=(transfer,), name="transfer", daemon=True).start()
        finally:
            if transfer is None:
                self._free.release()
        return transfer is not None

    def _leased(self) -> Transfer | None:
        store = self._ground.store
        # What nobody may take is only looked at, so that an idle cloud writes nothing.
        if not store.read(partial(logic.is_due, share=self._share)):
            return None
        # An owner for each lease: SQLite gives the number of a transfer that was forgotten to another one.
        return store.write(partial(logic.lease, owner=uuid.uuid4().hex, share=self._share))

    def _make(self, transfer: Transfer) -> None:
        try:
            Making(self._ground, transfer, self._kinds[transfer.kind], self._running).run()
        except Exception:
            log.failure("a transfer could not be made", image_id=transfer.image_id, kind=transfer.kind)
        finally:
            self._free.release()
            self.look()
