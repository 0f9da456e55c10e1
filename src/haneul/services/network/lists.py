"""Lists of the network API: filters by any attribute, repeated for several values; sorting; pages in both directions.

Source: the API reference, "Filtering and Column Selection", "Sorting" and "Pagination".
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Boolean, Column, Integer

from haneul.kernel.db import Db
from haneul.kernel.db.listing import Clause, Direction, Listing, Page
from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Listed

R = TypeVar("R", bound=Any)
RENAMED: Mapping[str, str] = {"tenant_id": "project_id"}
TRUE, FALSE = ("true", "1", "yes", "on", "t", "y"), ("false", "0", "no", "off", "f", "n")
MOST_VALUES = 500
WORDS = frozenset(("fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir"))
"""What a list's parameters say beside its filters."""
TAG_FILTERS = ("tags", "tags-any", "not-tags", "not-tags-any")


class Asked(msgspec.Struct, frozen=True):
    """A page as the request asks for it; `is_reverse` is the page that ends before the marker."""

    page: Page
    filters: Mapping[str, Any]
    is_reverse: bool


def asked(
    call: Call, listing: Listing[Any], renamed: Mapping[str, str] = RENAMED, beside: Collection[str] = ()
) -> Asked:
    """What a list's parameters ask for; BadRequest for a name that is neither the listing's nor one of `beside`."""
    parameters = call.ask.parameters
    _refuse_unknown([name for name in parameters if renamed.get(name, name) not in listing.filters], beside)
    filters: dict[str, Any] = {}
    for name, values in parameters.items():
        own = renamed.get(name, name)
        column = listing.filters.get(own)
        if column is not None:
            filters[own] = [_typed(column, name, value) for value in values[:MOST_VALUES]]
    is_reverse = parameters.get("page_reverse", [""])[-1].lower() in TRUE
    return Asked(_page(call, is_reverse), filters, is_reverse)


def _refuse_unknown(names: Sequence[str], beside: Collection[str]) -> None:
    unknown = [name[:64] for name in names if name not in WORDS and name not in beside]
    if unknown:
        raise BadRequest("{names} is invalid attribute for filtering", kind="HTTPBadRequest", names=unknown)


def fetched(db: Db, listing: Listing[R], wanted: Asked, clauses: Sequence[Clause] = ()) -> list[R]:
    """The rows of the page, in the order that was asked for."""
    rows = listing.page(db, wanted.page, wanted.filters, clauses)
    return rows[::-1] if wanted.is_reverse else rows


def answered(
    wanted: Asked, rows: Sequence[R], views: Sequence[Any], key: Callable[[R], str] = lambda row: row.id
) -> Listed[Any]:
    """The page's answer, with links where a page was asked for."""
    limit = wanted.page.limit
    if not limit:
        return Listed(items=views)
    first, last = (key(rows[0]), key(rows[-1])) if rows else ("", "")
    full = len(rows) == limit
    return Listed(
        items=views,
        next_marker=last if full or wanted.is_reverse else None,
        previous_marker=first if full or not wanted.is_reverse else None,
    )


def boolean(name: str, value: str) -> bool:
    """A truth value as clients write it in a query; BadRequest for other words."""
    word = value.lower()
    if word not in TRUE + FALSE:
        raise BadRequest(
            "Invalid input for operation: '{value}' is not a valid boolean value for {name}.",
            kind="InvalidInput",
            value=value[:255],
            name=name,
        )
    return word in TRUE


def _typed(column: Any, name: str, value: str) -> Any:
    kind = column.type if isinstance(column, Column) else None
    if isinstance(kind, Boolean):
        return boolean(name, value)
    if isinstance(kind, Integer):
        if not value.removeprefix("-").isdecimal() or len(value) > 18:
            raise BadRequest(
                "Invalid input for operation: '{value}' is not an integer.", kind="InvalidInput", value=value[:255]
            )
        return int(value)
    return value


def _page(call: Call, is_reverse: bool) -> Page:
    parameters = call.ask.parameters
    marker = parameters.get("marker", [""])[-1] or None
    return Page(_limit(parameters.get("limit", ["0"])[-1]), marker, _sort(parameters, is_reverse))


def _limit(text: str) -> int | None:
    """The page's size; none for a list that is asked for whole, which Neutron's default allows."""
    if not text.lstrip("-").isdecimal() or text.startswith("-") or len(text) > 12:
        raise BadRequest(
            "Bad limit request: Limit must be an integer 0 or greater and not '{value}'",
            value=text[:255],
        )
    return int(text) or None


def _sort(parameters: Mapping[str, Sequence[str]], is_reverse: bool) -> tuple[tuple[str, Direction], ...]:
    keys = [RENAMED.get(key, key) for key in parameters.get("sort_key", [])]
    ways = [way.lower() for way in parameters.get("sort_dir", [])] or ["asc"] * len(keys)
    if len(keys) != len(ways):
        raise BadRequest("The number of sort_keys and sort_dirs must be same")
    if any(way not in ("asc", "desc") for way in ways):
        raise BadRequest("Sort direction must be one of 'asc' and 'desc'.")
    if is_reverse and not keys:
        keys, ways = ["id"], ["asc"]
    turned: dict[str, Direction] = {"asc": "desc", "desc": "asc"}
    straight: dict[str, Direction] = {"asc": "asc", "desc": "desc"}
    words = turned if is_reverse else straight
    return tuple((key, words[way]) for key, way in zip(keys, ways, strict=True))
