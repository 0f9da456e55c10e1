"""The places for ids in endpoints' URLs: `%(project_id)s` and `$(project_id)s`, under old and new names."""

import re

from haneul.kernel.errors import BadRequest

PLACE = re.compile(r"[%$]\((\w+)\)s|%%")
OPENING = re.compile(r"%|\$\(")
FILLED = ("tenant_id", "project_id", "user_id")


def refuse_unfillable(url: str) -> None:
    """BadRequest if the URL has a place that nothing fills: clients would get it as it stands."""
    left = PLACE.sub(lambda place: "" if place[1] is None or place[1] in FILLED else place[0], url)
    if OPENING.search(left):
        raise BadRequest("Cannot create an endpoint with an invalid URL: {url}", url=url)


def filled(url: str, *, project_id: str | None, user_id: str) -> str | None:
    """The URL with its places filled; None if a value is lacking. A doubled `%` stands for one."""
    if "%" not in url and "$" not in url:
        return url
    values = {"tenant_id": project_id, "project_id": project_id, "user_id": user_id, None: "%"}
    missing = False

    def value(match: "re.Match[str]") -> str:
        nonlocal missing
        given = values.get(match[1])
        missing = missing or given is None
        return given or ""

    replaced = PLACE.sub(value, url)
    return None if missing else replaced
