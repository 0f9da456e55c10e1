"""The catalog that a token carries."""

import re
from typing import Any

from sqlalchemy import select

from haneul.kernel.db import Db, Row
from haneul.kernel.db.statements import Query
from haneul.services.identity.catalog.models import endpoints, services

PLACEHOLDER = re.compile(r"[%$]\((\w+)\)s")


class Entry(Row):
    service_id: str
    type: str
    name: str
    id: str
    interface: str
    region_id: str | None
    url: str


ENTRIES = Query(
    Entry,
    select(
        services.c.id,
        services.c.type,
        services.c.name,
        endpoints.c.id,
        endpoints.c.interface,
        endpoints.c.region_id,
        endpoints.c.url,
    )
    .join(endpoints, endpoints.c.service_id == services.c.id)
    .where(services.c.enabled.is_(True), endpoints.c.enabled.is_(True))
    .order_by(services.c.type, services.c.id, endpoints.c.interface),
)


def catalog_of(db: Db, *, project_id: str | None, user_id: str) -> list[dict[str, Any]]:
    """Enabled services with their enabled endpoints, URLs filled in.

    An endpoint whose URL wants a project is left out of a token that has none.
    """
    found: dict[str, dict[str, Any]] = {}
    for entry in db.all(ENTRIES):
        url = filled(entry.url, project_id=project_id, user_id=user_id)
        service = found.setdefault(
            entry.service_id, {"id": entry.service_id, "type": entry.type, "name": entry.name, "endpoints": []}
        )
        if url is not None:
            service["endpoints"].append(
                {
                    "id": entry.id,
                    "interface": entry.interface,
                    "region_id": entry.region_id,
                    "region": entry.region_id,
                    "url": url,
                }
            )
    return list(found.values())


def filled(url: str, *, project_id: str | None, user_id: str) -> str | None:
    """The URL with `%(tenant_id)s`, `$(project_id)s` and their like replaced; None if a value is lacking."""
    values = {"tenant_id": project_id, "project_id": project_id, "user_id": user_id}
    missing = False

    def value(match: "re.Match[str]") -> str:
        nonlocal missing
        given = values.get(match[1])
        missing = missing or given is None
        return given or ""

    replaced = PLACEHOLDER.sub(value, url)
    return None if missing else replaced
