from datetime import datetime, timedelta
from typing import Any

import msgspec

from haneul.kernel.clock import now
from haneul.kernel.db import Db, by
from haneul.kernel.ids import new_uuid
from haneul.kernel.operations import Asker
from haneul.services.image.tasks.models import Task, tasks

BY_ID = by(Task, tasks, "id")


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


def begin(db: Db, task_id: str) -> None:
    """It is being done."""
    db.update(tasks, {"id": task_id, "status": "pending"}, status="processing", updated_at=now())


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
