"""What the parameters of `GET /v2/tasks` ask for (glance: api/v2/tasks.py)."""

import re
from collections.abc import Mapping, Sequence

from haneul.kernel.db.listing import Direction, Page
from haneul.kernel.errors import BadRequest

PAGE, MOST = 25, 1000
STATUSES = ("pending", "processing", "success", "failure")
FILTERS = ("id", "type", "status", "owner", "image_id", "request_id", "user_id")
UUID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}", re.ASCII)
LONGEST = 255


def asked(parameters: Mapping[str, Sequence[str]]) -> tuple[Page, dict[str, str]]:
    """The page and the filters; BadRequest for what can't be."""
    given = {name: values[-1] for name, values in parameters.items()}
    way = _direction(given.get("sort_dir", "desc"))
    filters = {name: given[name][:LONGEST] for name in FILTERS if name in given}
    if filters.get("status") and filters["status"] not in STATUSES:
        raise BadRequest("Invalid status value: {status}", status=filters["status"])
    if filters.get("type") and filters["type"] != "import":
        raise BadRequest("Invalid type value: {type}", type=filters["type"])
    return Page(_limit(given.get("limit")), _marker(given.get("marker")), _sort(given.get("sort_key"), way)), filters


def _sort(key: str | None, way: Direction) -> tuple[tuple[str, Direction], ...]:
    keys = dict.fromkeys((key or "created_at", "created_at"))
    return tuple((name, way) for name in keys)


def _direction(text: str) -> Direction:
    match text:
        case "asc":
            return "asc"
        case "desc":
            return "desc"
    raise BadRequest("Invalid sort direction: {text}", text=text[:LONGEST])


def _limit(text: str | None) -> int:
    if text is None:
        return PAGE
    if not re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", text, re.ASCII):
        raise BadRequest("limit param must be an integer")
    if int(text) < 0:
        raise BadRequest("limit param must be positive")
    return min(int(text), MOST)


def _marker(text: str | None) -> str | None:
    if text and not UUID.fullmatch(text):
        raise BadRequest("Invalid marker format")
    return text or None
