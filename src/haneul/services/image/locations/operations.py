from typing import Any, ClassVar

from msgspec.structs import replace

from haneul.kernel.errors import BadRequest, Conflict, Gone
from haneul.kernel.operations import Fault, Operation, Parked, Step, Work
from haneul.services.image.images.models import Image
from haneul.services.image.images.queries import BY_ID
from haneul.services.image.imports import logic as imports
from haneul.services.image.locations import logic
from haneul.services.image.locations.logic import Described, Place
from haneul.services.image.tasks import logic as tasks
from haneul.services.image.transfers import logic as transfers
from haneul.services.image.transfers.logic import Wanted
from haneul.services.image.transfers.models import DONE, UNFINISHED, Transfer

BYTES_S = 24 * 3600.0
UNKNOWN: dict[str, Any] = {"checksum": None, "os_hash_algo": None, "os_hash_value": None}


def _image(work: Work) -> Image:
    image = work.db.one(BY_ID, id=work.resource_id)
    if image is None or not imports.is_at_work(image, work.input["task_id"]):
        raise Gone("The image was deleted.")
    return image


def _want(work: Work, kind: str, told: dict[str, Any]) -> None:
    if not any(one.kind == kind for one in transfers.of_operation(work.db, work.id)):
        transfers.want(work.db, work.id, _image(work).id, Wanted(kind, told))


def _ended(work: Work, kind: str) -> Transfer:
    """The operation's transfer of a kind, once it has ended."""
    found = next(one for one in transfers.of_operation(work.db, work.id) if one.kind == kind)
    if found.state in UNFINISHED:
        raise Parked(check_after_s=5)
    return found


def _refuse_undone(transfer: Transfer) -> None:
    if transfer.state != DONE:
        raise Conflict("{reason}", reason=(transfer.fault or {}).get("message", "The location was not read."))


def want_size(work: Work) -> None:
    tasks.begin(work.db, work.input["task_id"])
    _want(work, "measure", {"url": work.input["loc_url"]})


def see_size(work: Work) -> None:
    """The bytes are there: the image is made of them, at once unless their hash has to be seen first."""
    measured = _ended(work, "measure")
    _refuse_undone(measured)
    image, size = _image(work), int(measured.result["size"])
    _put(work, image, size)
    claims = work.input["validation_data"]
    if not work.input["secure_hash"]:
        imports.save_surely(work.db, image, replace(image, size=image.size or size, status="active", **claims))
        return
    status = "importing" if claims else "active"
    changed = replace(image, size=image.size or size, status=status, os_hash_algo=work.input["hash_name"])
    imports.save_surely(work.db, image, changed)


def _put(work: Work, image: Image, size: int) -> None:
    if "location" in work.memo:
        return
    place = Place(work.input["store"], work.input["key"])
    if not work.input["is_read_only"] and logic.is_taken(work.db, place):
        raise BadRequest("Invalid location")
    logic.refuse_formless(image)
    work.memo["location"] = logic.insert(work.db, image.id, place, Described(size))


def take_back(work: Work) -> None:
    """The image is not made of the bytes: others' are left, and told of; what a store of ours has goes."""
    number = work.memo.get("location")
    location = None if number is None else logic.get(work.db, number)
    if location is None or (location.image_id, location.key) != (work.resource_id, work.input["key"]):
        return
    if work.input["is_read_only"]:
        logic.refuse_use(work.db, location)
    else:
        logic.drop(work.db, [location])


def want_hash(work: Work) -> None:
    if work.input["secure_hash"]:
        _want(work, "hash", {"from": work.memo["location"], "hash_name": work.input["hash_name"]})


def cancel(work: Work) -> None:
    transfers.cancel(work.db, work.id)


def see_hash(work: Work) -> None:
    """The hash is the image's, and what was claimed is that; an image in use survives that its hash can't be had."""
    if not work.input["secure_hash"]:
        return
    hashed, image = _ended(work, "hash"), _image(work)
    if hashed.state != DONE and image.status != "importing":
        return
    _refuse_undone(hashed)
    want = work.input["validation_data"].get("os_hash_value", "")
    have = hashed.result["os_hash_value"]
    if want and want.lower() != have:
        raise Conflict("os_hash_value: ({want}) not matched with actual os_hash_value: ({have})", want=want, have=have)
    status = "active" if image.status == "importing" else image.status
    imports.save_surely(work.db, image, replace(image, status=status, **hashed.result))


def finish(work: Work) -> None:
    imports.unlock(work.db, work.resource_id)
    tasks.succeed(work.db, work.input["task_id"], {"image_id": work.resource_id}, work.input["task_hours"])
    transfers.forget(work.db, work.id)


class AddLocation(Operation):
    """Make an image of bytes that lie at a URL, and learn their hash."""

    name: ClassVar[str] = "image-location"
    steps: ClassVar[tuple[Step, ...]] = (
        Step("want the size", want_size, undo=cancel),
        Step("see the size", see_size, undo=take_back, deadline_s=BYTES_S),
        Step("want the hash", want_hash, undo=cancel),
        Step("see the hash", see_hash, deadline_s=BYTES_S),
        Step("finish", finish),
    )

    @staticmethod
    def failed(work: Work, fault: Fault) -> None:
        """The image is queued again."""
        image = work.db.one(BY_ID, id=work.resource_id)
        if image is not None and imports.is_at_work(image, work.input["task_id"]):
            custom = {name: value for name, value in image.properties.items() if name != imports.LOCK}
            queued: dict[str, Any] = {"status": "queued", "size": None, "virtual_size": None, **UNKNOWN}
            imports.save_surely(work.db, image, replace(image, properties=custom, **queued))
        tasks.fail(work.db, work.input["task_id"], fault.message, work.input["task_hours"])
        transfers.forget(work.db, work.id)
