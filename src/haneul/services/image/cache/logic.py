from collections.abc import Sequence

import msgspec

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, NotFound
from haneul.services.image.images.access import Viewer, visible
from haneul.services.image.images.logic import WAS_TAKEN
from haneul.services.image.images.models import Image
from haneul.services.image.images.queries import BY_ID
from haneul.services.image.locations import logic as locations
from haneul.services.image.locations.models import ACTIVE, Location


class Lying(msgspec.Struct, frozen=True):
    """An image, and the places where its bytes lie."""

    image: Image
    places: Sequence[Location]


def found(db: Db, image_id: str, viewer: Viewer) -> Image | None:
    """The image, if there is one that the viewer can see."""
    try:
        return visible(db, image_id, viewer)
    except NotFound:
        return None


def missing(image_id: str) -> NotFound:
    """The refusal of the cache's routes, whose words differ from those of the images' own."""
    return NotFound("Image {id} not found.", id=image_id)


def refuse_inactive(image: Image) -> None:
    """BadRequest for an image that has no bytes to be cached, or whose bytes are closed."""
    if image.status != "active":
        raise BadRequest("Only images with status active can be targeted for queueing")


def lying(db: Db, image_id: str) -> Lying | None:
    """What is to be known to fetch an image; None if there is none."""
    image = db.one(BY_ID, id=image_id)
    return Lying(image, locations.of_image(db, image_id, ACTIVE)) if image else None


def is_outdated(db: Db, image_id: str, digest: str) -> bool:
    """Whether bytes of an image are its own no more: it is deleted, or has others by now.

    An image that this database has never known may be one of a newer database's.
    """
    image = db.one(BY_ID, id=image_id)
    if image is None:
        return db.one(WAS_TAKEN, id=image_id) is not None
    return image.os_hash_value is not None and image.os_hash_value != digest
