"""SQLAlchemy engines, set up alike for every thread that uses them."""

from functools import partial
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.pool import QueuePool

BUSY_MS = 10_000
RETRYABLE_MYSQL = {1205, 1213, 1020, 1047, 2006, 2013}
RETRYABLE_SQLSTATES = {"40001", "40P01", "55P03"}
FOREIGN_KEY_MYSQL = {1451, 1452}
FOREIGN_KEY_SQLSTATE = "23503"
FORBID_WRITES = {
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
}


def open_engine(url: str, *, connections: int, only_reads: bool = False) -> Engine:
    """An engine for `sqlite:///PATH`, `mysql+mysqldb://...` or `postgresql+psycopg://...`.

    One that `only_reads` begins and ends no transactions: each statement sees what is committed, as it would in one.
    """
    if url.startswith("sqlite"):
        return _sqlite(url, connections)
    if url.startswith("postgresql:"):
        url = url.replace("postgresql:", "postgresql+psycopg:", 1)
    if url.startswith(("mysql:", "mariadb:")):
        url = "mysql+mysqldb:" + url.split(":", 1)[1]
    # Errors go to the log with their statement, but not with values: rows hold hashes of passwords.
    options: dict[str, Any] = {"isolation_level": "READ COMMITTED", "hide_parameters": True}
    if only_reads:
        options |= {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
    if url.startswith("mysql"):
        options["connect_args"] = {"charset": "utf8mb4"}
    # No connection is asked beforehand whether it still lives: a body that meets a dead one runs again on another.
    engine = create_engine(url, pool_size=connections, max_overflow=4, pool_recycle=3600, **options)
    if only_reads:
        event.listen(engine, "connect", partial(_forbid_writes, FORBID_WRITES[engine.dialect.name]))
    return engine


def _forbid_writes(statement: str, connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(statement)
    cursor.close()
    connection.commit()


def _sqlite(url: str, connections: int) -> Engine:
    # The driver's own transaction control is switched off: `store` says BEGIN and COMMIT itself, so that it can
    # group many bodies into one commit.
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=4,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000, "cached_statements": 512},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA cache_size=-8000")
        # Rows that lie all over a large file cost as much as those that lie together once no page has to be copied.
        cursor.execute("PRAGMA mmap_size=268435456")
        cursor.execute("PRAGMA temp_store=MEMORY")
        cursor.close()

    return engine


def is_outrun(error: DBAPIError) -> bool:
    """Whether a row that others refer to went, or began to be referred to, after the body had looked."""
    arguments: tuple[Any, ...] = getattr(error.orig, "args", ())
    return getattr(error.orig, "sqlstate", None) == FOREIGN_KEY_SQLSTATE or (
        isinstance(error, IntegrityError) and bool(arguments) and arguments[0] in FOREIGN_KEY_MYSQL
    )


def is_retryable(error: DBAPIError) -> bool:
    """Whether the same body, run again in a new transaction, may succeed."""
    original = error.orig
    if error.connection_invalidated:
        return True
    if getattr(original, "sqlstate", None) in RETRYABLE_SQLSTATES:
        return True
    arguments = getattr(original, "args", ())
    if isinstance(error, OperationalError) and arguments:
        return arguments[0] in RETRYABLE_MYSQL or "database is locked" in str(arguments[0])
    return False
