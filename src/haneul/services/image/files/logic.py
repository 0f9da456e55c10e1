from datetime import timedelta

import msgspec

from haneul.kernel import operations
from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.kernel.errors import Conflict, Forbidden, Gone
from haneul.services.image.cache.news import news
from haneul.services.image.images import bin as waste
from haneul.services.image.images.logic import delete, touch, touch_surely
from haneul.services.image.images.models import Image
from haneul.services.image.images.queries import BY_ID
from haneul.services.image.imports import logic as imports
from haneul.services.image.locations import logic as locations
from haneul.services.image.locations.logic import Place
from haneul.services.image.locations.models import ACTIVE, INCOMING, STAGED
from haneul.services.image.transfers import logic as transfers

GONE = (
    "Image {id} could not be found after upload. The image may have been deleted during the upload, cleaning up "
    "the chunks uploaded."
)
# What an image is while bytes come in by a request, by the state that they will then have.
RECEIVING = {ACTIVE: "saving", STAGED: "uploading"}


class Received(msgspec.Struct, frozen=True):
    """What is known of bytes once all have come: `size` in bytes, digests in hexadecimal."""

    size: int
    md5: str
    hash_name: str
    hash: str
    virtual_size: int | None


def claim(db: Db, image: Image, place: Place, wanted: str) -> int:
    """Let one upload begin, to be made the image or to be staged; the number of its location.

    Conflict if the image has its bytes or gets them from another.
    """
    imports.refuse_busy(image)
    status = RECEIVING[wanted]
    if image.status != "queued":
        raise Conflict("Image status transition from {old} to {new} is not allowed", old=image.status, new=status)
    if wanted == ACTIVE:
        locations.refuse_formless(image)
    touch(db, image, status=status)
    return locations.add(db, image.id, place, INCOMING)


def activate(db: Db, image_id: str, number: int, received: Received) -> None:
    """The claimed image has its bytes; Gone if it was deleted meanwhile."""
    image = db.one(BY_ID, id=image_id)
    if image is None or image.status != "saving" or not locations.settle(db, number, ACTIVE, received.size):
        raise Gone(GONE, id=image_id)
    touch_surely(db, image, status="active", **facts(received))


def stage(db: Db, image_id: str, number: int, size: int) -> None:
    """The claimed image's bytes wait for their import; Gone if it was deleted meanwhile."""
    image = db.one(BY_ID, id=image_id)
    if image is None or image.status != "uploading" or not locations.settle(db, number, STAGED, size):
        raise Gone(GONE, id=image_id)
    touch_surely(db, image, size=size)


def facts(received: Received) -> dict[str, object]:
    """What an image says of its bytes."""
    return {
        "size": received.size,
        "virtual_size": received.virtual_size,
        "checksum": received.md5,
        "os_hash_algo": received.hash_name,
        "os_hash_value": received.hash,
    }


def requeue(db: Db, number: int) -> None:
    """The upload came to nothing and left nothing: another may begin."""
    location = locations.get(db, number)
    if location is not None and location.state == INCOMING:
        locations.forget(db, location)
        _queue(db, location.image_id)


def give_up(db: Db, number: int, key: str) -> bool:
    """The upload broke off: its bytes shall go, and another may begin. False if the image has them all the same."""
    location = locations.get(db, number)
    # SQLite gives the number of a location that went with its image to another one.
    if location is None or location.key != key:
        return True
    if location.state != INCOMING:
        return False
    locations.drop(db, [location])
    _queue(db, location.image_id)
    return True


def _queue(db: Db, image_id: str) -> None:
    image = db.one(BY_ID, id=image_id)
    if image is not None and image.status in RECEIVING.values():
        touch_surely(db, image, status="queued")


def remove(db: Db, image: Image, keep_s: int) -> None:
    """Delete an image, end what is at work on it, and note that its bytes shall go; Forbidden if it is protected.

    What it is made of is kept for so many seconds, with what it takes to restore it.
    """
    # Of two that change it at once the second has to see what the first has done.
    image = touch_surely(db, image)
    for number in operations.unfinished(db, image.id):
        transfers.cancel(db, number)
    operations.wake(db, image.id)
    found = locations.of_image(db, image.id)
    is_whole = image.status in ("active", "deactivated")
    kept = [one for one in found if keep_s and is_whole and one.state == ACTIVE]
    if kept:
        waste.put(db, image, kept)
    locations.condemn(db, kept, now() + timedelta(seconds=keep_s))
    locations.condemn(db, [one for one in found if one not in kept])
    delete(db, image)
    news.told(db)


def refuse_download(image: Image, *, is_admin: bool) -> None:
    """Forbidden for a deactivated image, to all but administrators."""
    if image.status == "deactivated" and not is_admin:
        raise Forbidden("The requested image has been deactivated. Image data download is forbidden.")
