"""Lists that are filtered, sorted and paged by marker, at a cost that does not grow with the page's place."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Generic, Literal

import msgspec
from sqlalchemy import BindParameter, ColumnElement, Select, Table, bindparam, func, select

from haneul.kernel.db.statements import Query, R, columns_of
from haneul.kernel.db.transaction import Db
from haneul.kernel.errors import BadRequest

Direction = Literal["asc", "desc"]
Operator = Literal["eq", "neq", "in", "nin", "lt", "lte", "gt", "gte", "like", "regexp", "null"]
Filter = ColumnElement[Any] | Callable[[BindParameter[Any]], ColumnElement[bool]]
Operators = tuple[tuple[str, str, Any], ...]
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
    whose bound parameters get `values`. One that `is_bound` says what the caller may see, as `Listing.bounds` do.
    """

    name: str
    build: Callable[[], ColumnElement[bool]]
    values: Mapping[str, Any]
    is_bound: bool = False


class Stretch(msgspec.Struct, frozen=True):
    """Rows after a marker that lie together: like it in the first `tied` columns of the sort, beyond it in the next."""

    tied: int
    how: Literal["gt", "lt", "null", "not null"]


class Listing(Generic[R]):
    """One table's list: the filters and sort keys that it offers, by the names that clients use.

    A filter is a column, or where comparing a column won't do, a function from the filter's parameter to a condition.
    Statements are built once per shape (filters used, sort, marker or not) and the last few hundred shapes are kept.
    Every sort key wants an index that starts with the filters always present and ends with the table's key.
    `bounds` names the filters that say what the caller may see: a row outside of them is no marker, so that nobody
    learns from it that the row is there, or where it stands.
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
        bounds: Sequence[str] = (),
    ) -> None:
        self.row, self.table, self.key = row, table, table.c[key]
        self.filters, self.sorts = dict(filters), dict(sorts)
        self.default_sort, self.bounds = default_sort, frozenset(bounds)
        self._shapes: OrderedDict[Any, Any] = OrderedDict()
        self._marker: BindParameter[Any] = bindparam("marker")

    def page(self, db: Db, page: Page, filters: Mapping[str, Any], clauses: Sequence[Clause] = ()) -> list[R]:
        """The rows of one page. A filter's value is compared for equality, a list or tuple by membership.

        BadRequest for an unknown sort key or a marker that is not in the table.
        """
        wheres = {name: _where(value) for name, value in filters.items()}
        sort = self._full_sort(page.sort or self.default_sort, self._fixed(wheres))
        parameters = _values(wheres)
        for clause in clauses:
            parameters.update(clause.values)
        stretches: Sequence[Stretch | None] = (None,)
        nulls: tuple[bool, ...] = ()
        if page.marker is not None:
            within = {name: where for name, where in wheres.items() if name in self.bounds}
            values = self._marker_values(db, page.marker, sort, (within, [one for one in clauses if one.is_bound]))
            nulls = tuple(value is None for value in values)
            parameters.update((f"m_{index}", value) for index, value in enumerate(values) if value is not None)
            stretches = _stretches([(self._column(name), direction) for name, direction in sort], nulls)
        operators = _operators(wheres)
        dialect = db.connection.dialect.name
        shape = (operators, tuple(clause.name for clause in clauses), sort, nulls, page.limit is None, dialect)

        def build(stretch: Stretch | None) -> Query[R]:
            conditions = [*self._conditions(operators), *(clause.build() for clause in clauses)]
            return self._build(conditions, sort, (stretch, nulls), page.limit, dialect)

        found: list[R] = []
        for stretch in stretches:
            query = self._query((shape, stretch), partial(build, stretch))
            if page.limit is None:
                found += db.all(query, **parameters)
            elif page.limit > len(found):
                found += db.all(query, **parameters, page_limit=page.limit - len(found))
        return found

    def count(self, db: Db, filters: Mapping[str, Any], clauses: Sequence[Clause] = ()) -> int:
        """How many rows the whole list has, for APIs that tell it."""
        wheres = {name: _where(value) for name, value in filters.items()}
        parameters = _values(wheres)
        for clause in clauses:
            parameters.update(clause.values)
        operators = _operators(wheres)

        def build() -> Select[Any]:
            conditions = [*self._conditions(operators), *(clause.build() for clause in clauses)]
            return select(func.count()).select_from(self.table).where(*conditions)

        statement = self._query(("count", operators, tuple(clause.name for clause in clauses)), build)
        return int(db.connection.execute(statement, parameters).scalar() or 0)  # type: ignore[call-overload]

    def _fixed(self, wheres: Mapping[str, Where]) -> list[Filter]:
        """The columns that have one value in the whole list."""
        return [self.filters[name] for name, where in wheres.items() if where.operator == "eq"]

    def _full_sort(
        self, sort: tuple[tuple[str, Direction], ...], fixed: Sequence[Filter]
    ) -> tuple[tuple[str, Direction], ...]:
        """The sort with the table's key as its last, and without what decides nothing."""
        for name, _direction in sort:
            if name not in self.sorts:
                raise BadRequest("Sort key supplied is invalid: {key}", key=name)
        decisive: dict[str, Direction] = {}
        for name, direction in sort:
            if self.sorts[name] is self.key:
                return (*decisive.items(), (name, direction))
            if not any(self.sorts[name] is column for column in fixed):
                decisive.setdefault(name, direction)
        return (*decisive.items(), ("", sort[-1][1] if sort else "asc"))

    def _column(self, name: str) -> ColumnElement[Any]:
        return self.sorts[name] if name else self.key

    def _query(self, shape: Any, build: Any) -> Query[R]:
        found = self._shapes.get(shape)
        if found is None:
            found = self._shapes[shape] = build()
            while len(self._shapes) > SHAPES_KEPT:
                self._shapes.popitem(last=False)
        return found  # type: ignore[no-any-return]

    def _conditions(self, operators: Operators) -> list[ColumnElement[bool]]:
        return [_condition(self.filters[name], how, f"f_{name}", value) for name, how, value in operators]

    def _marker_values(
        self, db: Db, marker: str, sort: Any, within: tuple[Mapping[str, Where], Sequence[Clause]]
    ) -> tuple[Any, ...]:
        wheres, clauses = within
        operators = _operators(wheres)

        def build() -> Select[Any]:
            columns = select(*(self._column(name) for name, _ in sort))
            conditions = [*self._conditions(operators), *(clause.build() for clause in clauses)]
            return columns.where(self.key == self._marker, *conditions)

        statement = self._query(("marker", operators, tuple(clause.name for clause in clauses), sort), build)
        parameters = {"marker": marker, **_values(wheres)}
        for clause in clauses:
            parameters.update(clause.values)
        found = db.connection.execute(statement, parameters).first()  # type: ignore[call-overload]
        if found is None:
            raise BadRequest("marker [{marker}] not found", marker=marker)
        return tuple(found)

    def _build(
        self,
        conditions: Any,
        sort: tuple[tuple[str, Direction], ...],
        place: tuple[Stretch | None, tuple[bool, ...]],
        limit: int | None,
        dialect: str,
    ) -> Query[R]:
        statement: Select[Any] = columns_of(self.row, self.table).where(*conditions)
        columns = [(self._column(name), direction) for name, direction in sort]
        stretch, nulls = place
        if stretch is not None:
            statement = statement.where(*_inside(stretch, columns, nulls))
            columns = columns[stretch.tied + (stretch.how == "null") :]
        for column, direction in columns:
            ordered = column.asc() if direction == "asc" else column.desc()
            if dialect == "postgresql" and _nullable(column):
                ordered = ordered.nulls_first() if direction == "asc" else ordered.nulls_last()
            statement = statement.order_by(ordered)
        if limit is not None:
            statement = statement.limit(bindparam("page_limit"))
        return Query(self.row, statement)


def _operators(wheres: Mapping[str, Where]) -> Operators:
    """What of the filters a statement is built for: all but their values."""
    return tuple(
        (name, where.operator, where.value if where.operator == "null" else None) for name, where in wheres.items()
    )


def _values(wheres: Mapping[str, Where]) -> dict[str, Any]:
    return {f"f_{name}": where.value for name, where in wheres.items() if where.operator != "null"}


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
    if operator == "regexp":
        return column.regexp_match(parameter)
    compared: ColumnElement[bool] = COMPARISONS[operator](column, parameter)
    return compared


def _nullable(column: ColumnElement[Any]) -> bool:
    return bool(getattr(column, "nullable", True)) and not getattr(column, "primary_key", False)


def _stretches(columns: Sequence[tuple[ColumnElement[Any], Direction]], nulls: tuple[bool, ...]) -> list[Stretch]:
    """The list after its marker, in order; nulls stand first ascending and last descending, on every database.

    Each stretch is one range of an index, which "after the marker" in one condition is to no database where a key may
    be null or directions differ.
    """
    found: list[Stretch] = []
    for tied, (column, direction) in reversed(list(enumerate(columns))):
        if direction == "asc":
            found.append(Stretch(tied, "not null" if nulls[tied] else "gt"))
        elif not nulls[tied]:
            found.append(Stretch(tied, "lt"))
            if _nullable(column):
                found.append(Stretch(tied, "null"))
    return found


def _inside(stretch: Stretch, columns: Any, nulls: tuple[bool, ...]) -> list[ColumnElement[bool]]:
    """The conditions of a row that lies in the stretch."""
    parameters = [bindparam(f"m_{index}", type_=column.type) for index, (column, _) in enumerate(columns)]
    tied = [
        columns[index][0].is_(None) if nulls[index] else columns[index][0] == parameters[index]
        for index in range(stretch.tied)
    ]
    column, parameter = columns[stretch.tied][0], parameters[stretch.tied]
    beyond = {
        "gt": lambda: column > parameter,
        "lt": lambda: column < parameter,
        "null": lambda: column.is_(None),
        "not null": lambda: column.is_not(None),
    }
    return [*tied, beyond[stretch.how]()]
