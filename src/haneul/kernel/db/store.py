"""Where transactions run: SQLite's writes through one thread that groups commits, all else in the caller's thread."""

import logging
import random
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from haneul.kernel.db.engines import is_outrun, is_retryable, open_engine
from haneul.kernel.db.transaction import Db, Outrun
from haneul.kernel.db.writer import Writer, run_after_commit
from haneul.kernel.errors import DatabaseBusy

T = TypeVar("T")
Body = Callable[[Db], T]
ATTEMPTS = 8
READERS = 4
# SQLite's driver gives Python's lock away at each row: two threads that read long lists at once hand it to and fro, and
# each list takes twice the CPU and longer than one after the other.
READERS_ON_SQLITE = 1

log = logging.getLogger("haneul.kernel.db")


class Store:
    """The cloud's one database. `read` and `write` run a body in a transaction; bodies may be run again whole."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.engine = open_engine(url, connections=READERS + 4)
        self._reading = self.engine if self.is_sqlite else open_engine(url, connections=READERS, only_reads=True)
        threads = READERS_ON_SQLITE if self.is_sqlite else READERS
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="db")
        self._writer = Writer(self.engine) if self.is_sqlite else None
        self._inline: Connection | None = None

    @property
    def engines(self) -> tuple[Engine, ...]:
        """Whatever connections of this store may come from."""
        return (self.engine, self._reading)

    def read(self, body: Body[T]) -> T:
        """Run a body that only reads, in this thread; on SQLite on one snapshot, elsewhere on what is committed."""
        if not self.is_sqlite:
            return self._attempt(body, writes=False)
        with self.engine.connect() as connection:
            return _read_sqlite(connection, body)

    def read_inline(self, body: Body[T]) -> T:
        """Like `read`, on a connection kept for the one thread (the event loop's) that calls this."""
        if self._inline is None:
            self._inline = self.engine.connect()
        return _read_sqlite(self._inline, body)

    def write(self, body: Body[T]) -> T:
        """Run a body that writes, and return when it is durable."""
        if self._writer is not None:
            return self._writer.submit(body).result()
        return self._attempt(body, writes=True)

    def submit_read(self, body: Body[T]) -> "Future[T]":
        return self._threads.submit(self.read, body)

    def submit_write(self, body: Body[T]) -> "Future[T]":
        if self._writer is not None:
            return self._writer.submit(body)
        return self._threads.submit(self._attempt, body, writes=True)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._threads.shutdown()
        if self._inline is not None:
            self._inline.close()
        self._reading.dispose()
        self.engine.dispose()

    def _attempt(self, body: Body[T], *, writes: bool) -> T:
        for attempt in range(ATTEMPTS):
            try:
                with (self.engine if writes else self._reading).connect() as connection:
                    db = Db(connection)
                    result = body(db)
                    if writes:
                        connection.commit()
                run_after_commit(db)
                return result
            except (DBAPIError, Outrun) as error:
                if not _may_succeed(error, is_last=attempt == ATTEMPTS - 1):
                    raise
                log.info("transaction retried: %s", type(getattr(error, "orig", error)).__name__)
                time.sleep(random.uniform(0, 0.005 * 2**attempt))
        raise DatabaseBusy("The database is too busy to finish the request; try again.")


def _may_succeed(error: DBAPIError | Outrun, *, is_last: bool) -> bool:
    if isinstance(error, DBAPIError) and is_retryable(error):
        return True
    # Who is outrun sees at the next attempt what the other has done; one who never gets on has a fault of his own.
    return not is_last and (isinstance(error, Outrun) or is_outrun(error))


def _read_sqlite(connection: Connection, body: Body[T]) -> T:
    driver: Any = connection.connection.dbapi_connection
    driver.execute("BEGIN")
    try:
        return body(Db(connection, driver))
    finally:
        # SQLAlchemy rolls back by itself when it can't even make a statement.
        if driver.in_transaction:
            driver.execute("ROLLBACK")
