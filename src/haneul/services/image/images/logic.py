from typing import Any

from haneul.kernel.clock import now
from haneul.kernel.db import Db, by, fields, unique
from haneul.kernel.errors import Conflict, Forbidden, OverQuota
from haneul.kernel.ids import new_uuid
from haneul.services.image.images.models import (
    Deletion,
    Image,
    ImageRow,
    PropertyRow,
    Retired,
    TagRow,
    deletions,
    images,
    properties,
    retired,
    tags,
)
from haneul.services.image.images.queries import BY_ID, details
from haneul.services.image.images.schemas import MOST_PROPERTIES, MOST_TAGS, ImageCreate

TAKEN = "Image ID {id} already exists!"
WAS_TAKEN = by(Retired, retired, "id")
BUSY = "An object with the same identifier is currently being operated on."


def get(db: Db, image_id: str) -> Image | None:
    """The image whoever may see it; None if there is none."""
    row = db.one(BY_ID, id=image_id)
    return None if row is None else details(db, [row])[0]


def create(db: Db, wanted: ImageCreate) -> Image:
    """Insert an image without bytes; Conflict if its id is taken or was, OverQuota for too many tags or properties."""
    given = fields(wanted.fields)
    custom, marks = wanted.properties, sorted(set(given.pop("tags", ())))
    refuse_many(len(custom), len(marks))
    given.pop("owner", None)
    moment = now()
    row = ImageRow(
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
        store_key=None,
        created_at=moment,
        updated_at=moment,
    )
    if db.one(WAS_TAKEN, id=row.id) is not None:
        raise Conflict(TAKEN, id=row.id)
    with unique(TAKEN, id=row.id):
        db.insert(images, row)
    db.insert_all(properties, [PropertyRow(row.id, name, value) for name, value in custom.items()])
    db.insert_all(tags, [TagRow(row.id, tag) for tag in marks])
    return Image(row, custom, marks)


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
    row_id = old.row.id
    if len(new.properties) > len(old.properties):
        refuse_many(len(new.properties), 0)
    refuse_many(0, len(new.tags))
    values = {name: value for name, value in fields(new.row).items() if value != getattr(old.row, name)}
    touch(db, old.row, **values)
    for name in old.properties.keys() - new.properties.keys():
        db.delete(properties, image_id=row_id, name=name)
    for name in old.properties.keys() & new.properties.keys():
        if old.properties[name] != new.properties[name]:
            db.update(properties, {"image_id": row_id, "name": name}, value=new.properties[name])
    added = new.properties.keys() - old.properties.keys()
    db.insert_all(properties, [PropertyRow(row_id, name, new.properties[name]) for name in added])
    for tag in set(old.tags) - set(new.tags):
        db.delete(tags, image_id=row_id, value=tag)
    db.insert_all(tags, [TagRow(row_id, tag) for tag in sorted(set(new.tags) - set(old.tags))])
    found = get(db, row_id)
    assert found is not None
    return found


def touch(db: Db, row: ImageRow, **values: Any) -> None:
    """Change an image as it was read; Conflict if somebody else was quicker."""
    changed = db.update(images, {"id": row.id, "updated_at": row.updated_at}, updated_at=now(), **values)
    if not changed:
        raise Conflict(BUSY)


def set_active(db: Db, row: ImageRow, *, active: bool) -> None:
    """Open an image's bytes to downloads, or close them; Forbidden for an image that has none."""
    if row.status not in ("active", "deactivated"):
        raise Forbidden(
            "Not allowed to {verb} image in status '{status}'",
            verb="reactivate" if active else "deactivate",
            status=row.status,
        )
    wanted = "active" if active else "deactivated"
    if row.status != wanted:
        touch(db, row, status=wanted)


def delete(db: Db, row: ImageRow) -> str | None:
    """Delete an image, and note that its bytes shall go; the key of those bytes. Forbidden if it is protected."""
    if row.protected:
        raise Forbidden("Image {id} is protected and cannot be deleted.", id=row.id)
    if not db.delete(images, id=row.id, updated_at=row.updated_at):
        raise Conflict(BUSY)
    db.insert(retired, Retired(row.id))
    if row.store_key is not None:
        db.insert(deletions, Deletion(row.store_key))
    return row.store_key


def forget_bytes(db: Db, store_key: str) -> None:
    """The bytes are gone."""
    db.delete(deletions, store_key=store_key)
