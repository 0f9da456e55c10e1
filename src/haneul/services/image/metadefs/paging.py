"""The parameters of lists (glance: api/v2/metadef_namespaces.py, metadef_objects.py, metadef_tags.py)."""

import re
from collections.abc import Mapping, Sequence

from haneul.kernel.db.listing import Direction, Page
from haneul.kernel.errors import BadRequest

Parameters = Mapping[str, Sequence[str]]
VISIBILITIES = ("public", "private", "shared")


def last(parameters: Parameters, name: str) -> str | None:
    """The parameter's value; of several the last one."""
    return parameters[name][-1] if name in parameters else None


def limit_in(parameters: Parameters, *, least: int = 0) -> int | None:
    """How many are asked for, if it is said."""
    text = last(parameters, "limit")
    if text is None:
        return None
    if not re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", text):
        raise BadRequest("limit param must be an integer")
    if int(text) < least:
        raise BadRequest("limit param must be positive")
    return int(text)


def page_in(parameters: Parameters, limit: int | None) -> Page:
    """The page in Glance's order: by the key that is named, then by age, all in one direction."""
    # Ids of Glance grow with time.
    key, direction = last(parameters, "sort_key") or "id", direction_in(parameters)
    key = "created_at" if key == "id" else key
    return Page(limit, None, tuple(dict.fromkeys([(key, direction), ("created_at", direction)])))


def direction_in(parameters: Parameters) -> Direction:
    match last(parameters, "sort_dir") or "desc":
        case "asc":
            return "asc"
        case "desc":
            return "desc"
        case other:
            raise BadRequest("Invalid sort direction: {text}", text=other)


def visibility_in(parameters: Parameters, known: Sequence[str] = VISIBILITIES) -> str | None:
    """The visibility that is asked for, if one is; BadRequest for none of those."""
    found = last(parameters, "visibility") or None
    if found is not None and found not in known:
        raise BadRequest("Invalid visibility value: {visibility}", visibility=found)
    return found


def refuse_odd_page(parameters: Parameters, *, least: int) -> None:
    """BadRequest for a page that makes no sense, of a list that is answered whole."""
    limit_in(parameters, least=least)
    direction_in(parameters)
    visibility_in(parameters)
