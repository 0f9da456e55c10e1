from collections.abc import Mapping
from typing import Any, Literal

from haneul.kernel.clock import iso_seconds
from haneul.kernel.http import Call
from haneul.kernel.ids import is_uuid_like
from haneul.kernel.schema import UNSET, UnsetType
from haneul.services.compute.images_proxy.schemas import STATUSES, ImageSummary, ImageView, Links
from haneul.services.compute.links import links
from haneul.services.image.public import Image

PROGRESS = {"queued": 25, "saving": 50, "uploading": 50, "importing": 50, "active": 100}
TRUE_WORDS = frozenset(("1", "t", "true", "on", "y", "yes"))


def image_summary(call: Call, image: Image, images_at: str) -> ImageSummary:
    """An image with its name; the image service is found at this URL."""
    return ImageSummary(id=image.id, name=image.name, links=_links(call, image.id, images_at))


def _links(call: Call, image_id: str, images_at: str) -> Links:
    path = f"/images/{image_id}"
    there = {"rel": "alternate", "type": "application/vnd.openstack.image", "href": images_at + path}
    return [*links(call, path), there]


def image_view(call: Call, image: Image, properties: Mapping[str, str], images_at: str) -> ImageView:
    """An image with the properties of it that the caller may read."""
    return ImageView(
        id=image.id,
        name=image.name,
        status=STATUSES.get(image.status, "UNKNOWN"),
        progress=PROGRESS.get(image.status, 0),
        created=iso_seconds(image.created_at),
        updated=iso_seconds(image.updated_at),
        minDisk=image.min_disk,
        minRam=image.min_ram,
        metadata=dict(properties),
        links=_links(call, image.id, images_at),
        size=image.size or 0,
        server=_server(call, properties.get("instance_uuid", "")),
        disk_config=_disk_config(properties.get("auto_disk_config")),
    )


def _server(call: Call, server_id: str) -> dict[str, Any] | UnsetType:
    """The server that the image was made of; anyone may write the property, so it may name none."""
    if not is_uuid_like(server_id):
        return UNSET
    return {"id": server_id, "links": links(call, f"/servers/{server_id}")}


def _disk_config(written: str | None) -> Literal["AUTO", "MANUAL"] | UnsetType:
    if written is None:
        return UNSET
    return "AUTO" if written.strip().lower() in TRUE_WORDS else "MANUAL"
