"""SQLite's one writer: bodies that wait together share one commit, each behind a savepoint of its own."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from haneul.kernel.db.transaction import Db
from haneul.kernel.errors import Unavailable

T = TypeVar("T")
GROUP_MAX = 64
BUSY_ATTEMPTS = 5

log = logging.getLogger("haneul.kernel.db")


class _Job:
    __slots__ = ("body", "db", "future", "result")

    def __init__(self, body: Callable[[Db], Any]) -> None:
        self.body = body
        self.future: Future[Any] = Future()
        self.db: Db | None = None
        self.result: Any = None


class Writer:
    """A thread that owns all writing of one SQLite file."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="db-writer", daemon=True)
        self._started = self._closed = False
        self._lock = threading.Lock()

    def submit(self, body: Callable[[Db], T]) -> "Future[T]":
        """Queue a body; the future answers once it is durable."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("A transaction can't wait for another one from inside itself.")
        job = _Job(body)
        with self._lock:
            if self._closed:
                raise Unavailable("The database is being closed.")
            if not self._started:
                self._thread.start()
                self._started = True
            self._jobs.put(job)
        return job.future

    def close(self) -> None:
        """Finish what was submitted and take nothing more."""
        with self._lock:
            self._closed = True
            self._jobs.put(None)
        if self._started:
            self._thread.join()

    def _work(self) -> None:
        connection: Connection | None = None
        closing = False
        while not closing and (job := self._jobs.get()) is not None:
            group = [job]
            closing = self._gather(group)
            try:
                connection = connection or self._engine.connect()
                self._commit_together(connection, group)
            except Exception as error:
                # Without its thread the cloud would live on and never write again.
                log.exception("the connection that writes has failed; the next write gets a new one")
                _drop(connection)
                connection = None
                for waiting in group:
                    if not waiting.future.done():
                        waiting.future.set_exception(error)
        if connection is not None:
            connection.close()

    def _gather(self, group: list[_Job]) -> bool:
        """Take whatever else waits; whether the end was among it."""
        while len(group) < GROUP_MAX:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return False
            if job is None:
                return True
            group.append(job)
        return False

    def _commit_together(self, connection: Connection, group: list[_Job]) -> None:
        driver: Any = connection.connection.dbapi_connection
        try:
            _begin(driver)
            good = [job for job in group if _run_one(driver, connection, job)]
            driver.execute("COMMIT")
        except Exception as error:
            if driver.in_transaction:
                driver.execute("ROLLBACK")
            self._after_failed_commit(connection, group, error)
            return
        for job in good:
            assert job.db is not None
            run_after_commit(job.db)
            job.future.set_result(job.result)

    def _after_failed_commit(self, connection: Connection, group: list[_Job], error: Exception) -> None:
        """A commit of several failed: run each alone, so that one bad body spoils no other."""
        waiting = [job for job in group if not job.future.done()]
        if len(waiting) > 1:
            for job in waiting:
                self._commit_together(connection, [job])
        elif waiting:
            waiting[0].future.set_exception(error)


def _drop(connection: Connection | None) -> None:
    if connection is not None:
        with suppress(Exception):
            connection.invalidate()
            connection.close()


def _begin(driver: Any) -> None:
    """Take the write lock; another process (a backup, the command line) may hold it for a moment."""
    for attempt in range(BUSY_ATTEMPTS):
        try:
            driver.execute("BEGIN IMMEDIATE")
            return
        except Exception as error:
            if "locked" not in str(error) or attempt == BUSY_ATTEMPTS - 1:
                raise
            time.sleep(0.05)


def _run_one(driver: Any, connection: Connection, job: _Job) -> bool:
    if job.future.done() or not (job.future.running() or job.future.set_running_or_notify_cancel()):
        return False
    job.db = Db(connection, driver)
    driver.execute("SAVEPOINT body")
    try:
        job.result = job.body(job.db)
    except BaseException as error:
        driver.execute("ROLLBACK TO body")
        driver.execute("RELEASE body")
        job.future.set_exception(error)
        return False
    driver.execute("RELEASE body")
    return True


def run_after_commit(db: Db) -> None:
    """Call what a committed body asked to be called; what fails is logged, since the commit stands."""
    for function in db.take_after_commit():
        try:
            function()
        except Exception:
            log.exception("a function to run after commit failed")
