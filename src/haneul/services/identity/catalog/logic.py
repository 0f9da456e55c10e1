"""The catalog that a token carries."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from haneul.kernel.db import Db, Row
from haneul.kernel.db.statements import Query
from haneul.services.identity.catalog.urls import filled
from haneul.services.identity.endpoint_filter.selection import selected_for
from haneul.services.identity.endpoints.models import endpoints
from haneul.services.identity.services.models import services

Catalog = list[dict[str, Any]]


class Entry(Row):
    """One endpoint of a service; of a service without endpoints there is one entry without an id."""

    service_id: str
    type: str
    name: str
    id: str | None
    interface: str
    region_id: str | None
    url: str
    extra: dict[str, Any] | None


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
        endpoints.c.extra,
    )
    .outerjoin(endpoints, (endpoints.c.service_id == services.c.id) & endpoints.c.enabled.is_(True))
    .where(services.c.enabled.is_(True))
    .order_by(services.c.type, services.c.id, endpoints.c.interface),
)


def catalog_of(db: Db, *, project_id: str | None, user_id: str) -> Catalog:
    """Enabled services, each with its enabled endpoints, URLs filled in.

    A project that was given endpoints sees just those, and no service without any. An endpoint whose URL wants a
    project is left out of a token that has none.
    """
    entries = db.all(ENTRIES)
    selected = selected_for(db, project_id) if project_id is not None else None
    if not selected:
        return _catalog(entries, project_id, user_id)
    found = _catalog((entry for entry in entries if entry.id in selected), project_id, user_id)
    return [service for service in found if service["endpoints"]]


def _catalog(entries: Iterable[Entry], project_id: str | None, user_id: str) -> Catalog:
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        service = found.get(entry.service_id)
        if service is None:
            service = found[entry.service_id] = {
                "id": entry.service_id,
                "type": entry.type,
                "name": entry.name,
                "endpoints": [],
            }
        url = filled(entry.url, project_id=project_id, user_id=user_id) if entry.id else None
        if url is not None:
            service["endpoints"].append(
                {
                    **(entry.extra or {}),
                    "id": entry.id,
                    "interface": entry.interface,
                    "region_id": entry.region_id,
                    "region": entry.region_id,
                    "url": url,
                }
            )
    return list(found.values())
