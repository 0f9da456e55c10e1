from collections.abc import Mapping, Sequence
from typing import Any

from haneul.kernel.db import Db, by, fields
from haneul.kernel.db.listing import Clause, Listing, Page
from haneul.kernel.errors import BadRequest, NotFound
from haneul.kernel.ids import new_hex_id
from haneul.services.identity.audit.logic import record
from haneul.services.identity.catalog.urls import refuse_unfillable
from haneul.services.identity.endpoints.models import Endpoint, endpoints
from haneul.services.identity.endpoints.schemas import EndpointCreate, EndpointUpdate
from haneul.services.identity.epoch import bump
from haneul.services.identity.extras import merged
from haneul.services.identity.regions import logic as regions
from haneul.services.identity.services import logic as services

BY_ID = by(Endpoint, endpoints, "id")
LISTING = Listing(
    Endpoint,
    endpoints,
    filters={name: endpoints.c[name] for name in ("service_id", "interface", "region_id", "id")},
    sorts={"service_id": endpoints.c.service_id, "id": endpoints.c.id},
    default_sort=(("service_id", "asc"),),
)
DESCRIBING = ("name", "description")
MISSING = (
    "Expecting to find endpoint {attribute} in {table} table. The server could not comply with the request since it is "
    "either malformed or otherwise incorrect. The client is assumed to be in error."
)


def get(db: Db, endpoint_id: str) -> Endpoint:
    """The endpoint; NotFound."""
    endpoint = db.one(BY_ID, id=endpoint_id)
    if endpoint is None:
        raise NotFound("Could not find endpoint: {id}.", id=endpoint_id)
    return endpoint


def list_(db: Db, page: Page, filters: Mapping[str, Any], clauses: Sequence[Clause] = ()) -> list[Endpoint]:
    return LISTING.page(db, page, filters, clauses)


def create(db: Db, wanted: EndpointCreate, extra: Mapping[str, Any]) -> Endpoint:
    """Insert an endpoint; BadRequest if its URL has a place that nothing fills, or its region isn't there."""
    bump(db)
    refuse_unfillable(wanted.url)
    _refuse_missing_service(db, wanted.service_id)
    endpoint = Endpoint(
        id=new_hex_id(),
        service_id=wanted.service_id,
        interface=wanted.interface,
        region_id=_region(db, wanted.region_id, wanted.region),
        url=wanted.url,
        enabled=wanted.enabled,
        extra=merged(extra, _described(wanted)),
    )
    db.insert(endpoints, endpoint)
    record(db, "endpoint", "created", endpoint.id)
    return endpoint


def update(db: Db, endpoint: Endpoint, wanted: EndpointUpdate, extra: Mapping[str, Any]) -> Endpoint:
    """Change an endpoint; catalogs show it at once."""
    bump(db)
    changes = {name: value for name, value in fields(wanted).items() if name not in DESCRIBING}
    legacy = changes.pop("region", None)
    if "region_id" in changes or legacy is not None:
        changes["region_id"] = _region(db, changes.get("region_id"), legacy)
    if "url" in changes:
        refuse_unfillable(changes["url"])
    if "service_id" in changes:
        _refuse_missing_service(db, changes["service_id"])
    if further := merged(extra, _described(wanted)):
        changes["extra"] = merged(get(db, endpoint.id).extra, further)
    if changes:
        db.update(endpoints, {"id": endpoint.id}, **changes)
    record(db, "endpoint", "updated", endpoint.id)
    return get(db, endpoint.id)


def delete(db: Db, endpoint: Endpoint) -> None:
    """Delete an endpoint; what projects and policies it was given to know it no longer."""
    bump(db)
    db.delete(endpoints, id=endpoint.id)
    record(db, "endpoint", "deleted", endpoint.id)


def _described(wanted: EndpointCreate | EndpointUpdate) -> Mapping[str, Any]:
    """The name and description, which Keystone checks, and yet keeps among the further attributes."""
    given = fields(wanted)
    return {name: given[name] for name in DESCRIBING if name in given}


def _refuse_missing_service(db: Db, service_id: str) -> None:
    if db.one(services.BY_ID, id=service_id) is None:
        raise BadRequest(MISSING, attribute="service_id", table="service")


def _region(db: Db, region_id: str | None, legacy: str | None) -> str | None:
    """The region meant: one named by id must be there, one named the older way is made."""
    if region_id is not None:
        if db.one(regions.BY_ID, id=region_id) is None:
            raise BadRequest(MISSING, attribute="region_id", table="region")
        return region_id
    if legacy is not None:
        regions.ensure(db, legacy)
    return legacy
