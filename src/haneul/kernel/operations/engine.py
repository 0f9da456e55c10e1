"""Runs operations: leases one, does a step per transaction, parks, undoes, and takes over what a dead process left."""

import queue
import threading
import uuid
from collections.abc import Iterable
from functools import partial

from sqlalchemy import update
from sqlalchemy.exc import InterfaceError, OperationalError

from haneul.kernel import log
from haneul.kernel.clock import now
from haneul.kernel.db import Db, Store
from haneul.kernel.errors import DatabaseBusy
from haneul.kernel.operations import logic
from haneul.kernel.operations.logic import EPOCH_START
from haneul.kernel.operations.models import UNFINISHED, operations
from haneul.kernel.operations.steps import Operation, Parked
from haneul.kernel.operations.turn import Gone, Turn

LEASE_S = 10.0
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
        """Begin to work, with what a process that died on this SQLite file left: no other can be using it."""
        if self._store.is_sqlite:
            self._store.write(take_over_all)
        logic.tell_engine(self.nudge)
        for thread in (*self._threads, self._poller):
            thread.start()

    def stop(self) -> None:
        """End after the steps that run now; everything else goes on at the next start."""
        logic.forget_engine(self.nudge)
        self._stopping.set()
        for _ in self._threads:
            self._ready.put(None)
        for thread in self._threads:
            thread.join(10)
        try:
            self._store.write(partial(give_back, owner=self._owner))
        except Exception:
            log.failure("leases could not be given back; they lapse by themselves")

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
        epoch, more = 0, True
        while more and not self._stopping.is_set():
            turn = Turn(self._known, number, self._owner, epoch, LEASE_S)
            try:
                more = self._take_turn(turn)
            except Gone:
                return
            epoch = turn.epoch
            turn.reached()
            if turn.has_ended:
                self._nudge_following(turn)

    def _take_turn(self, turn: Turn) -> bool:
        """One step or undo, or what follows from its failure; whether there is more to do at once."""
        try:
            return self._store.write(turn.run)
        except Gone:
            raise
        except Parked as parked:
            return self._store.write(partial(turn.park, check_after_s=parked.check_after_s))
        except (OperationalError, InterfaceError, DatabaseBusy):
            # The database failed, not the step: it is done again once the lease has lapsed.
            raise
        except Exception as error:
            turn.log_failure(error)
            return self._store.write(partial(turn.break_off, error=error))

    def _nudge_following(self, turn: Turn) -> None:
        """An operation that ended may have kept a later one of its resource waiting."""
        for number in self._store.read(lambda db: logic.unfinished(db, turn.resource_id)):
            self.nudge(number)

    def _poll(self) -> None:
        while not self._stopping.is_set():
            try:
                for number in self._store.read(_due):
                    self.nudge(number)
            except Exception:
                log.failure("operations could not be polled")
            self._stopping.wait(POLL_S)


def _due(db: Db) -> list[int]:
    return [row[0] for row in db.tuples(logic.DUE, moment=now())]


def give_back(db: Db, owner: str) -> None:
    """Let anyone take up what this owner had leased; epochs keep the former one out."""
    leased = (operations.c.lease_until > EPOCH_START) & (operations.c.lease_owner == owner)
    db.run(update(operations).where(operations.c.state.in_(UNFINISHED), leased).values(lease_until=EPOCH_START))


def take_over_all(db: Db) -> None:
    """Make everything due at once: nobody else works on it, and the news that it waits for may have come and gone."""
    due = {"lease_until": EPOCH_START, "retry_at": EPOCH_START}
    db.run(update(operations).where(operations.c.state.in_(UNFINISHED)).values(due))
