"""Prebuilt statements straight to SQLite's driver: what SQLAlchemy adds to an execution costs more than a read itself.

SQLAlchemy still builds and compiles them, once. What it must see at each execution (lists in IN, defaults made in
Python) stays with it, and so does every other database.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import starmap
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import BindParameter, Boolean, Dialect, Executable
from sqlalchemy.types import TypeEngine

from haneul.kernel.clock import from_microseconds
from haneul.kernel.db.types import Json, Time

R = TypeVar("R")
Converter = Callable[[Any], Any]

# What SQLAlchemy's processors come to for values that aren't NULL, with fewer calls.
READ: dict[type, Converter] = {Boolean: bool, Time: from_microseconds, Json: msgspec.json.Decoder().decode}


class Direct:
    """One statement for SQLite's driver: its text, and what goes in and comes out."""

    __slots__ = ("_defaults", "_names", "_read", "_write", "text")

    def __init__(self, compiled: Any, read: Sequence[tuple[int, Converter]]) -> None:
        dialect = compiled.dialect
        self.text: str = str(compiled)
        self._names: tuple[str, ...] = tuple(compiled.positiontup or ())
        binds: dict[str, BindParameter[Any]] = compiled.binds
        self._defaults = {name: bind.value for name, bind in binds.items() if not bind.required}
        written = [(index, _written(binds[name].type, dialect)) for index, name in enumerate(self._names)]
        self._write = [(index, convert) for index, convert in written if convert is not None]
        self._read = read

    def values(self, parameters: dict[str, Any]) -> list[Any]:
        """The parameters as the driver takes them; KeyError if one is missing."""
        given = {**self._defaults, **parameters} if self._defaults else parameters
        values = [given[name] for name in self._names]
        for index, convert in self._write:
            values[index] = convert(values[index])
        return values

    def rows(self, make: Callable[..., R], found: Sequence[Sequence[Any]]) -> list[R]:
        """What the driver has found, each row made into a struct: column by column, so that no step in Python is taken
        for each row but where a type wants one."""
        if not self._read or not found:
            return list(starmap(make, found))
        columns: list[Iterable[Any]] = list(zip(*found, strict=True))
        for index, convert in self._read:
            columns[index] = [None if value is None else convert(value) for value in columns[index]]
        return list(map(make, *columns))

    def row(self, found: Sequence[Any]) -> Sequence[Any]:
        """What the driver has found as the statement's types have it."""
        if not self._read:
            return found
        values = list(found)
        for index, convert in self._read:
            value = values[index]
            if value is not None:
                values[index] = convert(value)
        return values


def direct_of(statement: Executable, dialect: Dialect, columns: Sequence[str] | None = None) -> Direct | None:
    """The statement for the driver itself; None if SQLAlchemy is needed at each execution.

    `columns` are those that an insert gives values to.
    """
    compiled: Any = statement.compile(dialect=dialect, column_keys=columns)  # type: ignore[attr-defined]
    special = compiled.post_compile_params or compiled.literal_execute_params
    made_here = getattr(compiled, "insert_prefetch", ()) or getattr(compiled, "update_prefetch", ())
    columns_found = getattr(statement, "selected_columns", ())
    if special or made_here or any(bind.callable or bind.expanding for bind in compiled.binds.values()):
        return None
    read = [(index, _read(column.type, dialect)) for index, column in enumerate(columns_found)]
    return Direct(compiled, [(index, convert) for index, convert in read if convert is not None])


class Directs:
    """Statements that have been run often enough to be worth compiling, and what they came to."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Executable, dict[tuple[str, ...], Direct | None]] = WeakKeyDictionary()

    def of(self, statement: Executable, dialect: Dialect, columns: tuple[str, ...] = ()) -> Direct | None:
        """The statement for the driver itself, from its second use on; None where SQLAlchemy has to run it."""
        forms = self._kept.get(statement)
        if forms is None:
            # One that is built for one use is gone before it comes here again.
            self._kept[statement] = {}
            return None
        if columns not in forms:
            forms[columns] = direct_of(statement, dialect, columns or None)
        return forms[columns]


directs = Directs()


def _read(kind: TypeEngine[Any], dialect: Dialect) -> Converter | None:
    known = READ.get(type(kind))
    return known or kind.dialect_impl(dialect).result_processor(dialect, None)


def _written(kind: TypeEngine[Any], dialect: Dialect) -> Converter | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)
