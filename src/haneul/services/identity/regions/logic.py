from collections.abc import Mapping
from typing import Any

from haneul.kernel.db import Db, by, fields, unique
from haneul.kernel.db.listing import Listing, Page
from haneul.kernel.errors import BadRequest, Forbidden, NotFound
from haneul.kernel.ids import new_hex_id
from haneul.services.identity.audit.logic import record
from haneul.services.identity.epoch import bump
from haneul.services.identity.extras import merged
from haneul.services.identity.regions import tree
from haneul.services.identity.regions.models import Region, regions
from haneul.services.identity.regions.schemas import RegionCreate, RegionUpdate

BY_ID = by(Region, regions, "id")
LISTING = Listing(
    Region,
    regions,
    filters={"parent_region_id": regions.c.parent_region_id},
    sorts={"id": regions.c.id},
    default_sort=(("id", "asc"),),
)
MOST_CHARACTERS = 255
DUPLICATE = "Conflict occurred attempting to store region - Duplicate ID, {id}."


def get(db: Db, region_id: str) -> Region:
    """The region; NotFound."""
    region = db.one(BY_ID, id=region_id)
    if region is None:
        raise NotFound("Could not find region: {id}.", id=region_id)
    return region


def list_(db: Db, page: Page, filters: Mapping[str, Any]) -> list[Region]:
    return LISTING.page(db, page, filters)


def create(db: Db, wanted: RegionCreate, extra: Mapping[str, Any]) -> Region:
    """Insert a region; Conflict if there is one with the id, NotFound if the one around it isn't there."""
    if wanted.parent_region_id is not None:
        get(db, wanted.parent_region_id)
    if len(wanted.id or "") > MOST_CHARACTERS:
        raise BadRequest("Invalid input for field/attribute id: at most {most} characters.", most=MOST_CHARACTERS)
    region = Region(wanted.id or new_hex_id(), wanted.description or "", wanted.parent_region_id, dict(extra))
    with unique(DUPLICATE, region):
        db.insert(regions, region)
    record(db, "region", "created", region.id)
    return region


def ensure(db: Db, region_id: str) -> None:
    """Make the region if it isn't there."""
    if db.one(BY_ID, id=region_id) is None:
        create(db, RegionCreate(id=region_id), {})


def update(db: Db, region: Region, wanted: RegionUpdate, extra: Mapping[str, Any]) -> Region:
    """Change a region; BadRequest if it would stand inside itself."""
    # Two moves at once could close a circle that neither of them sees.
    bump(db)
    changes = fields(wanted)
    if "description" in changes:
        changes["description"] = changes["description"] or ""
    if parent_id := changes.get("parent_region_id"):
        _refuse_circle(db, region, parent_id)
    if extra:
        changes["extra"] = merged(get(db, region.id).extra, extra)
    if changes:
        db.update(regions, {"id": region.id}, **changes)
    record(db, "region", "updated", region.id)
    return get(db, region.id)


def _refuse_circle(db: Db, region: Region, parent_id: str) -> None:
    if region.id in tree.above(db, get(db, parent_id).id):
        raise BadRequest(
            "The specified parent region {parent_region_id} would create a circular region hierarchy.",
            parent_region_id=parent_id,
        )


def delete(db: Db, region: Region) -> None:
    """Delete a region with those inside it; Forbidden if any of them has endpoints."""
    bump(db)
    if tree.has_endpoints(db, region.id):
        raise Forbidden(
            "Unable to delete region {id} because it or its child regions have associated endpoints.", id=region.id
        )
    # The innermost goes first: each refers to the one around it.
    for region_id in reversed(tree.below(db, region.id)):
        db.delete(regions, id=region_id)
        record(db, "region", "deleted", region_id)
