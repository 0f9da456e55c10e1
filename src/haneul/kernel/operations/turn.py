"""One turn of an operation: a step, or an undo, and its journal entry, in one transaction."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import bindparam, select

from haneul.kernel import log, stop_points
from haneul.kernel.clock import iso_microseconds, now
from haneul.kernel.db import Db
from haneul.kernel.errors import NEUTRAL, ApiError
from haneul.kernel.operations.logic import BY_ID, EPOCH_START
from haneul.kernel.operations.models import UNFINISHED, OperationRow, operations
from haneul.kernel.operations.steps import SUPERSEDED, Fault, Operation, Step, Work

OLDER = (
    select(operations.c.id)
    .where(
        operations.c.resource_id == bindparam("resource_id"),
        operations.c.id < bindparam("id"),
        operations.c.state.in_(UNFINISHED),
    )
    .limit(1)
)
UNDO_RETRY_S = 5.0


def places_of(operation: type[Operation]) -> list[str]:
    """The stop points of an operation: after each step, and after each undo."""
    done = [f"operation:{operation.name}:{step.name}" for step in operation.steps]
    return [*done, *(f"operation:{operation.name}:undo {step.name}" for step in operation.steps)]


class Gone(Exception):
    """The operation has ended, is another process's or program's, or must wait for an older one of its resource."""


class Turn:
    """Works on one operation under one lease. `epoch` 0 means that the lease is still to be taken."""

    def __init__(
        self, known: Mapping[str, type[Operation]], number: int, owner: str, epoch: int, lease_s: float
    ) -> None:
        self._known, self._number, self._owner, self._lease_s = known, number, owner, lease_s
        self.epoch = epoch
        self.resource_id = self.request_id = ""
        self.has_ended = False
        self._place = ""

    def run(self, db: Db) -> bool:
        """Do the next step or undo; whether there is more to do at once."""
        row = self._take(db)
        if row.state == "undoing":
            return self._undo_one(db, row)
        if row.is_cancelled:
            return self._turn_back(db, row, SUPERSEDED)
        steps = self._known[row.name].steps
        if row.step >= len(steps):
            return self._end(db, row, "done", None)
        step = steps[row.step]
        self._place = f"operation:{row.name}:{step.name}"
        work = _work(db, row)
        step.do(work)
        journal = _noted(row.journal, row.step, step.name, "done")
        if row.step + 1 == len(steps):
            return self._end(db, row, "done", None, journal=journal, memo=work.memo)
        self._save(db, row, state="running", step=row.step + 1, journal=journal, memo=work.memo, step_deadline=None)
        return True

    def park(self, db: Db, check_after_s: float) -> bool:
        """Give the lease back until there is news, or fail the step when its deadline has passed."""
        row = self._take(db)
        step = self._known[row.name].steps[min(row.step, len(self._known[row.name].steps) - 1)]
        deadline = row.step_deadline or now() + timedelta(seconds=step.deadline_s)
        if row.state != "undoing" and now() > deadline:
            message = f"The step '{step.name}' was not finished within {step.deadline_s:g} s."
            return self._turn_back(db, row, Fault("deadline", message))
        state = "undoing" if row.state == "undoing" else "waiting"
        journal = _noted(row.journal, row.step, step.name, "begun")
        self._save(
            db,
            row,
            state=state,
            journal=journal,
            step_deadline=deadline,
            retry_at=now() + timedelta(seconds=check_after_s),
            lease_until=EPOCH_START,
        )
        return False

    def break_off(self, db: Db, error: Exception) -> bool:
        """A step failed: begin to undo it and all before it. An undo failed: try it again later."""
        row = self._take(db)
        if row.state == "undoing":
            self._save(db, row, retry_at=now() + timedelta(seconds=UNDO_RETRY_S), lease_until=EPOCH_START)
            return False
        return self._turn_back(db, row, fault_from(error))

    def reached(self) -> None:
        """The step is committed: the log says so, and a stop point stands here."""
        if self._place:
            log.event("operation", place=self._place, resource=self.resource_id, request_id=self.request_id)
            stop_points.reached(self._place)

    def log_failure(self, error: Exception) -> None:
        if isinstance(error, ApiError):
            log.event("operation step refused", "warning", place=self._place, message=log.mask(str(error)))
        else:
            log.failure("operation step failed", place=self._place)

    def _take(self, db: Db) -> OperationRow:
        """The row, under our lease; renewed, since a turn is short against it."""
        row = db.one(BY_ID, id=self._number)
        if row is None or row.state not in UNFINISHED or row.name not in self._known:
            raise Gone
        moment = now()
        if self.epoch:
            if row.epoch != self.epoch:
                raise Gone
        elif row.lease_until > moment and row.lease_owner != self._owner:
            raise Gone
        if db.value(OLDER, resource_id=row.resource_id, id=row.id) is not None:
            raise Gone
        epoch = self.epoch or row.epoch + 1
        until = moment + timedelta(seconds=self._lease_s)
        swapped = db.update(
            operations, {"id": row.id, "epoch": row.epoch}, epoch=epoch, lease_owner=self._owner, lease_until=until
        )
        if not swapped:
            raise Gone
        self.resource_id, self.request_id = row.resource_id, row.request_id
        log.request_id.set(row.request_id)
        self._taken_epoch = epoch
        return msgspec.structs.replace(row, epoch=epoch, lease_owner=self._owner, lease_until=until)

    def _save(self, db: Db, row: OperationRow, **values: Any) -> None:
        db.update(operations, {"id": row.id, "epoch": row.epoch}, updated_at=now(), **values)
        db.after_commit(self._keep_epoch)

    def _keep_epoch(self) -> None:
        self.epoch = self._taken_epoch

    def _turn_back(self, db: Db, row: OperationRow, fault: Fault) -> bool:
        name = self._known[row.name].steps[row.step].name
        journal = _noted(row.journal, row.step, name, "failed")
        self._save(db, row, state="undoing", journal=journal, error=msgspec.to_builtins(fault), step_deadline=None)
        return True

    def _undo_one(self, db: Db, row: OperationRow) -> bool:
        operation = self._known[row.name]
        if row.step < 0:
            fault = msgspec.convert(row.error, Fault)
            operation.failed(_work(db, row), fault)
            return self._end(db, row, "failed", row.error)
        step: Step = operation.steps[row.step]
        self._place = f"operation:{row.name}:undo {step.name}"
        work = _work(db, row)
        if step.undo is not None:
            step.undo(work)
        journal = _noted(row.journal, row.step, step.name, "undone")
        self._save(db, row, step=row.step - 1, journal=journal, memo=work.memo)
        return True

    def _end(self, db: Db, row: OperationRow, state: str, error: Any, **values: Any) -> bool:
        self._save(db, row, state=state, error=error, lease_until=EPOCH_START, **values)
        self.has_ended = True
        return False


def fault_from(error: Exception) -> Fault:
    """The user's sentence for an error; a neutral one for what should not have happened."""
    if isinstance(error, ApiError):
        return Fault(error.kind or type(error).__name__, str(error), error.status)
    return Fault("internal", NEUTRAL)


def _work(db: Db, row: OperationRow) -> Work:
    return Work(
        db, row.id, row.name, row.resource_id, row.project_id, row.user_id, row.request_id, row.input, dict(row.memo)
    )


def _noted(journal: list[dict[str, Any]], index: int, name: str, what: str) -> list[dict[str, Any]]:
    """The journal with a moment noted for a step."""
    noted = [dict(entry) for entry in journal]
    entry = next((entry for entry in noted if entry["index"] == index), None)
    if entry is None:
        entry = {"index": index, "step": name, "begun": iso_microseconds(now())}
        noted.append(entry)
    if what != "begun":
        entry[what] = iso_microseconds(now())
    return noted
