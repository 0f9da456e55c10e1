"""Deleted images whose bytes are kept for a while, so that an operator can restore them."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import bindparam

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, columns_of
from haneul.kernel.errors import Conflict, NotFound
from haneul.services.image.images.models import (
    Binned,
    Image,
    PropertyRow,
    TagRow,
    binned,
    images,
    properties,
    retired,
    tags,
)
from haneul.services.image.images.queries import BINNED
from haneul.services.image.images.schemas import RESERVED_PREFIX
from haneul.services.image.locations import deletions
from haneul.services.image.locations.models import Location
from haneul.services.image.members.logic import OF_IMAGE as MEMBERS_OF
from haneul.services.image.members.models import Member, members

NOT_BINNED = "There is no deleted image {id} whose bytes are kept."
PAGE = Query(
    Binned,
    columns_of(Binned, binned).where(binned.c.id > bindparam("after")).order_by(binned.c.id).limit(100),
)


class Record(msgspec.Struct, frozen=True):
    """What it takes to restore an image."""

    image: Image
    members: list[Member]
    locations: list[Location]


def put(db: Db, image: Image, kept: list[Location]) -> None:
    """Keep what it takes to restore an image that is deleted in this transaction."""
    # What was at work on it has ended with it.
    custom = {name: value for name, value in image.properties.items() if not name.startswith(RESERVED_PREFIX)}
    record = Record(replace(image, properties=custom), db.all(MEMBERS_OF, image_id=image.id), kept)
    db.insert(binned, Binned(id=image.id, record=msgspec.to_builtins(record), deleted_at=now()))


def restore(db: Db, image_id: str) -> Image:
    """Undo the deletion of an image; NotFound if it isn't kept, Conflict if its bytes are going already."""
    record = record_of(db, image_id)
    if record is None:
        raise NotFound(NOT_BINNED, id=image_id)
    image = record.image
    if not db.delete(binned, id=image_id):
        raise NotFound(NOT_BINNED, id=image_id)
    db.delete(retired, id=image_id)
    db.insert(images, image)
    db.insert_all(properties, [PropertyRow(image_id, name, value) for name, value in image.properties.items()])
    db.insert_all(tags, [TagRow(image_id, tag) for tag in image.tags])
    db.insert_all(members, record.members)
    for one in record.locations:
        if not deletions.spare(db, one):
            raise Conflict("The bytes of image {id} are being deleted already.", id=image_id)
    return image


def record_of(db: Db, image_id: str) -> Record | None:
    """What is kept of a deleted image; None if nothing is."""
    found = db.one(BINNED, id=image_id)
    return None if found is None else msgspec.convert(found.record, Record)


def forget(db: Db, image_id: str) -> None:
    """The image's bytes are gone, and with them the way back."""
    db.delete(binned, id=image_id)


def kept(db: Db) -> list[dict[str, Any]]:
    """Every image that can be restored: its id, name, owner and the moment of its deletion."""
    found: list[dict[str, Any]] = []
    after = ""
    while page := db.all(PAGE, after=after):
        after = page[-1].id
        found += [_summary(one.id, one.record["image"], one.deleted_at) for one in page]
    return found


def _summary(image_id: str, image: dict[str, Any], deleted_at: datetime) -> dict[str, Any]:
    return {"id": image_id, "name": image["name"], "project_id": image["project_id"], "deleted_at": deleted_at}
