"""A column's value among many given ones, in a form that is compiled once.

SQLAlchemy writes a list in IN out anew at each execution, which costs more than finding the rows. SQLite takes the list
as one value, JSON; other databases get it as they are used to.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Boolean, Column, ColumnElement, String, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import TypeDecorator


class _AsJson(TypeDecorator[Sequence[Any]]):
    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return msgspec.json.encode(list(value)).decode()


class _Among(ColumnElement[bool]):
    __visit_name__ = "among"
    inherit_cache = True
    _traverse_internals = [
        ("column", InternalTraversal.dp_clauseelement),
        ("listed", InternalTraversal.dp_clauseelement),
        ("as_json", InternalTraversal.dp_clauseelement),
    ]
    type = Boolean()
    # A condition as it stands: with `= 1` behind it no index would serve.
    _is_implicitly_boolean = True

    def __init__(self, column: Column[Any], name: str) -> None:
        self.column = column
        self.listed = bindparam(name, expanding=True, type_=column.type)
        self.as_json = bindparam(name, type_=_AsJson())


def among(column: Column[Any], name: str) -> ColumnElement[bool]:
    """Whether the column is one of the texts or numbers in the list that the parameter of this name holds."""
    return _Among(column, name)


@compiles(_Among)
def _as_list(element: _Among, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.column.in_(element.listed), **options))


@compiles(_Among, "sqlite")
def _as_json(element: _Among, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in (element.column, element.as_json))
    return f"{column} IN (SELECT value FROM json_each({values}))"
