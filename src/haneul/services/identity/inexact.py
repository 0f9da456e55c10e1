"""Filters such as `name__contains`: by part of a value, with case or, after an `i`, without. Source: Keystone."""

import glob
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, bindparam, func

from haneul.kernel.db import Db
from haneul.kernel.db.listing import Clause

# Where the rest of the value may be.
SHAPES: Mapping[str, str] = {"contains": "{any}{part}{any}", "startswith": "{part}{any}", "endswith": "{any}{part}"}
MOST_OF_A_KIND = 4


def inexact(db: Db, parameters: Mapping[str, Sequence[str]], columns: Mapping[str, Column[Any]]) -> list[Clause]:
    """The conditions that a query's `COLUMN__HOW` parameters set; a word for how that nobody knows sets none."""
    found: list[Clause] = []
    for key, values in parameters.items():
        name, _, how = key.partition("__")
        shape = SHAPES.get(how.removeprefix("i"))
        if name in columns and shape is not None:
            some = enumerate(values[:MOST_OF_A_KIND])
            found += [_clause(db, columns[name], (how, shape, place), value) for place, value in some]
    return found


def _clause(db: Db, column: Column[Any], how: tuple[str, str, int], value: str) -> Clause:
    word, shape, place = how
    parameter = f"inexact_{column.name}_{word}_{place}"
    if word.startswith("i"):
        pattern = shape.format(any="%", part=_like_escaped(value))
        return Clause(parameter, _insensitive(column, parameter), {parameter: pattern})
    if db.connection.dialect.name == "sqlite":
        # Its LIKE knows no case.
        pattern = shape.format(any="*", part=glob.escape(value))
        return Clause(parameter, lambda: column.op("GLOB")(bindparam(parameter)), {parameter: pattern})
    pattern = shape.format(any="%", part=_like_escaped(value))
    return Clause(parameter, lambda: column.like(bindparam(parameter), escape="\\"), {parameter: pattern})


def _insensitive(column: Column[Any], parameter: str) -> Callable[[], ColumnElement[bool]]:
    return lambda: func.lower(column).like(func.lower(bindparam(parameter)), escape="\\")


def _like_escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
