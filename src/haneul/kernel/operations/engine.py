"""Runs operations: leases one, does a step per transaction, parks, undoes, and takes over what a dead process left."""

import queue
import threading
import uuid
from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from haneul.kernel import log
from haneul.kernel.clock import now
from haneul.kernel.db import Db, Store
from haneul.kernel.operations import logic
from haneul.kernel.operations.models import UNFINISHED, operations
from haneul.kernel.operations.steps import Operation, Parked
from haneul.kernel.operations.turn import Gone, Turn

LEASE_S = 30.0
POLL_S = 1.0
WORKERS = 4


class Engine:
    """The workers of one process. Several processes share the work through leases in the database."""

    def __init__(self, store: Store, known: Iterable[type[Operation]]) -> None:
        self._store = store
        self._known = {operation.name: operation for operation in known}
        self._owner = uuid.uuid4().hex
        self._ready: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._busy: dict[int, bool] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"operations-{index}", daemon=True) for index in range(WORKERS)
        ]
        self._poller = threading.Thread(target=self._poll, name="operations-poll", daemon=True)

    def start(self) -> None:
        logic.tell_engine(self.nudge)
        for thread in (*self._threads, self._poller):
            thread.start()

    def stop(self) -> None:
        """End after the steps that run now; everything else goes on at the next start."""
        self._stopping.set()
        for _ in self._threads:
            self._ready.put(None)
        for thread in self._threads:
            thread.join(10)

    def nudge(self, number: int) -> None:
        """Run this operation soon, or again if it runs at this moment."""
        with self._lock:
            if number in self._busy:
                self._busy[number] = True
                return
            self._busy[number] = False
        self._ready.put(number)

    def _work(self) -> None:
        while (number := self._ready.get()) is not None:
            again = True
            while again and not self._stopping.is_set():
                try:
                    self._advance(number)
                except Exception:
                    log.failure("operation could not be advanced", operation_id=number)
                with self._lock:
                    again = self._busy[number]
                    self._busy[number] = False
                    if not again:
                        del self._busy[number]

    def _advance(self, number: int) -> None:
        """Run the operation's steps until it ends, waits, or turns out to be another's."""
        log.operation_id.set(str(number))
        epoch = 0
        while not self._stopping.is_set():
            turn = Turn(self._known, number, self._owner, epoch, LEASE_S)
            try:
                more = self._store.write(turn.run)
            except Gone:
                return
            except Parked as parked:
                more = self._store.write(partial(turn.park, check_after_s=parked.check_after_s))
            except Exception as error:
                turn.log_failure(error)
                more = self._store.write(partial(turn.break_off, error=error))
            epoch = turn.epoch
            turn.reached()
            if not more:
                self._nudge_following(turn)
                return

    def _nudge_following(self, turn: Turn) -> None:
        """An operation that ended may have kept a later one of its resource waiting."""
        if turn.has_ended:
            for number in self._store.read(lambda db: logic.unfinished(db, turn.resource_id)):
                self.nudge(number)

    def _poll(self) -> None:
        while not self._stopping.wait(POLL_S):
            try:
                for number in self._store.read(_due):
                    self.nudge(number)
            except Exception:
                log.failure("operations could not be polled")


def _due(db: Db) -> list[int]:
    return [row[0] for row in db.tuples(logic.DUE, moment=now())]


def release_leases_of(db: Db, owner: str) -> int:
    """Give back what a process that ended had leased."""
    count = 0
    for state in UNFINISHED:
        count += db.update(operations, {"lease_owner": owner, "state": state}, lease_until=now() - timedelta(seconds=1))
    return count
