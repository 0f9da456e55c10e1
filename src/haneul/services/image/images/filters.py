"""What the parameters of `GET /v2/images` ask for (glance: api/v2/images.py and db/sqlalchemy/api.py)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from haneul.kernel.clock import from_iso
from haneul.kernel.db.listing import Clause, Direction, Page, Where
from haneul.kernel.errors import BadRequest
from haneul.services.image.images.access import Viewer
from haneul.services.image.images.queries import (
    COUNTED,
    EQUAL,
    MEMBER_STATUSES,
    SORTS,
    Asked,
    property_clause,
    tag_clause,
    time_clause,
)

Parameters = Mapping[str, Sequence[str]]
PAGE = 25
MOST = 1000
MOST_CLAUSES = 30
PAGING = frozenset(("limit", "marker", "sort", "sort_key", "sort_dir", "member_status", "tag", "visibility"))
LISTED = ("id", "name", "status", "container_format", "disk_format")
TIMES = ("created_at", "updated_at")
COMPARED = ("eq", "neq", "lt", "lte", "gt", "gte")
VISIBILITIES = ("community", "public", "private", "shared", "all")
QUOTED = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)",?|([^,]+),?|,')


def asked(parameters: Parameters, viewer: Viewer) -> Asked:
    """The page, filters and conditions; BadRequest when a parameter can't be understood."""
    given = {name: values[-1] for name, values in parameters.items() if name not in PAGING}
    filters = {**_visible(parameters, viewer), **_attributes(given)}
    custom = [(name, value) for name, value in given.items() if not _is_attribute(name)]
    clauses: list[Clause] = [
        *(tag_clause(number, tag.strip()) for number, tag in enumerate(parameters.get("tag", ()))),
        *(property_clause(number, name, value) for number, (name, value) in enumerate(custom)),
        *(_time_clause(name, given[name]) for name in TIMES if name in given),
    ]
    if "changes-since" in given:
        raise BadRequest('The "changes-since" filter is no longer available on v2.')
    if len(clauses) > MOST_CLAUSES:
        raise BadRequest("At most {most} tags and properties can be asked for at once.", most=MOST_CLAUSES)
    return Asked(_page(parameters), filters, clauses)


def _page(parameters: Parameters) -> Page:
    limit = PAGE
    if "limit" in parameters:
        text = parameters["limit"][-1].strip()
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
            raise BadRequest("limit param must be an integer")
        if int(text) < 0:
            raise BadRequest("limit param must be positive")
        limit = min(int(text), MOST)
    return Page(limit, parameters.get("marker", [None])[-1], _sort(parameters))


def _sort(parameters: Parameters) -> tuple[tuple[str, Direction], ...]:
    if "sort" in parameters:
        if "sort_key" in parameters or "sort_dir" in parameters:
            raise BadRequest("Old and new sorting syntax cannot be combined")
        pairs = [part.partition(":")[::2] for part in parameters["sort"][-1].strip().split(",")]
        keys, directions = [key for key, _ in pairs], [direction or "desc" for _, direction in pairs]
    else:
        keys, directions = list(parameters.get("sort_key", [])), list(parameters.get("sort_dir", []))
        if len(directions) > 1 and len(directions) != len(keys):
            raise BadRequest("Number of sort dirs does not match the number of sort keys")
    keys = [_sort_key(key.strip()) for key in keys] or ["created_at"]
    ways = [_direction(direction.strip()) for direction in directions] or ["desc"]
    last = ways[0] if len(ways) == 1 else "desc"
    if len(ways) == 1:
        ways *= len(keys)
    if "created_at" not in keys:
        keys, ways = [*keys, "created_at"], [*ways, last]
    return tuple(dict(zip(keys, ways, strict=False)).items())


def _sort_key(key: str) -> str:
    if key not in SORTS:
        raise BadRequest(
            "Invalid sort key: {key}. It must be one of the following: {good}.", key=key, good=", ".join(SORTS)
        )
    return key


def _direction(text: str) -> Direction:
    match text:
        case "asc":
            return "asc"
        case "desc":
            return "desc"
    raise BadRequest("Invalid sort direction: {text}", text=text)


def _visible(parameters: Parameters, viewer: Viewer) -> dict[str, Any]:
    """Who sees which images in lists: without a visibility, other projects' community images stay out."""
    status = parameters.get("member_status", ["accepted"])[-1]
    if status not in MEMBER_STATUSES:
        raise BadRequest("Invalid status: {status}", status=status)
    visibility = parameters.get("visibility", [""])[-1]
    if visibility and visibility not in VISIBILITIES:
        raise BadRequest("Invalid visibility value: {visibility}", visibility=visibility)
    found: dict[str, Any] = {} if viewer.is_admin else {f"seen_{status}": viewer.project_id}
    if not visibility:
        found["not_another_community"] = viewer.project_id
    elif visibility != "all":
        found["visibility"] = visibility
    return found


def _is_attribute(name: str) -> bool:
    return name in EQUAL or name in TIMES or name == "owner" or _bound(name)[0] in COUNTED


def _bound(name: str) -> tuple[str, str]:
    column, _, end = name.rpartition("_")
    return (column, end) if end in ("min", "max") else ("", "")


def _attributes(given: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"os_hidden": _boolean("os_hidden", given.get("os_hidden", "false").lower())}
    for name, value in given.items():
        column, end = _bound(name)
        if column in COUNTED:
            found[name] = Where("gte" if end == "min" else "lte", _number(value))
        elif name in LISTED:
            found[name] = _one_or_many(value)
        elif name == "protected":
            found[name] = _boolean(name, value)
        elif name in COUNTED:
            found[name] = _number(value)
        elif name not in ("os_hidden", *TIMES) and _is_attribute(name):
            found[name] = value
    return found


def _boolean(name: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise BadRequest(
            "Invalid value '{value}' for '{name}' filter. Valid values are 'true' or 'false'.", value=value, name=name
        )
    return value == "true"


def _number(value: str) -> int:
    if not re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", value):
        raise BadRequest("Unable to filter on a range with a non-numeric value.")
    return int(value)


def _time_clause(name: str, value: str) -> Clause:
    operator, _, rest = value.partition(":")
    if operator not in COMPARED:
        operator, rest = "eq", value
    try:
        return time_clause(name, operator, from_iso(rest))
    except ValueError:
        raise BadRequest('Bad "{name}" query filter format. Use ISO 8601 DateTime notation.', name=name) from None


def _one_or_many(value: str) -> Any:
    operator, colon, rest = value.partition(":")
    if not colon or _is_time(value):
        return value
    if operator == "eq":
        return rest
    if operator != "in":
        raise BadRequest("Unable to filter by unknown operator '{operator}'.", operator=operator)
    return _split(rest)


def _is_time(value: str) -> bool:
    """Whether the colons are those of a moment, and follow no operator."""
    try:
        from_iso(value)
    except ValueError:
        return False
    return True


def _split(value: str) -> list[str]:
    """`a,"b, c"` as its two values."""
    if QUOTED.sub("", value) or '"' in re.sub(r'(?:^|(?<=,))"[^"\\]*(?:\\.[^"\\]*)*"(?=,|$)', "", value):
        raise BadRequest("Invalid filter value {value}. The quote is not closed.", value=value)
    return [quoted.replace('\\"', '"') or plain for quoted, plain in QUOTED.findall(value) if quoted or plain]
