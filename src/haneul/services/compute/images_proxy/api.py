"""Images through compute. Source: Compute API reference, "Images", up to 2.35, and their metadata, up to 2.38."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from haneul.kernel.errors import BadRequest, Forbidden, NotFound
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.services.compute.base_rules import IS_ADMIN
from haneul.services.compute.images_proxy.asking import asked_of_images
from haneul.services.compute.images_proxy.schemas import ImageSummary, ImageView
from haneul.services.compute.images_proxy.views import image_summary, image_view
from haneul.services.compute.server_images.properties import refuse_many
from haneul.services.compute.server_metadata.schemas import OneItem
from haneul.services.compute.servers.schemas import Metadata
from haneul.services.compute.viewers import LAST
from haneul.services.image.public import Image, ProxiedImages, Viewer, visible

SEE = Rule("os_compute_api:images", "rule:project_reader_or_admin", "List and show images through compute.")
DELETE = Rule("os_compute_api:images:delete", "rule:project_member_or_admin", "Delete an image through compute.")
CHANGE = Rule("os_compute_api:image-metadata", "rule:project_member_or_admin", "Change an image's properties.")
PLURAL = "/v2.1/images"
ONE = PLURAL + "/{image_id}"
METADATA = ONE + "/metadata"
ITEM = METADATA + "/{key}"
LAST_METADATA = "2.38"
V = TypeVar("V")


def routes_with(images: ProxiedImages, images_at: str) -> Routes:
    """The routes; the image service is found at this URL."""
    routes = Routes()

    def properties(call: Call, image: Image) -> dict[str, str]:
        return images.properties_of(image, call.caller.roles)

    @routes.get(PLURAL, rule=SEE, wraps="images", until=LAST)
    def list_images(call: Call) -> Listed[ImageSummary]:
        return _listed(call, images, lambda image: image_summary(call, image, images_at))

    @routes.get(f"{PLURAL}/detail", rule=SEE, wraps="images", until=LAST)
    def list_images_in_detail(call: Call) -> Listed[ImageView]:
        return _listed(call, images, lambda image: image_view(call, image, properties(call, image), images_at))

    @routes.get(ONE, rule=SEE, wraps="image", until=LAST)
    def get_image(call: Call, image_id: str) -> ImageView:
        image = _shown(call, image_id)
        return image_view(call, image, properties(call, image), images_at)

    @routes.delete(ONE, rule=DELETE, until=LAST)
    def delete_image(call: Call, image_id: str) -> None:
        _delete(call, images, image_id)

    @routes.get(METADATA, rule=SEE, wraps="metadata", until=LAST_METADATA)
    def list_image_metadata(call: Call, image_id: str) -> dict[str, str]:
        return properties(call, _shown(call, image_id))

    @routes.post(METADATA, rule=CHANGE, wraps="metadata", status=200, until=LAST_METADATA)
    def add_image_metadata(call: Call, image_id: str, body: Metadata) -> dict[str, str]:
        image = _seen(call, image_id)
        return _changed(call, images, image, {**properties(call, image), **body})

    @routes.put(METADATA, rule=CHANGE, wraps="metadata", until=LAST_METADATA)
    def replace_image_metadata(call: Call, image_id: str, body: Metadata) -> dict[str, str]:
        return _changed(call, images, _seen(call, image_id), body)

    @routes.get(ITEM, rule=SEE, wraps="meta", until=LAST_METADATA)
    def show_image_metadata_item(call: Call, image_id: str, key: str) -> dict[str, str]:
        found = properties(call, _shown(call, image_id))
        _refuse_missing(found, key, "The resource could not be found.")
        return {key: found[key]}

    @routes.put(ITEM, rule=CHANGE, wraps="meta", until=LAST_METADATA)
    def update_image_metadata_item(call: Call, image_id: str, key: str, body: OneItem) -> dict[str, str]:
        if key not in body:
            raise BadRequest("Request body and URI mismatch")
        image = _seen(call, image_id)
        _changed(call, images, image, {**properties(call, image), **body})
        return body

    @routes.delete(ITEM, rule=CHANGE, until=LAST_METADATA)
    def delete_image_metadata_item(call: Call, image_id: str, key: str) -> None:
        image = _seen(call, image_id)
        found = properties(call, image)
        _refuse_missing(found, key, "Invalid metadata key")
        _changed(call, images, image, {name: value for name, value in found.items() if name != key})

    return routes


def _viewer(call: Call) -> Viewer:
    return Viewer(call.caller.project_id, call.allows(IS_ADMIN))


def _listed(call: Call, images: ProxiedImages, view: Callable[[Image], V]) -> Listed[V]:
    call.enforce(call.caller)
    found = images.page(call.db, asked_of_images(call), _viewer(call))
    return listed(call.page(), found, view, lambda image: image.id)


def _seen(call: Call, image_id: str) -> Image:
    try:
        return visible(call.db, image_id, _viewer(call))
    except NotFound:
        raise NotFound("Image not found.") from None


def _shown(call: Call, image_id: str) -> Image:
    call.enforce(call.caller)
    return _seen(call, image_id)


def _delete(call: Call, images: ProxiedImages, image_id: str) -> None:
    image = _seen(call, image_id)
    try:
        call.enforce(image)
        images.delete(call.db, image)
    except Forbidden:
        raise Forbidden("You are not allowed to delete the image.") from None


def _changed(call: Call, images: ProxiedImages, image: Image, wanted: Mapping[str, str]) -> dict[str, str]:
    try:
        call.enforce(image)
        refuse_many(call, wanted)
        return images.set_properties(call.db, image, wanted, call.caller.roles)
    except Forbidden:
        raise Forbidden("Not authorized for image {id}.", id=image.id) from None


def _refuse_missing(found: Mapping[str, str], key: str, sentence: str) -> None:
    if key not in found:
        raise NotFound(sentence)
