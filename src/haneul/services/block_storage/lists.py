"""Lists as Cinder offers them: paged by marker and offset, filtered by what a resource has, counted if asked for."""

import ast
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Table, bindparam, exists

from haneul.kernel.db.listing import Clause, Listing, Page, Where
from haneul.kernel.errors import BadRequest, NotFound
from haneul.kernel.http import Call, Listed
from haneul.kernel.policy import Rule
from haneul.services.block_storage.yes_no import FALSE, TRUE, asked_truth

V = TypeVar("V")

IS_ADMIN = Rule("context_is_admin", "role:admin", "Be an administrator of the whole cloud.")
PAGING = ("limit", "marker", "offset", "sort", "sort_key", "sort_dir")
TIMES = ("created_at", "updated_at")
OPERATORS = ("gt", "gte", "eq", "neq", "lt", "lte")
# How the names of filters end that `filter_columns` gives to comparisons: nobody asks for these by name.
COMPARISONS = ("_like", *(f"_{operator}" for operator in OPERATORS))
LARGEST = 0x7FFFFFFF
MOST_SKIPPED = 100_000
LONGEST = 4096
MOST_ITEMS = 16


class Items(msgspec.Struct, frozen=True):
    """A filter by items of metadata: the table of rows with the columns owner_id, name and value."""

    table: Table
    owner: ColumnElement[Any]


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What a resource's list may be filtered by: `offered` to everyone, anything that the listing has to admins.

    `since` names the filters that came with a microversion, `likes` those that may be asked for as `NAME~`, `single`
    those that take no list of values.
    """

    listing: Listing[Any]
    missing: str
    offered: frozenset[str]
    since: Mapping[str, str] = {}
    booleans: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    likes: frozenset[str] = frozenset()
    single: frozenset[str] = frozenset()
    items: Mapping[str, Items] = {}


class Filters(msgspec.Struct):
    """A list's filters as understood; `is_void` if nothing can pass them."""

    values: dict[str, Any] = {}
    clauses: list[Clause] = []
    is_void: bool = False


def filters_of(call: Call, kind: Kind) -> Filters:
    """What the query asks for, within what the caller may see; BadRequest for what can't be asked."""
    given = {name: values[-1] for name, values in call.ask.parameters.items() if name not in PAGING}
    if call.at_least("3.45"):
        given.pop("with_count", None)
    is_admin = call.allows(IS_ADMIN)
    found = _bounds(call, given, is_admin=is_admin)
    for name, text in _permitted(call, kind, given, is_admin=is_admin).items():
        _add(call, kind, found, (name, text))
    return found


def _bounds(call: Call, given: dict[str, str], *, is_admin: bool) -> Filters:
    everywhere = is_admin and asked_truth(call.ask.parameters, "all_tenants")
    if is_admin:
        given.pop("all_tenants", None)
    if everywhere:
        return Filters()
    if is_admin:
        given.pop("project_id", None)
    return Filters({"project_id": call.caller.project_id or ""})


def _permitted(call: Call, kind: Kind, given: dict[str, str], *, is_admin: bool) -> dict[str, str]:
    """The filters that this caller may use in this version: others are refused from 3.31 on, before passed over."""
    known = {name: text for name, text in given.items() if call.at_least(kind.since.get(name, "3.0"))}
    if is_admin:
        return known
    likes = {f"{name}~" for name in kind.likes} if call.at_least("3.34") else set()
    refused = [name for name in given if name not in kind.offered | likes and name != "all_tenants"]
    if refused and call.at_least("3.31"):
        raise BadRequest("Invalid filters {names} are found in query options.", names=",".join(refused)[:255])
    return {name: text for name, text in known.items() if name in kind.offered | likes}


def _add(call: Call, kind: Kind, found: Filters, item: tuple[str, str]) -> None:
    name, text = item
    if len(text) > LONGEST:
        raise BadRequest("The value of the filter {name} is too long.", name=name[:64])
    plain = name.removesuffix("~")
    if name in kind.items:
        _add_items(found, name, kind.items[name], text)
    elif name in TIMES and f"{name}_gt" in kind.listing.filters:
        found.values |= moments(name, text)
    elif name != plain and plain in kind.likes and call.at_least("3.34"):
        found.values[f"{plain}_like"] = Where("like", f"%{_escaped(text)}%")
    elif name in kind.booleans:
        found.values[name] = _boolean(call, name, text)
    elif name in kind.numbers:
        _add_number(found, name, text)
    elif name in kind.listing.filters and not name.endswith(COMPARISONS):
        found.values[name] = text if name in ("name", *kind.single) else _one_or_many(text)
    else:
        found.is_void = True


def _add_number(found: Filters, name: str, text: str) -> None:
    if text.isascii() and text.isdigit() and int(text) <= LARGEST:
        found.values[name] = int(text)
    else:
        found.is_void = True


def _one_or_many(text: str) -> Any:
    """A text, or any of a list of texts that is written as Python's or JSON's."""
    read = literal(text)
    if isinstance(read, list | tuple) and read and all(isinstance(one, str) for one in read):
        return list(read)
    return read if isinstance(read, str) else text


def _boolean(call: Call, name: str, text: str) -> bool:
    word = text.strip().lower()
    if call.at_least("3.2") and word not in (*TRUE, *FALSE):
        raise BadRequest("Invalid input received: '{name} = {value}'", name=name, value=text[:64])
    return word in TRUE or (not call.at_least("3.2") and text not in ("False", "false", "FALSE", ""))


def _add_items(found: Filters, name: str, items: Items, text: str) -> None:
    wanted = literal(text)
    if not isinstance(wanted, dict) or not all(isinstance(one, str) for pair in wanted.items() for one in pair):
        found.is_void = True
        return
    if len(wanted) > MOST_ITEMS:
        raise BadRequest("A list is filtered by at most {most} items of metadata.", most=MOST_ITEMS)
    for number, (key, value) in enumerate(wanted.items()):
        found.clauses.append(_item_clause(f"{name}_{number}", items, (key, value)))


def _item_clause(name: str, items: Items, item: tuple[str, str]) -> Clause:
    table = items.table.alias()

    def build() -> ColumnElement[bool]:
        return exists().where(
            table.c.owner_id == items.owner,
            table.c.name == bindparam(f"{name}_key"),
            table.c.value == bindparam(f"{name}_value"),
        )

    return Clause(name, build, {f"{name}_key": item[0], f"{name}_value": item[1]})


def literal(text: str) -> Any:
    """What a text says as Python's literal, which clients write; itself where it is none."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return text


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def moments(name: str, text: str) -> dict[str, Any]:
    """Comparisons of a time, `gt:2026-01-01T00:00:00,lt:...`, as filters NAME_OPERATOR; BadRequest."""
    found = {}
    for part in text.split(","):
        operator, _, moment = part.partition(":")
        if operator not in OPERATORS:
            raise BadRequest("Invalid {operator} operator", operator=operator[:64])
        found[f"{name}_{operator}"] = Where(operator, _moment(moment))  # type: ignore[arg-type]
    return found


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadRequest("Invalid {value} value", value=text[:64]) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def filter_columns(table: Table, likes: Sequence[str]) -> dict[str, ColumnElement[Any]]:
    """The listing's filters of times and of parts of texts."""
    compared = {f"{name}_{operator}": table.c[name] for name in TIMES for operator in OPERATORS}
    return {**compared, **{f"{name}_like": table.c[name] for name in likes}}


def rows_of(call: Call, kind: Kind, filters: Filters) -> list[Any]:
    """The rows of the page that is asked for; BadRequest, or NotFound for a marker that isn't there."""
    page, skipped = page_of(call, kind.listing.sorts)
    if filters.is_void:
        return []
    wanted = msgspec.structs.replace(page, limit=(page.limit or 0) + skipped)
    try:
        return kind.listing.page(call.db, wanted, filters.values, filters.clauses)[skipped:]
    except BadRequest as refused:
        if "marker" in refused.values:
            raise NotFound(kind.missing, id=page.marker) from None
        raise


def page_of(call: Call, sorts: Mapping[str, Any]) -> tuple[Page, int]:
    """The page and how many rows are to be passed over before it; BadRequest in Cinder's words."""
    given = call.ask.parameters
    if "sort" in given and ("sort_key" in given or "sort_dir" in given):
        raise BadRequest(
            "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with the 'sort' parameter."
        )
    _refuse_number("limit param", given.get("limit", ["0"])[-1], ("must be an integer", "must be positive"))
    _refuse_number("offset", given.get("offset", ["0"])[-1], ("must be an integer", "must be >= 0"))
    for key in _sort_keys(given):
        if key not in sorts:
            raise BadRequest("Invalid input received: Sort key supplied is invalid: {key}", key=key[:64])
    skipped = int(given.get("offset", ["0"])[-1])
    if skipped > MOST_SKIPPED:
        raise BadRequest("offset must be <= {most}", most=MOST_SKIPPED)
    return call.page(), skipped


def _refuse_number(name: str, text: str, sentences: tuple[str, str]) -> None:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        raise BadRequest("{name} {sentence}", name=name, sentence=sentences[0])
    if text.startswith("-") and int(text) < 0:
        raise BadRequest("{name} {sentence}", name=name, sentence=sentences[1])


def _sort_keys(given: Mapping[str, list[str]]) -> list[str]:
    words = [part.partition(":")[0].strip() for text in given.get("sort", []) for part in text.split(",")]
    return [*filter(None, words), *given.get("sort_key", [])]


def listed(call: Call, kind: Kind, filters: Filters, views: Sequence[V], ids: Sequence[str]) -> Listed[V]:
    """The answer of a list, with its length from 3.45 on if that is asked for."""
    count = None
    if call.at_least("3.45") and asked_truth(call.ask.parameters, "with_count"):
        count = 0 if filters.is_void else kind.listing.count(call.db, filters.values, filters.clauses)
    limit = call.page().limit
    full = limit is not None and 0 < limit == len(ids)
    return Listed(items=views, next_marker=ids[-1] if full else None, count=count)
