"""What other services and the composition root may ask of the image service."""

from haneul.kernel.auth import Caller
from haneul.kernel.db import Db, Store
from haneul.kernel.errors import BadRequest, NotFound
from haneul.services.image.files.sources import Sources
from haneul.services.image.images.access import NO_IMAGE, Viewer, visible
from haneul.services.image.images.models import Image
from haneul.services.image.images.queries import BY_ID
from haneul.services.image.locations import logic as locations
from haneul.services.image.locations.models import ACTIVE, Location
from haneul.services.image.wire import ImageAsk, ImageFacts, ImagePart

MOST_PART_BYTES = 8 << 20


def bootable(db: Db, image_id: str, caller: Caller) -> Image:
    """The image to make a server from; NotFound if the caller can't see it, BadRequest if it isn't active."""
    image = visible(db, image_id, Viewer(caller.project_id, "admin" in caller.roles))
    if image.status != "active":
        raise BadRequest("Image {id} is not active.", id=image.id)
    return image


def facts_of(db: Db, image_id: str) -> ImageFacts:
    """What a host needs to know of an image before its bytes; NotFound if it has none."""
    image = db.one(BY_ID, id=image_id)
    if image is None or not image.stores:
        raise NotFound(NO_IMAGE, id=image_id)
    size = image.size or 0
    return ImageFacts(
        id=image.id,
        disk_format=image.disk_format or "raw",
        size=size,
        hash_name=image.os_hash_algo,
        hash=image.os_hash_value,
        virtual_size=image.virtual_size or size,
    )


def _places(db: Db, image_id: str) -> list[Location]:
    found = locations.of_image(db, image_id, ACTIVE)
    if not found:
        raise NotFound(NO_IMAGE, id=image_id)
    return found


class ImageBytes:
    """Reads image bytes for hosts, wherever they lie."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def read_part(self, store: Store, asked: ImagePart) -> bytes:
        """At most `length` bytes from `offset` on, 8 MiB at most; none at the end. NotFound for an image without."""
        places = store.read(lambda db: _places(db, asked.image_id))
        file = self._sources.open(places)
        try:
            file.seek(max(asked.offset, 0))
            return file.read(min(max(asked.length, 0), MOST_PART_BYTES))
        finally:
            file.close()


__all__ = [
    "Image",
    "ImageAsk",
    "ImageBytes",
    "ImageFacts",
    "ImagePart",
    "bootable",
    "facts_of",
]
