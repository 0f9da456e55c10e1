from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, by, fields, unique
from haneul.kernel.db.listing import Listing, Page
from haneul.kernel.errors import BadRequest, Conflict, Forbidden, NotFound
from haneul.kernel.ids import new_hex_id
from haneul.services.identity.audit.logic import record
from haneul.services.identity.epoch import bump
from haneul.services.identity.limits.models import limits
from haneul.services.identity.regions.logic import BY_ID as REGION
from haneul.services.identity.registered_limits.models import RegisteredLimit, registered_limits
from haneul.services.identity.registered_limits.schemas import RegisteredLimitCreate, RegisteredLimitUpdate
from haneul.services.identity.services.logic import BY_ID as SERVICE

KEYS = ("service_id", "resource_name", "region_key")
BY_ID = by(RegisteredLimit, registered_limits, "id")
BY_KEYS = by(RegisteredLimit, registered_limits, *KEYS)
IS_USED = select(limits.c.id).where(limits.c.registered_limit_id == bindparam("id")).limit(1)
LISTING = Listing(
    RegisteredLimit,
    registered_limits,
    filters={name: registered_limits.c[name] for name in ("service_id", "region_id", "resource_name")},
    sorts={"id": registered_limits.c.id},
    default_sort=(("id", "asc"),),
)
MISSING = (
    "Expecting to find {attribute} in {target}. The server could not comply with the request since it is either "
    "malformed or otherwise incorrect. The client is assumed to be in error."
)
DUPLICATE = "Conflict occurred attempting to store registered_limit - Duplicate entry."


def get(db: Db, limit_id: str) -> RegisteredLimit:
    """The registered limit; NotFound."""
    limit = db.one(BY_ID, id=limit_id)
    if limit is None:
        raise NotFound("Could not find registered limit for {id}.", id=limit_id)
    return limit


def find(db: Db, service_id: str, region_id: str | None, resource_name: str) -> RegisteredLimit | None:
    """The limit that is registered for a service's resource in just this region, or for no region."""
    return db.one(BY_KEYS, service_id=service_id, resource_name=resource_name, region_key=region_id or "")


def list_(db: Db, page: Page, filters: Mapping[str, Any]) -> list[RegisteredLimit]:
    return LISTING.page(db, page, filters)


def create(db: Db, wanted: Sequence[RegisteredLimitCreate]) -> list[RegisteredLimit]:
    """Insert several, all or none; Conflict for a service's resource that has one already."""
    for one in wanted:
        refuse_unknown(db, "registered_limit", one.service_id, one.region_id)
    made = [_inserted(db, one) for one in wanted]
    for limit in made:
        record(db, "registered_limit", "created", limit.id)
    return made


def _inserted(db: Db, wanted: RegisteredLimitCreate) -> RegisteredLimit:
    limit = RegisteredLimit(
        id=new_hex_id(),
        service_id=wanted.service_id,
        region_id=wanted.region_id,
        region_key=wanted.region_id or "",
        resource_name=wanted.resource_name,
        default_limit=wanted.default_limit,
        description=wanted.description,
    )
    with unique(DUPLICATE):
        return db.insert(registered_limits, limit)


def refuse_unknown(db: Db, target: str, service_id: str | None, region_id: str | None) -> None:
    """BadRequest for a service or a region that isn't there; `target` is what names it."""
    if service_id is not None and db.one(SERVICE, id=service_id) is None:
        raise BadRequest(MISSING, attribute="service_id", target=target)
    if region_id is not None and db.one(REGION, id=region_id) is None:
        raise BadRequest(MISSING, attribute="region_id", target=target)


def update(db: Db, limit_id: str, wanted: RegisteredLimitUpdate) -> RegisteredLimit:
    """Change one that no limit refers to, or Forbidden; Conflict if one has what it shall be, be it itself."""
    changes = fields(wanted)
    refuse_unknown(db, "registered_limit", changes.get("service_id"), changes.get("region_id"))
    limit = _unused(db, limit_id)
    if "region_id" in changes:
        changes["region_key"] = changes["region_id"] or ""
    if changes.keys() & set(KEYS):
        keys = {name: changes.get(name, getattr(limit, name)) for name in KEYS}
        # As in Keystone, where who names a key must change one: its own client says so to its users.
        if db.one(BY_KEYS, **keys) is not None:
            raise Conflict(DUPLICATE)
    if changes:
        with unique(DUPLICATE):
            db.update(registered_limits, {"id": limit_id}, **changes)
    record(db, "registered_limit", "updated", limit_id)
    return get(db, limit_id)


def _unused(db: Db, limit_id: str) -> RegisteredLimit:
    # The epoch's row is what makers of limits write first too: none can come to refer to this one from here on.
    bump(db)
    limit = get(db, limit_id)
    if db.value(IS_USED, id=limit_id) is not None:
        raise Forbidden(
            "Unable to update or delete registered limit {id} because there are project limits associated with it.",
            id=limit_id,
        )
    return limit


def delete(db: Db, limit_id: str) -> None:
    """Delete one that no limit refers to, or Forbidden."""
    _unused(db, limit_id)
    db.delete(registered_limits, id=limit_id)
    record(db, "registered_limit", "deleted", limit_id)
