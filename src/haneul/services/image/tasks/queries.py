from typing import Any

from sqlalchemy import BindParameter, ColumnElement, bindparam, or_, select

from haneul.kernel.db import Query, by, columns_of
from haneul.kernel.db.listing import Listing
from haneul.services.image.tasks.models import Task, tasks

BY_ID = by(Task, tasks, "id")
MOST_OF_IMAGE = 100


def _unexpired(moment: BindParameter[Any]) -> ColumnElement[bool]:
    return or_(tasks.c.expires_at.is_(None), tasks.c.expires_at >= moment)


OF_IMAGE = Query(
    Task,
    columns_of(Task, tasks)
    .where(tasks.c.image_id == bindparam("image_id"), _unexpired(bindparam("moment", type_=tasks.c.expires_at.type)))
    .order_by(tasks.c.created_at, tasks.c.id)
    .limit(MOST_OF_IMAGE),
)
EXPIRED = select(tasks.c.id).where(tasks.c.expires_at < bindparam("moment")).limit(bindparam("most"))
LISTING = Listing(
    Task,
    tasks,
    filters={
        "id": tasks.c.id,
        "type": tasks.c.type,
        "status": tasks.c.status,
        "owner": tasks.c.project_id,
        "seen_by": tasks.c.project_id,
        "image_id": tasks.c.image_id,
        "request_id": tasks.c.request_id,
        "user_id": tasks.c.user_id,
        "unexpired_at": _unexpired,
    },
    sorts={
        "id": tasks.c.id,
        "type": tasks.c.type,
        "status": tasks.c.status,
        "owner": tasks.c.project_id,
        "expires_at": tasks.c.expires_at,
        "created_at": tasks.c.created_at,
        "updated_at": tasks.c.updated_at,
    },
    default_sort=(("created_at", "desc"),),
    bounds=("seen_by",),
)
