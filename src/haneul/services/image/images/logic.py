from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Outrun, by, fields, unique
from haneul.kernel.errors import Conflict, Forbidden, OverQuota
from haneul.kernel.ids import new_uuid
from haneul.services.image.images.models import (
    Image,
    PropertyRow,
    Retired,
    TagRow,
    images,
    properties,
    retired,
    tags,
)
from haneul.services.image.images.queries import BY_ID
from haneul.services.image.images.schemas import MOST_PROPERTIES, MOST_TAGS, ImageCreate

TAKEN = "Image ID {id} already exists!"
WAS_TAKEN = by(Retired, retired, "id")
BUSY = "An object with the same identifier is currently being operated on."


def get(db: Db, image_id: str) -> Image | None:
    """The image whoever may see it; None if there is none."""
    return db.one(BY_ID, id=image_id)


def was_deleted(db: Db, image_id: str) -> bool:
    """Whether there was an image of this id, and is no more."""
    return db.one(WAS_TAKEN, id=image_id) is not None


def create(db: Db, wanted: ImageCreate) -> Image:
    """Insert an image without bytes; Conflict if its id is taken or was, OverQuota for too many tags or properties."""
    given = fields(wanted.fields)
    custom, marks = wanted.properties, sorted(set(given.pop("tags", ())))
    refuse_many(len(custom), len(marks))
    given.pop("owner", None)
    moment = now()
    image = Image(
        id=given.pop("id", None) or new_uuid(),
        name=given.pop("name", None),
        status="queued",
        visibility=given.pop("visibility", "shared"),
        project_id=wanted.project_id,
        protected=given.pop("protected", False),
        os_hidden=given.pop("os_hidden", False),
        disk_format=given.pop("disk_format", None),
        container_format=given.pop("container_format", None),
        size=None,
        virtual_size=None,
        min_disk=given.pop("min_disk", 0),
        min_ram=given.pop("min_ram", 0),
        checksum=None,
        os_hash_algo=None,
        os_hash_value=None,
        properties=custom,
        tags=marks,
        stores="",
        created_at=moment,
        updated_at=moment,
    )
    if was_deleted(db, image.id):
        raise Conflict(TAKEN, id=image.id)
    with unique(TAKEN, id=image.id):
        db.insert(images, image)
    db.insert_all(properties, [PropertyRow(image.id, name, value) for name, value in custom.items()])
    db.insert_all(tags, [TagRow(image.id, tag) for tag in marks])
    return image


def refuse_many(property_count: int, tag_count: int) -> None:
    """OverQuota for more properties or tags than an image may have."""
    for things, attempted, most in (("properties", property_count, MOST_PROPERTIES), ("tags", tag_count, MOST_TAGS)):
        if attempted > most:
            raise OverQuota(
                "The limit has been exceeded on the number of allowed image {things}. Attempted: {attempted}, "
                "Maximum: {most}",
                things=things,
                attempted=attempted,
                most=most,
            )


def save(db: Db, old: Image, new: Image) -> Image:
    """Write what differs; Conflict if somebody else changed the image since `old` was read."""
    if len(new.properties) > len(old.properties):
        refuse_many(len(new.properties), 0)
    refuse_many(0, len(new.tags))
    saved = touch(db, old, **{name: value for name, value in fields(new).items() if value != getattr(old, name)})
    _save_properties(db, old, new.properties)
    for tag in set(old.tags) - set(new.tags):
        db.delete(tags, image_id=old.id, value=tag)
    db.insert_all(tags, [TagRow(old.id, tag) for tag in sorted(set(new.tags) - set(old.tags))])
    return saved


def _save_properties(db: Db, old: Image, wanted: Mapping[str, str]) -> None:
    for name in old.properties.keys() - wanted.keys():
        db.delete(properties, image_id=old.id, name=name)
    for name in old.properties.keys() & wanted.keys():
        if old.properties[name] != wanted[name]:
            db.update(properties, {"image_id": old.id, "name": name}, value=wanted[name])
    added = sorted(wanted.keys() - old.properties.keys())
    db.insert_all(properties, [PropertyRow(old.id, name, wanted[name]) for name in added])


def touch(db: Db, old: Image, **values: Any) -> Image:
    """Change an image as it was read; Conflict if somebody else was quicker."""
    # Two changes within one tick of the clock must not look the same.
    moment = max(now(), old.updated_at + timedelta(microseconds=1))
    if not db.update(images, {"id": old.id, "updated_at": old.updated_at}, updated_at=moment, **values):
        raise Conflict(BUSY)
    return msgspec.structs.replace(old, updated_at=moment, **values)


def touch_surely(db: Db, old: Image, **values: Any) -> Image:
    """Change an image by what has happened anyway; the transaction runs again if somebody else was quicker."""
    try:
        return touch(db, old, **values)
    except Conflict:
        raise Outrun from None


def set_active(db: Db, image: Image, *, active: bool) -> None:
    """Open an image's bytes to downloads, or close them; Forbidden for an image that has none."""
    if image.status not in ("active", "deactivated"):
        raise Forbidden(
            "Not allowed to {verb} image in status '{status}'",
            verb="reactivate" if active else "deactivate",
            status=image.status,
        )
    wanted = "active" if active else "deactivated"
    if image.status != wanted:
        touch(db, image, status=wanted)


def delete(db: Db, image: Image) -> None:
    """Delete an image whose bytes nobody speaks of any more. Forbidden if it is protected."""
    if image.protected:
        raise Forbidden("Image {id} is protected and cannot be deleted.", id=image.id)
    if not db.delete(images, id=image.id, updated_at=image.updated_at):
        raise Conflict(BUSY)
    db.insert(retired, Retired(image.id))
