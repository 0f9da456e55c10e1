"""Starting, waking and reading operations, inside a caller's transaction."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, select, update

from haneul.kernel.clock import iso_microseconds, now
from haneul.kernel.db import Db, Query, columns_of
from haneul.kernel.operations.models import UNFINISHED, OperationRow, operations
from haneul.kernel.operations.steps import Asker, Operation

BY_ID = Query(OperationRow, columns_of(OperationRow, operations).where(operations.c.id == bindparam("id")))
OF_RESOURCE = Query(
    OperationRow,
    columns_of(OperationRow, operations)
    .where(operations.c.resource_id == bindparam("resource_id"))
    .order_by(operations.c.id.desc()),
)
UNFINISHED_OF = select(operations.c.id).where(
    operations.c.resource_id == bindparam("resource_id"), operations.c.state.in_(UNFINISHED)
)
_older = operations.alias()
DUE = (
    select(operations.c.id)
    .where(
        operations.c.state.in_(UNFINISHED),
        operations.c.retry_at < bindparam("moment"),
        operations.c.lease_until < bindparam("moment"),
        # Those that wait for an older one of their resource would only crowd out the rest.
        ~exists().where(
            _older.c.resource_id == operations.c.resource_id,
            _older.c.id < operations.c.id,
            _older.c.state.in_(UNFINISHED),
        ),
    )
    .order_by(operations.c.id)
    .limit(100)
)
CANCEL = (
    update(operations)
    .where(operations.c.resource_id == bindparam("of_resource"), operations.c.state.in_(UNFINISHED))
    .values(is_cancelled=True)
)

EPOCH_START = datetime.fromisoformat("1970-01-01T00:00:00+00:00")

# The process that commits nudges its engine; if it dies first, any other finds the row a little later.
FOUND_AFTER_S = 2.0

_nudge: Callable[[int], None] | None = None


def tell_engine(nudge: Callable[[int], None]) -> None:
    """Let the engine know at once of operations that this process starts or wakes."""
    global _nudge
    _nudge = nudge


def forget_engine(nudge: Callable[[int], None]) -> None:
    """The engine has stopped; what is started from now on waits for another."""
    global _nudge
    if _nudge == nudge:
        _nudge = None


def start(
    db: Db,
    operation: type[Operation],
    resource_id: str,
    *,
    by: Asker,
    input: dict[str, Any] | None = None,  # noqa: A002
    supersedes: bool = False,
) -> int:
    """Write an operation that begins after this transaction commits; its number.

    With `supersedes`, unfinished operations of the resource are undone first.
    """
    if supersedes:
        for number in unfinished(db, resource_id):
            _nudge_after(db, number)
        db.run(CANCEL, of_resource=resource_id)
    moment = now()
    values = _first_values(operation.name, resource_id, by, moment)
    number = db.insert_numbered(operations, **{**values, "input": input or {}})
    _nudge_after(db, number)
    return number


def _first_values(name: str, resource_id: str, by: Asker, moment: datetime) -> dict[str, Any]:
    return {
        "name": name,
        "resource_id": resource_id,
        "project_id": by.caller.project_id,
        "user_id": by.caller.user_id,
        "request_id": by.request_id,
        "state": "ready",
        "step": 0,
        "journal": [],
        "input": {},
        "memo": {},
        "error": None,
        "is_cancelled": False,
        "lease_owner": "",
        "lease_until": EPOCH_START,
        "epoch": 0,
        "retry_at": moment + timedelta(seconds=FOUND_AFTER_S),
        "step_deadline": None,
        "created_at": moment,
        "updated_at": moment,
    }


def note(db: Db, name: str, resource_id: str, *, by: Asker) -> None:
    """Write down among the resource's operations what was done to it at once, in this transaction."""
    moment = now()
    done = {"index": 0, "step": name, "begun": iso_microseconds(moment), "done": iso_microseconds(moment)}
    values = _first_values(name, resource_id, by, moment)
    db.insert_numbered(operations, **{**values, "state": "done", "step": 1, "journal": [done]})


def unfinished(db: Db, resource_id: str) -> list[int]:
    """Numbers of the resource's operations that have not ended."""
    return [row[0] for row in db.tuples(UNFINISHED_OF, resource_id=resource_id)]


def wake(db: Db, resource_id: str) -> None:
    """There is news of the resource: run again the step that waits for it, after this transaction commits."""
    for number in unfinished(db, resource_id):
        _nudge_after(db, number)


def of_resource(db: Db, resource_id: str) -> list[OperationRow]:
    """The resource's operations, newest first: what users see as actions, messages or events."""
    return db.all(OF_RESOURCE, resource_id=resource_id)


def _nudge_after(db: Db, number: int) -> None:
    if _nudge is not None:
        nudge = _nudge
        db.after_commit(lambda: nudge(number))
