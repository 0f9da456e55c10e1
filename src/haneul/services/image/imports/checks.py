"""What an import as asked for is refused for, in Glance's order and words (glance: api/v2/images.py)."""

import uuid
from collections.abc import Mapping
from typing import Any

from haneul.host.net.fetch import Fetcher, Refused
from haneul.kernel.errors import BadRequest, Conflict
from haneul.services.image.images.models import Image
from haneul.services.image.imports.schemas import ImportAsked

MOST_TEXT = 255


def refuse_state(image: Image, asked: ImportAsked) -> None:
    """Conflict if the image isn't ready for an import of this method."""
    if image.status == "active" and asked.name != "copy-image":
        raise Conflict("Image with status active cannot be target for import")
    if image.status != "active" and asked.name == "copy-image":
        raise Conflict("Only images with status active can be targeted for copying")
    if image.status != "queued" and asked.name in ("web-download", "glance-download"):
        raise Conflict("Image needs to be in 'queued' state to use '{name}' method", name=asked.name)
    if asked.name == "glance-direct" and (image.status != "uploading" or image.size is None):
        raise Conflict("Image needs to be staged before 'glance-direct' method can be used")
    for name in ("container_format", "disk_format"):
        if not getattr(image, name):
            raise Conflict("'{name}' needs to be set before import", name=name)


def remote_of(method: Mapping[str, Any]) -> dict[str, Any]:
    """The method glance-download with all that it needs; BadRequest if that isn't said."""
    for name in ("glance_region", "glance_image_id"):
        if name not in method:
            raise BadRequest("'{name}' needs to be set for glance-download import method", name=name)
    told = {"glance_service_interface": "public", **method}
    text = str(told["glance_image_id"])[:MOST_TEXT]
    try:
        # In its plain form, since it becomes part of an URL.
        told["glance_image_id"] = str(uuid.UUID(text))
    except ValueError:
        raise BadRequest("Remote image id does not look like a UUID: {id}", id=text) from None
    for name in ("glance_region", "glance_service_interface"):
        if not isinstance(told[name], str) or len(told[name]) > MOST_TEXT:
            raise BadRequest("'{name}' must be a string of at most {most} characters.", name=name, most=MOST_TEXT)
    return told


class UriFilter:
    """Which addresses may be read on behalf of tenants."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def refuse(self, uri: str, purpose: str) -> None:
        """BadRequest for an address that may not be read for this."""
        try:
            self._fetcher.check(uri)
        except Refused:
            raise BadRequest("URI for {purpose} does not pass filtering: {uri}", purpose=purpose, uri=uri) from None


def missing(image: Image, asked: ImportAsked, stores: list[str]) -> list[str]:
    """The stores that an image is to be copied to; BadRequest if one that was named has it already."""
    have = image.stores.split(",")
    for store in stores:
        if store in have and not asked.all_stores:
            raise BadRequest("Image is already present at store '{store}'", store=store)
    return [store for store in stores if store not in have]
