from collections.abc import Iterable
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
from haneul.services.image.tasks import logic as tasks
from haneul.services.image.tasks.logic import NewTask

IMPORTING, FAILED, LOCK = "os_glance_importing_to_stores", "os_glance_failed_import", "os_glance_import_task"
BUSY = "Image has active task"


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that is to bring bytes to an image: the image as it is and as it shall be from now on, the task that
    tells of it, and what the operation is to know beside the task's input."""

    operation: type[Operation]
    old: Image
    new: Image
    task: NewTask
    known: dict[str, Any]


def begin(db: Db, wanted: Beginning, asker: Asker) -> str:
    """Let an operation begin; its task's id. Conflict if another one is at work on the image."""
    if LOCK in wanted.old.properties:
        raise Conflict(BUSY)
    task = tasks.create(db, wanted.task, asker)
    save(db, wanted.old, replace(wanted.new, properties=wanted.new.properties | {LOCK: task.id}))
    known = {"task_id": task.id, **wanted.task.input, **wanted.known}
    operations.start(db, wanted.operation, wanted.old.id, by=asker, input=known)
    return task.id


def expect(image: Image, stores: Iterable[str]) -> Image:
    """The image, on its way to these stores."""
    custom = dict(image.properties)
    custom[IMPORTING] = _joined(custom.get(IMPORTING, ""), add=stores)
    custom[FAILED] = _joined(custom.get(FAILED, ""), drop=stores)
    return replace(image, properties=custom)


def arrived(db: Db, image_id: str, store: str, *, is_stored: bool, **values: Any) -> None:
    """The image has come to a store, or could not; further values are what it says of itself from now on."""
    image = db.one(BY_ID, id=image_id)
    if image is None:
        return
    custom = dict(image.properties)
    custom[IMPORTING] = _joined(custom.get(IMPORTING, ""), drop=(store,))
    if not is_stored:
        custom[FAILED] = _joined(custom.get(FAILED, ""), add=(store,))
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


def give_up(db: Db, image: Image, stores: Iterable[str], *, is_copy: bool) -> None:
    """The import came to nothing: the stores that it wanted are told as failed, and the image waits for another."""
    custom = {name: value for name, value in image.properties.items() if name != LOCK}
    have = set(image.stores.split(","))
    custom[FAILED] = _joined(custom.get(FAILED, ""), add=[one for one in stores if one not in have])
    custom[IMPORTING] = _joined(custom.get(IMPORTING, ""), drop=stores)
    unknown: dict[str, Any] = {
        "status": "queued",
        "size": None,
        "virtual_size": None,
        "checksum": None,
        "os_hash_algo": None,
        "os_hash_value": None,
    }
    save_surely(db, image, replace(image, properties=custom, **({} if is_copy else unknown)))
