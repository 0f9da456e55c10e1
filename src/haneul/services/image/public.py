"""What other services and the composition root may ask of the image service."""

from collections.abc import Sequence
from functools import partial

from haneul.kernel.auth import Caller
from haneul.kernel.db import Db, Store
from haneul.kernel.errors import BadRequest, NotFound, Unavailable
from haneul.services.image.drivers.base import Reader, Unreachable
from haneul.services.image.files.open_readers import OpenReaders
from haneul.services.image.files.sources import Sources
from haneul.services.image.images.access import NO_IMAGE, Viewer, visible
from haneul.services.image.images.models import Image
from haneul.services.image.images.proxied import ProxiedImages, discard, with_properties
from haneul.services.image.images.queries import BY_ID
from haneul.services.image.imports.of_servers import DiskCopy, NewServerImage, ServerImages
from haneul.services.image.imports.of_servers import begin as begin_server_image
from haneul.services.image.imports.of_servers import give_up as give_up_server_image
from haneul.services.image.imports.of_servers import outcome as server_image_outcome
from haneul.services.image.locations import logic as locations
from haneul.services.image.locations.models import ACTIVE, Location
from haneul.services.image.transfers.job import HostBytes
from haneul.services.image.wire import ImageAsk, ImageFacts, ImagePart

MOST_PART_BYTES = 8 << 20


def bootable(db: Db, image_id: str, caller: Caller) -> Image:
    """The image to make a server from; NotFound if the caller can't see it, BadRequest if it isn't active."""
    image = visible(db, image_id, Viewer(caller.project_id, "admin" in caller.roles))
    if image.status != "active":
        raise BadRequest("Image {id} is not active.", id=image.id)
    return image


def active_among(db: Db, image_ids: Sequence[str]) -> list[str]:
    """Those of the ids that are active images', in their order."""
    found = [db.one(BY_ID, id=image_id) for image_id in image_ids]
    return [image.id for image in found if image is not None and image.status == "active"]


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


def _lying(db: Db, image_id: str) -> tuple[Image, list[Location]]:
    image, found = db.one(BY_ID, id=image_id), locations.of_image(db, image_id, ACTIVE)
    if image is None or not found:
        raise NotFound(NO_IMAGE, id=image_id)
    return image, found


class ImageBytes:
    """Reads image bytes for hosts, wherever they lie; a host that goes on where it stopped finds its reader open."""

    def __init__(self, sources: Sources, readers: OpenReaders | None = None) -> None:
        self._sources = sources
        self.readers = OpenReaders() if readers is None else readers

    def read_part(self, store: Store, asked: ImagePart) -> bytes:
        """At most `length` bytes from `offset` on, 8 MiB at most; none at the end. NotFound for an image without."""
        image, places = store.read(partial(_lying, image_id=asked.image_id))
        offset, length = max(asked.offset, 0), min(max(asked.length, 0), MOST_PART_BYTES)
        what = (image.id, image.os_hash_value, tuple(place.id for place in places))
        reader = self.readers.take(what, offset)
        try:
            if reader is None:
                reader = self._sources.open_image(image, places)
                reader.seek(offset)
            part = reader.read(length)
        except Unreachable as away:
            _close(reader)
            raise Unavailable("{reason}", reason=str(away)) from away
        except BaseException:
            _close(reader)
            raise
        if len(part) < length:
            reader.close()
        else:
            self.readers.give(what, offset + len(part), reader)
        return part


def _close(reader: Reader | None) -> None:
    if reader is not None:
        reader.close()


__all__ = [
    "DiskCopy",
    "HostBytes",
    "Image",
    "ImageAsk",
    "ImageBytes",
    "ImageFacts",
    "ImagePart",
    "NewServerImage",
    "ProxiedImages",
    "ServerImages",
    "Viewer",
    "active_among",
    "begin_server_image",
    "bootable",
    "discard",
    "facts_of",
    "give_up_server_image",
    "server_image_outcome",
    "visible",
    "with_properties",
]
