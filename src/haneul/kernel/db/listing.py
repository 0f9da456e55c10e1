"""Lists that are filtered, sorted and paged by marker, at a cost that does not grow with the page's place."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Generic, Literal

import msgspec
from sqlalchemy import BindParameter, ColumnElement, Select, Table, and_, bindparam, or_, select, tuple_

from haneul.kernel.db.statements import Query, R, columns_of
from haneul.kernel.db.transaction import Db
from haneul.kernel.errors import BadRequest

Direction = Literal["asc", "desc"]
Operator = Literal["eq", "neq", "in", "nin", "lt", "lte", "gt", "gte", "like", "null"]
Filter = ColumnElement[Any] | Callable[[BindParameter[Any]], ColumnElement[bool]]
SHAPES_KEPT = 256
COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": eq,
    "neq": ne,
    "lt": lt,
    "lte": le,
    "gt": gt,
    "gte": ge,
}


class Page(msgspec.Struct, frozen=True):
    """Which part of a list is asked for: at most `limit` rows after the one whose key is `marker`."""

    limit: int | None = None
    marker: str | None = None
    sort: tuple[tuple[str, Direction], ...] = ()


class Where(msgspec.Struct, frozen=True):
    """A filter other than equality; `null` asks for rows that have (False) or lack (True) a value."""

    operator: Operator
    value: Any


class Clause(msgspec.Struct, frozen=True):
    """A condition beside the named filters, for what only the request knows the number of (tags, custom properties).

    `name` tells it from every other clause of the list, since statements are kept by it; `build` makes the condition,
    whose bound parameters get `values`.
    """

    name: str
    build: Callable[[], ColumnElement[bool]]
    values: Mapping[str, Any]


class Listing(Generic[R]):
    """One table's list: the filters and sort keys that it offers, by the names that clients use.

    A filter is a column, or where comparing a column won't do, a function from the filter's parameter to a condition.
    Statements are built once per shape (filters used, sort, marker or not) and the last few hundred shapes are kept.
    Every sort key wants an index that starts with the filters always present and ends with the table's key.
    """

    def __init__(
        self,
        row: type[R],
        table: Table,
        *,
        filters: Mapping[str, Filter],
        sorts: Mapping[str, ColumnElement[Any]],
        default_sort: tuple[tuple[str, Direction], ...],
        key: str = "id",
    ) -> None:
        self.row, self.table, self.key = row, table, table.c[key]
        self.filters, self.sorts = dict(filters), dict(sorts)
        self.default_sort = default_sort
        self._shapes: OrderedDict[Any, Any] = OrderedDict()
        self._marker: BindParameter[Any] = bindparam("marker")

    def page(self, db: Db, page: Page, filters: Mapping[str, Any], clauses: Sequence[Clause] = ()) -> list[R]:
        """The rows of one page. A filter's value is compared for equality, a list or tuple by membership.

        BadRequest for an unknown sort key or a marker that is not in the table.
        """
        sort = self._full_sort(page.sort or self.default_sort)
        wheres = {name: _where(value) for name, value in filters.items()}
        parameters: dict[str, Any] = {
            f"f_{name}": where.value for name, where in wheres.items() if where.operator != "null"
        }
        for clause in clauses:
            parameters.update(clause.values)
        nulls: tuple[bool, ...] = ()
        if page.marker is not None:
            values = self._marker_values(db, page.marker, sort)
            nulls = tuple(value is None for value in values)
            parameters.update((f"m_{index}", value) for index, value in enumerate(values) if value is not None)
        if page.limit is not None:
            parameters["page_limit"] = page.limit
        operators = tuple(
            (name, where.operator, where.value if where.operator == "null" else None) for name, where in wheres.items()
        )
        dialect = db.connection.dialect.name
        shape = (operators, tuple(clause.name for clause in clauses), sort, nulls, page.limit is None, dialect)

        def build() -> Query[R]:
            conditions = [_condition(self.filters[name], how, f"f_{name}", value) for name, how, value in operators]
            conditions += [clause.build() for clause in clauses]
            return self._build(conditions, sort, nulls, page.limit, dialect)

        return db.all(self._query(shape, build), **parameters)

    def _full_sort(self, sort: tuple[tuple[str, Direction], ...]) -> tuple[tuple[str, Direction], ...]:
        for name, _direction in sort:
            if name not in self.sorts:
                raise BadRequest("Sort key supplied is invalid: {key}", key=name)
        for index, (name, _direction) in enumerate(sort):
            if self.sorts[name] is self.key:
                # What follows the key decides nothing, and paging relies on the key's being last.
                return sort[: index + 1]
        return (*sort, ("", sort[-1][1] if sort else "asc"))

    def _column(self, name: str) -> ColumnElement[Any]:
        return self.sorts[name] if name else self.key

    def _query(self, shape: Any, build: Any) -> Query[R]:
        found = self._shapes.get(shape)
        if found is None:
            found = self._shapes[shape] = build()
            while len(self._shapes) > SHAPES_KEPT:
                self._shapes.popitem(last=False)
        return found  # type: ignore[no-any-return]

    def _marker_values(self, db: Db, marker: str, sort: Any) -> tuple[Any, ...]:
        statement = self._query(
            ("marker", sort), lambda: select(*(self._column(name) for name, _ in sort)).where(self.key == self._marker)
        )
        found = db.connection.execute(statement, {"marker": marker}).first()  # type: ignore[call-overload]
        if found is None:
            raise BadRequest("marker [{marker}] not found", marker=marker)
        return tuple(found)

    def _build(self, conditions: Any, sort: Any, nulls: tuple[bool, ...], limit: int | None, dialect: str) -> Query[R]:
        statement: Select[Any] = columns_of(self.row, self.table).where(*conditions)
        columns = [(self._column(name), direction) for name, direction in sort]
        if nulls:
            statement = statement.where(_after(columns, nulls, dialect))
        for column, direction in columns:
            ordered = column.asc() if direction == "asc" else column.desc()
            if dialect == "postgresql" and _nullable(column):
                ordered = ordered.nulls_first() if direction == "asc" else ordered.nulls_last()
            statement = statement.order_by(ordered)
        if limit is not None:
            statement = statement.limit(bindparam("page_limit"))
        return Query(self.row, statement)


def _where(value: Any) -> Where:
    if isinstance(value, Where):
        return value
    return Where("in", list(value)) if isinstance(value, list | tuple | set | frozenset) else Where("eq", value)


def _condition(column: Filter, operator: str, name: str, value: Any) -> ColumnElement[bool]:
    if not isinstance(column, ColumnElement):
        return column(bindparam(name))
    if operator == "null":
        return column.is_(None) if value else column.is_not(None)
    if operator in ("in", "nin"):
        many: BindParameter[Any] = bindparam(name, expanding=True)
        return column.in_(many) if operator == "in" else column.not_in(many)
    parameter = bindparam(name, type_=column.type)
    if operator == "like":
        return column.like(parameter, escape="\\")
    compared: ColumnElement[bool] = COMPARISONS[operator](column, parameter)
    return compared


def _nullable(column: ColumnElement[Any]) -> bool:
    return bool(getattr(column, "nullable", True)) and not getattr(column, "primary_key", False)


def _after(columns: Any, nulls: tuple[bool, ...], dialect: str) -> ColumnElement[bool]:
    """Rows that stand after the marker; nulls stand first ascending and last descending, on every database."""
    parameters = [bindparam(f"m_{index}", type_=column.type) for index, (column, _) in enumerate(columns)]
    directions = {direction for _, direction in columns}
    if len(directions) == 1 and not any(_nullable(column) for column, _ in columns):
        row, marker = tuple_(*(column for column, _ in columns)), tuple_(*parameters)
        ahead: ColumnElement[bool] = row > marker if directions == {"asc"} else row < marker
        if dialect in ("mysql", "mariadb"):
            # MariaDB seeks no index for a row comparison; the bound on the first column lets it.
            first, bound = columns[0][0], parameters[0]
            return and_(first >= bound if directions == {"asc"} else first <= bound, ahead)
        return ahead
    return _after_column(columns, parameters, nulls, 0)


def _after_column(columns: Any, parameters: Any, nulls: tuple[bool, ...], index: int) -> ColumnElement[bool]:
    column, direction = columns[index]
    last = index == len(columns) - 1
    rest = None if last else _after_column(columns, parameters, nulls, index + 1)
    if nulls[index]:
        same = column.is_(None)
        tied = same if rest is None else and_(same, rest)
        return or_(column.is_not(None), tied) if direction == "asc" else tied
    parameter = parameters[index]
    beyond = column > parameter if direction == "asc" else column < parameter
    if direction == "desc" and _nullable(column):
        beyond = or_(beyond, column.is_(None))
    return beyond if rest is None else or_(beyond, and_(column == parameter, rest))
