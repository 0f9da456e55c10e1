from typing import Any

from msgspec.structs import replace

from haneul.kernel.errors import BadRequest, Conflict
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.image.config import ImageSettings
from haneul.services.image.images import access
from haneul.services.image.images.models import Image
from haneul.services.image.imports import logic
from haneul.services.image.imports.logic import Beginning
from haneul.services.image.imports.operations import ImportImage
from haneul.services.image.imports.schemas import ImportAsked, import_asked, stores_of
from haneul.services.image.stores.backends import Backends
from haneul.services.image.tasks.logic import NewTask

COPY = Rule("copy_image", "rule:context_is_admin", "Copy an image into further stores.")


def routes_with(backends: Backends, settings: ImageSettings) -> Routes:
    routes = Routes()

    @routes.post("/v2/images/{image_id}/import", rule=COPY, status=202)
    def import_image(call: Call, image_id: str, body: Any) -> None:
        asked = import_asked(body, settings.import_methods)
        rule = COPY if asked.name == "copy-image" else access.MODIFY
        image = access.loaded(call, call.db, image_id, rule)
        refuse_state(image, asked)
        stores = stores_of(asked, call.header("x-image-meta-store"), backends)
        if asked.name == "copy-image":
            stores = missing(image, asked, stores)
            if not stores:
                return
        logic.begin(call.db, _beginning(image, asked, stores, settings), call)

    return routes


def _beginning(image: Image, asked: ImportAsked, stores: list[str], settings: ImageSettings) -> Beginning:
    is_copy = asked.name == "copy-image"
    told = {"image_id": image.id, "import_req": asked.body, "backend": stores}
    return Beginning(
        operation=ImportImage,
        old=image,
        new=replace(logic.expect(image, stores), status=image.status if is_copy else "importing"),
        task=NewTask(type="api_image_import", input=told, image_id=image.id),
        known={
            "stores": stores,
            "all_must_succeed": asked.all_must_succeed,
            "plugins": [] if is_copy else list(settings.plugins.enabled),
            "task_hours": settings.task_hours,
        },
    )


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


def missing(image: Image, asked: ImportAsked, stores: list[str]) -> list[str]:
    """The stores that an image is to be copied to; BadRequest if one that was named has it already."""
    have = image.stores.split(",")
    for store in stores:
        if store in have and not asked.all_stores:
            raise BadRequest("Image is already present at store '{store}'", store=store)
    return [store for store in stores if store not in have]
