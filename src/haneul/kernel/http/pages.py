"""Paging words of requests and page links of answers, in each service's style."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

from haneul.kernel.db.listing import Direction, Page
from haneul.kernel.errors import BadRequest
from haneul.kernel.http.replies import Listed

R = TypeVar("R")
V = TypeVar("V")
LinkStyle = Literal["none", "identity", "compute", "image", "network"]
Parameters = Mapping[str, list[str]]


def page_of(parameters: Parameters, *, most: int) -> Page:
    """`limit`, `marker`, `sort_key`/`sort_dir` (repeated) or `sort=key:dir,key`; 400 when malformed.

    `most` is the service's largest page; it is also the page's size when no limit is given.
    """
    limit = _limit(parameters.get("limit", []), most)
    marker = parameters.get("marker", [""])[-1] or None
    return Page(limit, marker, _sort(parameters))


def _limit(values: Sequence[str], most: int) -> int:
    if not values:
        return most
    text = values[-1]
    if not text.isascii() or not text.lstrip("-").isdigit():
        raise BadRequest(
            "Invalid input for query parameters limit. Value: {value}. '{value}' is not an integer", value=text
        )
    if text.startswith("-"):
        raise BadRequest(
            "Invalid input for query parameters limit. Value: {value}. limit must not be negative", value=text
        )
    return min(int(text[:12]), most)


def _sort(parameters: Parameters) -> tuple[tuple[str, Direction], ...]:
    if "sort" in parameters:
        pairs = [part.partition(":")[::2] for value in parameters["sort"] for part in value.split(",") if part]
        return tuple((key.strip(), _direction(direction or "desc")) for key, direction in pairs)
    keys, directions = parameters.get("sort_key", []), parameters.get("sort_dir", [])
    if len(directions) > len(keys) and keys:
        raise BadRequest("Sort direction size exceeds sort key size")
    padded = [*directions, *["desc"] * len(keys)]
    return tuple((key, _direction(direction)) for key, direction in zip(keys, padded, strict=False))


def _direction(text: str) -> Direction:
    match text.strip().lower():
        case "asc":
            return "asc"
        case "desc":
            return "desc"
    raise BadRequest("Unknown sort direction, must be one of: asc, desc")


def listed(page: Page, rows: Sequence[R], view: Callable[[R], V], key: Callable[[R], str]) -> Listed[V]:
    """A page's answer from its rows; a full page says where the next one starts."""
    full = page.limit is not None and page.limit > 0 and len(rows) == page.limit
    return Listed(items=[view(row) for row in rows], next_marker=key(rows[-1]) if full else None)


def links_of(style: LinkStyle, wraps: str, here: str, parameters: Parameters, page: Listed[Any]) -> dict[str, Any]:
    """What stands beside the list in the answer. `here` is the list's own absolute URL without its query."""
    following = _next_url(here, parameters, page.next_marker) if page.next_marker else None
    match style:
        case "identity":
            query = urlencode(parameters, doseq=True)
            return {"links": {"self": f"{here}?{query}" if query else here, "previous": None, "next": following}}
        case "compute":
            return {f"{wraps}_links": [{"rel": "next", "href": following}]} if following else {}
        case "network":
            return _both_links(wraps, here, parameters, page)
        case "image":
            return _image_links(wraps, here, parameters, following)
        case "none":
            return {}


def _both_links(wraps: str, here: str, parameters: Parameters, page: Listed[Any]) -> dict[str, Any]:
    forward = {name: values for name, values in parameters.items() if name != "page_reverse"}
    links = []
    # An empty marker, after an empty page, leads to the list's first page, or backward to its last.
    if page.next_marker is not None:
        links.append({"rel": "next", "href": _next_url(here, forward, page.next_marker)})
    if page.previous_marker is not None:
        backward = {**forward, "page_reverse": ["True"]}
        links.append({"rel": "previous", "href": _next_url(here, backward, page.previous_marker)})
    return {f"{wraps}_links": links} if links else {}


def _next_url(here: str, parameters: Parameters, marker: str) -> str:
    kept = {name: values for name, values in parameters.items() if name != "marker"}
    named = {"marker": [marker]} if marker else {}
    return f"{here}?{urlencode({**kept, **named}, doseq=True)}"


def _image_links(wraps: str, here: str, parameters: Parameters, following: str | None) -> dict[str, Any]:
    # Glance's links are paths from the version on, not URLs, whatever stands before; openstacksdk counts on it.
    path = "/v2/" + here.rpartition("/v2/")[2]
    kept = urlencode({name: values for name, values in parameters.items() if name != "marker"}, doseq=True)
    found: dict[str, Any] = {"first": f"{path}?{kept}" if kept else path, "schema": f"/v2/schemas/{wraps}"}
    if following:
        found["next"] = path + following[len(here) :]
    return found
