from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, by, fields
from haneul.kernel.db.listing import Listing, Page
from haneul.kernel.errors import NotFound
from haneul.kernel.ids import new_hex_id
from haneul.services.identity.audit.logic import record
from haneul.services.identity.endpoints.models import endpoints
from haneul.services.identity.epoch import bump
from haneul.services.identity.extras import merged
from haneul.services.identity.services.models import CatalogService, services
from haneul.services.identity.services.schemas import ServiceCreate, ServiceUpdate

BY_ID = by(CatalogService, services, "id")
ENDPOINTS_OF = select(endpoints.c.id).where(endpoints.c.service_id == bindparam("service_id"))
LISTING = Listing(
    CatalogService,
    services,
    filters={"type": services.c.type, "name": services.c.name},
    sorts={"type": services.c.type, "name": services.c.name, "id": services.c.id},
    default_sort=(("type", "asc"),),
)


def get(db: Db, service_id: str) -> CatalogService:
    """The service; NotFound."""
    service = db.one(BY_ID, id=service_id)
    if service is None:
        raise NotFound("Could not find service: {id}.", id=service_id)
    return service


def list_(db: Db, page: Page, filters: Mapping[str, Any]) -> list[CatalogService]:
    return LISTING.page(db, page, filters)


def create(db: Db, wanted: ServiceCreate, extra: Mapping[str, Any]) -> CatalogService:
    """Insert a service; several may have the same type."""
    bump(db)
    service = CatalogService(
        id=new_hex_id(),
        type=wanted.type,
        name=wanted.name or "",
        description=wanted.description or "",
        enabled=wanted.enabled,
        extra=dict(extra),
    )
    db.insert(services, service)
    record(db, "service", "created", service.id)
    return service


def update(db: Db, service: CatalogService, wanted: ServiceUpdate, extra: Mapping[str, Any]) -> CatalogService:
    """Change a service; catalogs show it at once."""
    bump(db)
    changes = fields(wanted)
    if "description" in changes:
        changes["description"] = changes["description"] or ""
    if extra:
        changes["extra"] = merged(get(db, service.id).extra, extra)
    if changes:
        db.update(services, {"id": service.id}, **changes)
    record(db, "service", "updated", service.id)
    return get(db, service.id)


def delete(db: Db, service: CatalogService) -> None:
    """Delete a service with its endpoints."""
    bump(db)
    gone = [row[0] for row in db.tuples(ENDPOINTS_OF, service_id=service.id)]
    db.delete(services, id=service.id)
    record(db, "service", "deleted", service.id, endpoints=gone)
