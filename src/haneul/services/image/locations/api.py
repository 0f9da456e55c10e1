from typing import Any

from msgspec.structs import asdict

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, Conflict, Forbidden
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET
from haneul.services.image.config import ImageSettings
from haneul.services.image.files.removal import ByteRemoval
from haneul.services.image.images import access
from haneul.services.image.images.access import DELETE_LOCATION, GET_LOCATION
from haneul.services.image.images.logic import touch
from haneul.services.image.images.models import Image
from haneul.services.image.images.views import Views
from haneul.services.image.imports import logic as imports
from haneul.services.image.imports.logic import LOCK, Beginning
from haneul.services.image.locations import logic
from haneul.services.image.locations.claims import refuse_wrong_hash
from haneul.services.image.locations.measures import known
from haneul.services.image.locations.models import ACTIVE
from haneul.services.image.locations.operations import AddLocation
from haneul.services.image.locations.schemas import LocationAdd, location_add
from haneul.services.image.stores.backends import Backends, Found
from haneul.services.image.tasks.logic import NewTask

ADD = Rule(
    "add_image_location",
    "rule:service_api or (role:member and project_id:%(project_id)s and project_id:%(owner)s)",
    "Make an image of bytes that lie at a URL.",
)
FETCH = Rule("fetch_image_location", "rule:service_api", "Show where an image's bytes lie.")
COLLECTION = "/v2/images/{image_id}/locations"


def routes_with(backends: Backends, settings: ImageSettings) -> Routes:
    routes = Routes()
    views, removal = Views(backends, settings), ByteRemoval(backends)

    @routes.post(COLLECTION, rule=ADD, status=202)
    def add_location(call: Call, image_id: str, body: Any) -> None:
        wanted = location_add(body)
        image = access.loaded(call, call.db, image_id)
        _refuse_status(image)
        found = _found(call, wanted, backends)
        refuse_wrong_hash(wanted.validation_data)
        imports.begin(call.db, _beginning(image, wanted, found, settings), call)

    @routes.get(COLLECTION, rule=FETCH)
    def list_locations(call: Call, image_id: str) -> list[dict[str, Any]]:
        image = access.loaded(call, call.db, image_id)
        return views.locations(logic.of_image(call.db, image.id, ACTIVE))

    @routes.delete("/v2/stores/{store_id}/{image_id}", rule=DELETE_LOCATION, transaction="none")
    async def delete_from_store(call: Call, store_id: str, image_id: str) -> None:
        def gone(db: Db) -> None:
            _refuse_store(store_id, backends)
            image = _image_of(call, db, image_id)
            logic.condemn(db, [logic.only_in(db, image, store_id)])
            # Of two that do so at once, the second sees which place is the last.
            touch(db, image)

        await call.transaction(gone, writes=True)
        await removal.remove(call, image_id)

    return routes


def _refuse_status(image: Image) -> None:
    if image.status != "queued":
        raise Conflict("It's not allowed to add locations if image status is {status}.", status=image.status)
    if LOCK in image.properties:
        raise Conflict(imports.BUSY)


def _found(call: Call, wanted: LocationAdd, backends: Backends) -> Found:
    """Where the bytes lie. Users may name URLs of the web alone; other services, any store's."""
    is_web = wanted.url.startswith("http") and any(one.driver == "http" for one in backends)
    if "service" not in call.caller.roles and not is_web:
        raise Forbidden("http store must be enabled to use location API by normal user.")
    found = known(backends, wanted.url)
    if found is None:
        raise BadRequest("URI for location does not pass filtering: {url}", url=wanted.url[:2048])
    return found


def _beginning(image: Image, wanted: LocationAdd, found: Found, settings: ImageSettings) -> Beginning:
    claims = {name: value for name, value in asdict(wanted.validation_data).items() if value is not UNSET}
    told = {"image_id": image.id, "loc_url": wanted.url, "validation_data": claims}
    return Beginning(
        operation=AddLocation,
        old=image,
        new=image,
        task=NewTask(type="location_import", input=told, image_id=image.id),
        known={
            "store": found.backend.name,
            "key": found.key,
            "is_read_only": found.backend.store.is_read_only,
            "hash_name": claims.get("os_hash_algo", settings.hash),
            "secure_hash": settings.secure_hash,
            "task_hours": settings.task_hours,
        },
    )


def _refuse_store(store_id: str, backends: Backends) -> None:
    if backends.named(store_id) is None:
        raise Conflict("The selected store {store} is not available on this node.", store=store_id[:255])


def _image_of(call: Call, db: Db, image_id: str) -> Image:
    image = access.loaded(call, db, image_id, GET_LOCATION, missing="Failed to find image {id}")
    call.enforce(image)
    return image
