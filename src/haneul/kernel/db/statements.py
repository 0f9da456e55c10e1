"""Statements prebuilt at module level: building one per call costs more than running it."""

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import Dialect, Executable, Select, Table, bindparam, delete, insert, select, update
from sqlalchemy.sql.dml import Insert, Update

from haneul.kernel.db.direct import Direct, direct_of
from haneul.kernel.db.tables import Row

R = TypeVar("R", bound=Row)


class Query(Generic[R]):
    """A select whose rows become structs: `BY_ID = Query(Project, select(projects).where(...bindparam("id")))`."""

    __slots__ = ("_direct", "_uses", "row", "statement")

    def __init__(self, row: type[R], statement: Select[Any]) -> None:
        self.row = row
        self.statement = statement
        self._direct: Direct | None = None
        self._uses = 0

    def direct(self, dialect: Dialect) -> Direct | None:
        """The query for SQLite's driver itself, from its second use on; None where SQLAlchemy has to run it."""
        if self._uses < 2:
            # A query that is built for one use is not worth compiling: SQLAlchemy knows its like.
            self._uses += 1
            if self._uses == 2:
                self._direct = direct_of(self.statement, dialect)
        return self._direct


def by(row: type[R], table: Table, *columns: str) -> Query[R]:
    """The query for rows whose columns equal parameters of the same names."""
    return Query(row, columns_of(row, table).where(*(table.c[name] == bindparam(name) for name in columns)))


def columns_of(row: type[R], table: Table) -> Select[Any]:
    """Select just what the row struct holds, in its order."""
    return select(*(table.c[field.encode_name] for field in msgspec.structs.fields(row)))


def _insert_missing(table: Table, dialect: str) -> Executable:
    """An insert that leaves an equal row as it is, in each database's words."""
    # Imported here, since a start on one database needs no other's dialect.
    match dialect:
        case "sqlite":
            from sqlalchemy.dialects import sqlite

            return sqlite.insert(table).on_conflict_do_nothing()
        case "postgresql":
            from sqlalchemy.dialects import postgresql

            return postgresql.insert(table).on_conflict_do_nothing()
    return insert(table).prefix_with("IGNORE")


class _Prepared:
    """Insert, update and delete statements, one per table and set of columns; there are as many as call sites."""

    def __init__(self) -> None:
        self.inserts: dict[Table, Insert] = {}
        self.missing: dict[tuple[Table, str], Executable] = {}
        self.updates: dict[tuple[Table, tuple[str, ...], tuple[str, ...]], Update] = {}
        self.deletes: dict[tuple[Table, tuple[str, ...]], Executable] = {}

    def insert(self, table: Table) -> Insert:
        found = self.inserts.get(table)
        if found is None:
            found = self.inserts[table] = insert(table)
        return found

    def insert_missing(self, table: Table, dialect: str) -> Executable:
        found = self.missing.get((table, dialect))
        if found is None:
            found = self.missing[table, dialect] = _insert_missing(table, dialect)
        return found

    def update(self, table: Table, where: Iterable[str], values: Iterable[str]) -> Update:
        key = (table, tuple(where), tuple(values))
        found = self.updates.get(key)
        if found is None:
            found = update(table).where(*(table.c[name] == bindparam(f"where_{name}") for name in key[1]))
            found = self.updates[key] = found.values({name: bindparam(f"set_{name}") for name in key[2]})
        return found

    def delete(self, table: Table, where: Iterable[str]) -> Executable:
        key = (table, tuple(where))
        found = self.deletes.get(key)
        if found is None:
            found = delete(table).where(*(table.c[name] == bindparam(f"where_{name}") for name in key[1]))
            self.deletes[key] = found
        return found


prepared = _Prepared()
