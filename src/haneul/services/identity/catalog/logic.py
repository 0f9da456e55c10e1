"""The catalog that a token carries."""

from typing import Any

from sqlalchemy import select

from haneul.kernel.db import Db, Row
from haneul.kernel.db.statements import Query
from haneul.services.identity.catalog.urls import filled
from haneul.services.identity.endpoints.models import endpoints
from haneul.services.identity.services.models import services


class Entry(Row):
    """One endpoint of a service; of a service without endpoints there is one entry without an id."""

    service_id: str
    type: str
    name: str
    id: str | None
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
    .outerjoin(endpoints, (endpoints.c.service_id == services.c.id) & endpoints.c.enabled.is_(True))
    .where(services.c.enabled.is_(True))
    .order_by(services.c.type, services.c.id, endpoints.c.interface),
)


def catalog_of(db: Db, *, project_id: str | None, user_id: str) -> list[dict[str, Any]]:
    """Enabled services, each with its enabled endpoints, URLs filled in.

    An endpoint whose URL wants a project is left out of a token that has none.
    """
    found: dict[str, dict[str, Any]] = {}
    for entry in db.all(ENTRIES):
        service = found.setdefault(
            entry.service_id, {"id": entry.service_id, "type": entry.type, "name": entry.name, "endpoints": []}
        )
        url = filled(entry.url, project_id=project_id, user_id=user_id) if entry.id else None
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
