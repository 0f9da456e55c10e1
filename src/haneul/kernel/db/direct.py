"""Prebuilt statements straight to SQLite's driver: what SQLAlchemy adds to an execution costs more than a read itself.

SQLAlchemy still builds and compiles them, once. What it must see at each execution (lists in IN, defaults made in
Python) stays with it, and so does every other database.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import BindParameter, Boolean, Dialect, Executable
from sqlalchemy.types import TypeEngine

from haneul.kernel.clock import from_microseconds
from haneul.kernel.db.types import Json, Time

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


def direct_of(statement: Executable, dialect: Dialect) -> Direct | None:
    """The statement for the driver itself; None if SQLAlchemy is needed at each execution."""
    compiled: Any = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
    columns = getattr(statement, "selected_columns", ())
    special = compiled.post_compile_params or compiled.literal_execute_params
    if special or any(bind.callable or bind.expanding for bind in compiled.binds.values()):
        return None
    read = [(index, _read(column.type, dialect)) for index, column in enumerate(columns)]
    return Direct(compiled, [(index, convert) for index, convert in read if convert is not None])


def _read(kind: TypeEngine[Any], dialect: Dialect) -> Converter | None:
    known = READ.get(type(kind))
    return known or kind.dialect_impl(dialect).result_processor(dialect, None)


def _written(kind: TypeEngine[Any], dialect: Dialect) -> Converter | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)
