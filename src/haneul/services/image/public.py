"""What other services and the composition root may ask of the image service."""

from pathlib import Path

import msgspec

from haneul.kernel.auth import Caller
from haneul.kernel.db import Db, Store
from haneul.kernel.errors import BadRequest, NotFound
from haneul.services.image.drivers import DRIVERS
from haneul.services.image.drivers.base import ImageStore
from haneul.services.image.files.intake import Intake
from haneul.services.image.files.logic import activate, claim, new_store_key, requeue
from haneul.services.image.images import logic
from haneul.services.image.images.access import NO_IMAGE, Viewer, visible
from haneul.services.image.images.models import Image, ImageRow
from haneul.services.image.images.queries import BY_ID, BY_OWNER_AND_NAME, details
from haneul.services.image.images.schemas import ImageCreate, fields_in
from haneul.services.image.wire import ImageAsk, ImageFacts, ImagePart

MOST_PART_BYTES = 8 << 20
READ_BYTES = 1 << 20


def bootable(db: Db, image_id: str, caller: Caller) -> Image:
    """The image to make a server from; NotFound if the caller can't see it, BadRequest if it isn't active."""
    row = visible(db, image_id, Viewer(caller.project_id, "admin" in caller.roles))
    if row.status != "active":
        raise BadRequest("Image {id} is not active.", id=row.id)
    return details(db, [row])[0]


def facts_of(db: Db, image_id: str) -> ImageFacts:
    """What a host needs to know of an image before its bytes; NotFound if it has none."""
    row = _with_bytes(db, image_id)
    return ImageFacts(
        id=row.id,
        disk_format=row.disk_format or "raw",
        size=row.size or 0,
        sha512=row.os_hash_value,
        virtual_size=row.virtual_size or row.size or 0,
    )


def _with_bytes(db: Db, image_id: str) -> ImageRow:
    row = db.one(BY_ID, id=image_id)
    if row is None or row.size is None or row.store_key is None:
        raise NotFound(NO_IMAGE, id=image_id)
    return row


class ImageBytes:
    """Reads image bytes for hosts, wherever the driver keeps them."""

    def __init__(self, driver: ImageStore) -> None:
        self._driver = driver

    def read_part(self, store: Store, asked: ImagePart) -> bytes:
        """At most `length` bytes from `offset` on, 8 MiB at most; none at the end. NotFound for an image without."""
        row = store.read(lambda db: _with_bytes(db, asked.image_id))
        assert row.store_key is not None
        with self._driver.open(row.store_key) as file:
            file.seek(max(asked.offset, 0))
            return file.read(min(max(asked.length, 0), MOST_PART_BYTES))


class NewImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image that the program itself brings along."""

    name: str
    project_id: str
    disk_format: str
    visibility: str = "public"
    min_disk: int = 0
    min_ram: int = 0
    properties: dict[str, str] = {}


def import_file(store: Store, driver: ImageStore, path: Path, wanted: NewImage) -> str:
    """Make an image of a file on this machine, checked as an upload is; its id.

    An image of that name and owner with bytes is left as it is; one without gets them.
    """
    row = store.write(lambda db: _own(db, wanted))
    if row.status != "queued":
        return row.id
    key = new_store_key(row.id)
    draft = driver.open_draft(key)
    try:
        store.write(lambda db: claim(db, row, key))
        intake = Intake(draft, path.stat().st_size)
        with path.open("rb") as file:
            while chunk := file.read(READ_BYTES):
                intake.take(chunk)
        received = intake.finish(row, None)
        store.write(lambda db: activate(db, row.id, key, received))
    except BaseException:
        draft.discard()
        store.write(lambda db: requeue(db, row.id, key))
        raise
    draft.release()
    return row.id


def _own(db: Db, wanted: NewImage) -> ImageRow:
    found = db.one(BY_OWNER_AND_NAME, project_id=wanted.project_id, name=wanted.name)
    if found is not None:
        return found
    given = {
        "name": wanted.name,
        "visibility": wanted.visibility,
        "disk_format": wanted.disk_format,
        "container_format": "bare",
        "min_disk": wanted.min_disk,
        "min_ram": wanted.min_ram,
    }
    return logic.create(db, ImageCreate(fields_in(given), wanted.properties, wanted.project_id)).row


def open_store(driver: str, folder: Path) -> ImageStore:
    """The store of this name, in a folder of ours."""
    return DRIVERS[driver](folder)


__all__ = [
    "Image",
    "ImageAsk",
    "ImageBytes",
    "ImageFacts",
    "ImagePart",
    "ImageRow",
    "ImageStore",
    "NewImage",
    "bootable",
    "facts_of",
    "import_file",
    "open_store",
]
