from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Store
from haneul.kernel.db.listing import Page
from haneul.kernel.errors import Forbidden, NotFound
from haneul.kernel.ids import new_uuid
from haneul.kernel.operations import Asker
from haneul.services.image.images.access import Viewer
from haneul.services.image.tasks.models import Task, tasks
from haneul.services.image.tasks.queries import BY_ID, EXPIRED, LISTING, OF_IMAGE

NO_TASK = "No task found with ID {id}"
# So that no round keeps others from the database for long.
MOST_EXPIRED = 500


class NewTask(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done in the background, in Glance's words for it; for an image, where there is one."""

    type: str
    input: dict[str, Any]
    image_id: str | None = None


def create(db: Db, wanted: NewTask, asker: Asker) -> Task:
    """Write down that somebody has asked for it."""
    moment = now()
    task = Task(
        id=new_uuid(),
        type=wanted.type,
        status="pending",
        project_id=asker.caller.project_id,
        image_id=wanted.image_id,
        user_id=asker.caller.user_id,
        request_id=asker.request_id,
        input=wanted.input,
        result=None,
        message="",
        created_at=moment,
        updated_at=moment,
        expires_at=None,
    )
    return db.insert(tasks, task)


def get(db: Db, task_id: str, viewer: Viewer) -> Task:
    """The task; NotFound if there is none or it has expired, Forbidden if it is another project's."""
    task = db.one(BY_ID, id=task_id)
    if task is None or (task.expires_at is not None and task.expires_at < now()):
        raise NotFound(NO_TASK, id=task_id)
    if not _sees(viewer, task):
        raise Forbidden("Forbidding request, task {id} is not visible", id=task_id)
    return task


def list_(db: Db, page: Page, filters: Mapping[str, str], viewer: Viewer) -> list[Task]:
    """A page of the tasks that the viewer may see and that have not expired."""
    within = {} if viewer.is_admin else {"seen_by": viewer.project_id}
    return LISTING.page(db, page, {**filters, **within, "unexpired_at": now()})


def of_image(db: Db, image_id: str, viewer: Viewer) -> list[Task]:
    """The tasks that have to do with an image, oldest first, as far as the viewer may see them."""
    return [task for task in db.all(OF_IMAGE, image_id=image_id, moment=now()) if _sees(viewer, task)]


def _sees(viewer: Viewer, task: Task) -> bool:
    return viewer.is_admin or task.project_id in (None, viewer.project_id)


def forget_expired(store: Store) -> None:
    """Forget tasks that ended long enough ago, some hundreds at most; without any, nothing is written."""
    if store.read(_expired):
        store.write(_forget_expired)


def _expired(db: Db) -> list[str]:
    return [row[0] for row in db.tuples(EXPIRED, moment=now(), most=MOST_EXPIRED)]


def _forget_expired(db: Db) -> None:
    for task_id in _expired(db):
        db.delete(tasks, id=task_id)


def begin(db: Db, task_id: str) -> None:
    """It is being done."""
    db.update(tasks, {"id": task_id, "status": "pending"}, status="processing", updated_at=now())


def is_done(db: Db, task_id: str) -> bool:
    """Whether it was done, and said so."""
    task = db.one(BY_ID, id=task_id)
    return task is not None and task.status == "success"


def say(db: Db, task_id: str, message: str) -> None:
    """How far it is, in words."""
    db.update(tasks, {"id": task_id, "status": "processing"}, message=message, updated_at=now())


def succeed(db: Db, task_id: str, result: dict[str, Any], hours: int) -> None:
    """It is done; the task is shown for so many hours more."""
    db.update(tasks, {"id": task_id}, status="success", result=result, message="", **_ended(hours))


def fail(db: Db, task_id: str, message: str, hours: int) -> None:
    """It can't be done, for the reason given; the task is shown for so many hours more."""
    db.update(tasks, {"id": task_id}, status="failure", message=message, **_ended(hours))


def _ended(hours: int) -> dict[str, datetime]:
    moment = now()
    return {"updated_at": moment, "expires_at": moment + timedelta(hours=hours)}
