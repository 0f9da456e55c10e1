from functools import partial
from typing import Any, ClassVar

from msgspec.structs import replace

from haneul.kernel.errors import Conflict, Gone
from haneul.kernel.operations import Fault, Operation, Parked, Step, Work
from haneul.services.image.files.logic import remove
from haneul.services.image.images.models import Image
from haneul.services.image.images.queries import BY_ID
from haneul.services.image.imports import logic
from haneul.services.image.imports.logic import Attempt
from haneul.services.image.locations import logic as locations
from haneul.services.image.locations.logic import Place, new_key
from haneul.services.image.locations.models import INCOMING, STAGED
from haneul.services.image.tasks import logic as tasks
from haneul.services.image.transfers import logic as transfers
from haneul.services.image.transfers.logic import Wanted
from haneul.services.image.transfers.models import DONE, FAILED, UNFINISHED, Transfer

BYTES_S = 24 * 3600.0


def _image(work: Work) -> Image:
    image = work.db.one(BY_ID, id=work.resource_id)
    if image is None or not logic.is_at_work(image, work.input["task_id"]):
        raise Gone("The image was deleted.")
    return image


def _is_copy(work: Work) -> bool:
    return bool(work.input["method"]["name"] == "copy-image")


def begin(work: Work) -> None:
    tasks.begin(work.db, work.input["task_id"])
    staged = locations.of_image(work.db, work.resource_id, STAGED)
    if staged:
        work.memo["staged"] = staged[-1].id


def want_bytes(work: Work) -> None:
    """Have the bytes brought into staging by web-download.

    For glance-direct they are there, the request itself wanted those of glance-download, and copies come from where the
    image is.
    """
    if work.input["method"]["name"] == "web-download":
        _want_staged(work, "fetch", {"method": work.input["method"]})


def want_changed(work: Work, plugin: str) -> None:
    """Have the staged bytes changed by a plugin, where it is in use."""
    if plugin in work.input["plugins"]:
        _want_staged(work, plugin, {"from": work.memo["staged"]})


def _want_staged(work: Work, kind: str, told: dict[str, Any]) -> None:
    if not any(one.kind == kind for one in _wanted(work)):
        wanted = Wanted(kind, {**told, "task_id": work.input["task_id"]})
        logic.want_staged(work.db, work.id, _image(work).id, wanted)


def _wanted(work: Work) -> list[Transfer]:
    return transfers.of_operation(work.db, work.id)


def have_staged(work: Work) -> None:
    """Wait for what was wanted last; the bytes before it are no longer needed, unless they were right as they were."""
    ended = [one.location_id for one in _ended(work) if one.location_id is not None]
    there = [number for number in ended if locations.get(work.db, number) is not None]
    if there and there[-1] != work.memo.get("staged"):
        _drop_staged(work)
        work.memo["staged"] = there[-1]


def _ended(work: Work) -> list[Transfer]:
    """The operation's transfers, once all have ended; Conflict with the reason that one of them gave."""
    _image(work)
    found = _wanted(work)
    if any(one.state in UNFINISHED for one in found):
        raise Parked(check_after_s=5)
    for one in found:
        if one.state != DONE and not one.input.get("may_fail"):
            raise Conflict("{reason}", reason=(one.fault or {}).get("message", "The bytes were not brought."))
    return found


def _drop_staged(work: Work) -> None:
    number = work.memo.get("staged")
    location = None if number is None else locations.get(work.db, number)
    if location is not None and location.image_id == work.resource_id:
        locations.drop(work.db, [location])


def inject(work: Work) -> None:
    """Let the image have the properties that inject_image_metadata puts there."""
    if work.input["inject"]:
        logic.describe(work.db, work.resource_id, {"properties": work.input["inject"]})


def want_stored(work: Work) -> None:
    """Have the bytes brought into each store."""
    image, have = _image(work), {one.input.get("store") for one in _wanted(work)}
    told = {
        "from": work.memo.get("staged"),
        "may_fail": not work.input["all_must_succeed"],
        "is_copy": _is_copy(work),
        "task_id": work.input["task_id"],
    }
    for store in work.input["stores"]:
        if store not in have:
            number = locations.add(work.db, image.id, Place(store, new_key(image.id)), INCOMING)
            transfers.want(work.db, work.id, image.id, Wanted("store", {**told, "store": store}, number))


def see_stored(work: Work) -> None:
    """Wait until the bytes are in the stores: in all of them, or in one at least where some may fail."""
    stored = [one for one in _ended(work) if one.kind == "store"]
    if not any(one.state == DONE for one in stored):
        raise Conflict("None of the uploads finished!")


def unstore(work: Work) -> None:
    """Nobody wants the bytes any more, wherever they have come."""
    transfers.cancel(work.db, work.id)
    image = work.db.one(BY_ID, id=work.resource_id)
    # What an image had went with it; numbers may have come to mean others' places since.
    if image is not None and logic.is_at_work(image, work.input["task_id"]):
        numbers = {one.location_id for one in _wanted(work)}
        locations.drop(work.db, [one for one in locations.of_image(work.db, image.id) if one.id in numbers])


def finish(work: Work) -> None:
    if tasks.is_done(work.db, work.input["task_id"]):
        return
    image = _image(work)
    _drop_staged(work)
    # With stores that may fail it is active since the first has it, and may have been closed since.
    is_new = image.status == "importing"
    stored = [one.result for one in _wanted(work) if one.kind == "store" and one.state == DONE]
    values = {"status": "active", **stored[-1]} if is_new else {}
    failed = [one.location_id for one in _wanted(work) if one.state == FAILED]
    doomed = [one for one in locations.of_image(work.db, image.id) if one.id in failed]
    locations.drop(work.db, doomed)
    logic.unlock(work.db, image.id, **values)
    tasks.succeed(work.db, work.input["task_id"], {"image_id": image.id}, work.input["task_hours"])
    transfers.forget(work.db, work.id)


class ImportImage(Operation):
    """Bring an image's bytes into staging, change them there, and store them."""

    name: ClassVar[str] = "image-import"
    steps: ClassVar[tuple[Step, ...]] = (
        Step("begin", begin),
        Step("want the bytes", want_bytes, undo=unstore),
        Step("have the bytes", have_staged, deadline_s=BYTES_S),
        Step("want them unpacked", partial(want_changed, plugin="image_decompression"), undo=unstore),
        Step("have them unpacked", have_staged, deadline_s=BYTES_S),
        Step("want them converted", partial(want_changed, plugin="image_conversion"), undo=unstore),
        Step("have them converted", have_staged, deadline_s=BYTES_S),
        Step("inject properties", inject),
        Step("want them stored", want_stored, undo=unstore),
        Step("see them stored", see_stored, deadline_s=BYTES_S),
        Step("finish", finish),
    )

    @staticmethod
    def failed(work: Work, fault: Fault) -> None:
        """The image is queued again, with nothing left of the attempt; one that was copied stays as it was, and one
        that was made for the import goes."""
        image = work.db.one(BY_ID, id=work.resource_id)
        if image is not None and logic.is_at_work(image, work.input["task_id"]):
            unstore(work)
            _drop_staged(work)
            _give_up(work)
        tasks.fail(work.db, work.input["task_id"], fault.message, work.input["task_hours"])
        transfers.forget(work.db, work.id)


def _give_up(work: Work) -> None:
    image = _image(work)
    if work.input.get("made_image"):
        remove(work.db, replace(image, protected=False), 0)
    else:
        logic.give_up(work.db, image, _attempt(work))


def _attempt(work: Work) -> Attempt:
    wanted, told = _wanted(work), work.input
    properties = [name for one in wanted for name in one.result.get("properties", ())]
    is_stored = any(one.kind == "store" for one in wanted)
    return Attempt(
        # Stores that could not be tried have failed; of those that were, it is known which.
        failed=() if is_stored else told["stores"],
        stores=told["stores"],
        is_copy=_is_copy(work),
        before=told["before"],
        touched=(*properties, *told["inject"]),
    )
