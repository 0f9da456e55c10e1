"""One open transaction: what logic gets as `db`. Logic never commits."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Executable, Table
from sqlalchemy.exc import IntegrityError

from haneul.kernel.auth import NOBODY, Origin
from haneul.kernel.db.direct import Direct, directs
from haneul.kernel.db.engines import is_outrun
from haneul.kernel.db.statements import Query, R, prepared
from haneul.kernel.db.tables import Row
from haneul.kernel.errors import Conflict

T = TypeVar("T")


class Outrun(Exception):
    """A row that this transaction has read was deleted by another one in the meantime: the body has to run again."""


class Db:
    """Reads and writes of one transaction; its body may be run again whole, so it must have no effect elsewhere.

    `driver` is SQLite's own connection under this one, for what needs no more than that. `origin` is who asked.
    """

    __slots__ = ("_after_commit", "_driver", "connection", "origin")

    def __init__(self, connection: Connection, driver: Any = None) -> None:
        self.connection = connection
        self._driver = driver
        self.origin: Origin = NOBODY
        self._after_commit: list[Callable[[], None]] = []

    def one(self, query: Query[R], **parameters: Any) -> R | None:
        """The first row, or None."""
        direct = self._direct(query)
        if direct is not None and (cursor := self._ran(direct, parameters)) is not None:
            row = cursor.fetchone()
            return None if row is None else query.row(*direct.row(row))
        found = self.connection.execute(query.statement, parameters).first()
        return None if found is None else query.row(*found)

    def all(self, query: Query[R], **parameters: Any) -> list[R]:
        direct = self._direct(query)
        if direct is not None and (cursor := self._ran(direct, parameters)) is not None:
            return direct.rows(query.row, cursor.fetchall())
        return [query.row(*found) for found in self.connection.execute(query.statement, parameters)]

    def value(self, statement: Executable, **parameters: Any) -> Any:
        """The first column of the first row, or None."""
        direct = self._fast(statement)
        if direct is not None and (cursor := self._ran(direct, parameters)) is not None:
            row = cursor.fetchone()
            return None if row is None else direct.row(row)[0]
        return self.connection.execute(statement, parameters).scalar()

    def _direct(self, query: Query[R]) -> Direct | None:
        return None if self._driver is None else query.direct(self.connection.dialect)

    def _fast(self, statement: Executable, columns: tuple[str, ...] = ()) -> Direct | None:
        return None if self._driver is None else directs.of(statement, self.connection.dialect, columns)

    def _ran(self, direct: Direct, parameters: dict[str, Any]) -> Any:
        """The driver's cursor; None where it has refused.

        That has changed nothing: SQLAlchemy does it again, and raises what everyone expects.
        """
        try:
            return self._driver.execute(direct.text, direct.values(parameters))
        except Exception:
            return None

    def tuples(self, statement: Executable, **parameters: Any) -> Sequence[Any]:
        """Rows with their columns as names, for what is no struct."""
        return self.connection.execute(statement, parameters).all()

    def run(self, statement: Executable, **parameters: Any) -> int:
        """Run a write; how many rows it met."""
        direct = self._fast(statement)
        if direct is not None and (cursor := self._ran(direct, parameters)) is not None:
            return int(cursor.rowcount)
        return self.connection.execute(statement, parameters).rowcount

    def insert(self, table: Table, row: R) -> R:
        values = fields(row)
        statement = prepared.insert(table)
        direct = self._fast(statement, tuple(values))
        if direct is None or self._ran(direct, values) is None:
            self.connection.execute(statement, values)
        return row

    def insert_missing(self, table: Table, row: Row) -> None:
        """Insert a row unless one with its key is there: of two that do so at once, neither fails."""
        self.connection.execute(prepared.insert_missing(table, self.connection.dialect.name), fields(row))

    def insert_all(self, table: Table, rows: Sequence[Row]) -> None:
        if rows:
            self.connection.execute(prepared.insert(table), [fields(row) for row in rows])

    def insert_numbered(self, table: Table, **values: Any) -> int:
        """Insert a row whose key the database counts up; the key."""
        statement = prepared.insert(table)
        direct = self._fast(statement, tuple(values))
        if direct is not None and (cursor := self._ran(direct, values)) is not None:
            return int(cursor.lastrowid)
        key = self.connection.execute(statement, values).inserted_primary_key
        assert key is not None
        return int(key[0])

    def update(self, table: Table, where: dict[str, Any], **values: Any) -> int:
        """Set values where columns equal; how many rows matched. With the old state in `where`: a compare-and-swap."""
        statement = prepared.update(table, where, values)
        parameters = {f"where_{name}": value for name, value in where.items()}
        parameters.update((f"set_{name}", value) for name, value in values.items())
        return self.run(statement, **parameters)

    def delete(self, table: Table, **where: Any) -> int:
        statement = prepared.delete(table, where)
        return self.run(statement, **{f"where_{name}": value for name, value in where.items()})

    def after_commit(self, function: Callable[[], None]) -> None:
        """Call the function once this transaction is durable; never if it is not."""
        self._after_commit.append(function)

    def take_after_commit(self) -> list[Callable[[], None]]:
        taken, self._after_commit = self._after_commit, []
        return taken


def fields(struct: msgspec.Struct) -> dict[str, Any]:
    """The struct's fields by name, unset ones left out."""
    return {key: value for key, value in msgspec.structs.asdict(struct).items() if value is not msgspec.UNSET}


@contextmanager
def unique(template: str, wanted: object = None, **values: Any) -> Iterator[None]:
    """Turn the database's refusal of a second equal row into a Conflict with this sentence.

    Named values come from `wanted`'s fields and the keywords.
    """
    try:
        yield
    except IntegrityError as refused:
        if is_outrun(refused):
            raise
        named = fields(wanted) if isinstance(wanted, msgspec.Struct) else {}
        raise Conflict(template, **{**named, **values}) from refused
