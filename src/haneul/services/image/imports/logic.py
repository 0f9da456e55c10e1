from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from haneul.kernel import operations
from haneul.kernel.db import Db
from haneul.kernel.db.transaction import Outrun
from haneul.kernel.errors import Conflict
from haneul.kernel.operations import Asker, Operation
from haneul.services.image.images.logic import save
from haneul.services.image.images.models import Image
from haneul.services.image.images.queries import BY_ID
from haneul.services.image.locations import logic as locations
from haneul.services.image.locations.logic import Place, new_key
from haneul.services.image.locations.models import INCOMING
from haneul.services.image.stores.backends import STAGING
from haneul.services.image.tasks import logic as tasks
from haneul.services.image.tasks.logic import NewTask
from haneul.services.image.transfers import logic as transfers
from haneul.services.image.transfers.logic import Wanted

IMPORTING, FAILED, LOCK = "os_glance_importing_to_stores", "os_glance_failed_import", "os_glance_import_task"
BUSY = "Image has active task"
UNKNOWN: dict[str, Any] = {
    "status": "queued",
    "size": None,
    "virtual_size": None,
    "checksum": None,
    "os_hash_algo": None,
    "os_hash_value": None,
}


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that is to bring bytes to an image: the image as it is and as it shall be from now on, the task that
    tells of it, and what the operation is to know beside the task's input.

    `brings` is a transfer into staging that is wanted at once, since what it needs is to be kept nowhere but in it.
    """

    operation: type[Operation]
    old: Image
    new: Image
    task: NewTask
    known: dict[str, Any]
    brings: Wanted | None = None


def begin(db: Db, wanted: Beginning, asker: Asker) -> str:
    """Let an operation begin; its task's id. Conflict if another one is at work on the image."""
    refuse_busy(wanted.old)
    task = tasks.create(db, wanted.task, asker)
    save(db, wanted.old, replace(wanted.new, properties=wanted.new.properties | {LOCK: task.id}))
    known = {"task_id": task.id, **wanted.task.input, **wanted.known}
    number = operations.start(db, wanted.operation, wanted.old.id, by=asker, input=known)
    if wanted.brings is not None:
        told = {**wanted.brings.input, "task_id": task.id}
        want_staged(db, number, wanted.old.id, replace(wanted.brings, input=told))
    return task.id


def refuse_busy(image: Image) -> None:
    """Conflict if an operation is at work on the image."""
    if LOCK in image.properties:
        raise Conflict(BUSY)


def is_at_work(image: Image, task_id: str) -> bool:
    """Whether the image waits for this task's operation; it was deleted and restored since, if not."""
    return image.properties.get(LOCK) == task_id


def want_staged(db: Db, operation_id: int, image_id: str, wanted: Wanted) -> None:
    """Have bytes moved into staging."""
    number = locations.add(db, image_id, Place(STAGING, new_key(image_id)), INCOMING)
    transfers.want(db, operation_id, image_id, replace(wanted, location_id=number))


def described(image: Image) -> dict[str, Any]:
    """What an import may change of what an image says of itself."""
    return {name: getattr(image, name) for name in ("disk_format", "container_format", "properties")}


def describe(db: Db, image_id: str, told: Mapping[str, Any]) -> None:
    """The image says this of itself from now on, beside the properties that it has."""
    image = db.one(BY_ID, id=image_id)
    if image is not None:
        custom = {**image.properties, **told.get("properties", {})}
        save_surely(db, image, replace(image, **{**told, "properties": custom}))


def expect(image: Image, stores: Iterable[str]) -> Image:
    """The image, on its way to these stores."""
    custom = dict(image.properties)
    custom[IMPORTING] = _joined(custom.get(IMPORTING, ""), add=stores)
    custom[FAILED] = _joined(custom.get(FAILED, ""), drop=stores)
    return replace(image, properties=custom)


class Arrival(msgspec.Struct, frozen=True):
    """That an image has come to a store, or could not; `may_begin`: it is active as soon as one store has it."""

    store: str
    is_stored: bool
    may_begin: bool = False


def arrived(db: Db, image_id: str, arrival: Arrival, **values: Any) -> None:
    """Note an arrival; further values are what the image says of itself from now on."""
    image = db.one(BY_ID, id=image_id)
    if image is None:
        return
    custom = dict(image.properties)
    custom[IMPORTING] = _joined(custom.get(IMPORTING, ""), drop=(arrival.store,))
    if not arrival.is_stored:
        custom[FAILED] = _joined(custom.get(FAILED, ""), add=(arrival.store,))
    if arrival.may_begin and image.status == "importing":
        values["status"] = "active"
    save_surely(db, image, replace(image, properties=custom, **values))


def unlock(db: Db, image_id: str, **values: Any) -> None:
    """No operation is at work on the image any more."""
    image = db.one(BY_ID, id=image_id)
    if image is not None:
        custom = {name: value for name, value in image.properties.items() if name != LOCK}
        save_surely(db, image, replace(image, properties=custom, **values))


def save_surely(db: Db, old: Image, new: Image) -> Image:
    """Save what an operation has to say of an image; the transaction runs again if somebody else was quicker."""
    try:
        return save(db, old, new)
    except Conflict:
        raise Outrun from None


def _joined(names: str, *, add: Iterable[str] = (), drop: Iterable[str] = ()) -> str:
    left = [name for name in names.split(",") if name and name not in set(drop)]
    return ",".join(dict.fromkeys([*left, *add]))


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """An import that came to nothing: the stores that have failed by it, those that it wanted, and what the image said
    of itself `before` it changed the properties `touched`."""

    failed: Sequence[str]
    stores: Sequence[str]
    is_copy: bool
    before: Mapping[str, Any]
    touched: Iterable[str]


def give_up(db: Db, image: Image, attempt: Attempt) -> None:
    """Nothing is left of the attempt but word of it: the image waits for another, or stays active if it was copied."""
    custom = {name: value for name, value in image.properties.items() if name != LOCK}
    have = set(image.stores.split(","))
    custom[FAILED] = _joined(custom.get(FAILED, ""), add=[one for one in attempt.failed if one not in have])
    custom[IMPORTING] = _joined(custom.get(IMPORTING, ""), drop=attempt.stores)
    if attempt.is_copy:
        save_surely(db, image, replace(image, properties=custom))
        return
    for name in attempt.touched:
        custom.pop(name, None)
        if name in attempt.before["properties"]:
            custom[name] = attempt.before["properties"][name]
    formats = {name: attempt.before[name] for name in ("disk_format", "container_format")}
    save_surely(db, image, replace(image, properties=custom, **formats, **UNKNOWN))
