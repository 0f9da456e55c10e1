"""A resource with operations small enough to see through: a lamp that is wired, then lit, then waits to be seen."""

from typing import Any

from sqlalchemy import Boolean, Column, MetaData, String, Table, Text, bindparam, select

from haneul.kernel.auth import Caller
from haneul.kernel.db import Db, Query, Row, columns_of
from haneul.kernel.errors import Conflict
from haneul.kernel.operations import Fault, Operation, Parked, Step, Work
from haneul.kernel.operations.logic import BY_ID, start
from haneul.kernel.operations.models import OperationRow


class Lamp(Row):
    """A lamp, what was done to it in order, and why the last operation on it failed."""

    id: str
    said: str
    is_seen: bool
    fault: str


lamps = Table(
    "test_lamps",
    MetaData(),
    Column("id", String(64), primary_key=True),
    Column("said", Text, nullable=False),
    Column("is_seen", Boolean, nullable=False),
    Column("fault", String(255), nullable=False),
)
LAMP = Query(Lamp, columns_of(Lamp, lamps).where(lamps.c.id == bindparam("id")))
ALL = select(lamps.c.id)


class Someone:
    """Who asks."""

    caller = Caller(user_id="anna", project_id="home")
    request_id = "req-1"


def lamp(db: Db, lamp_id: str) -> Lamp:
    found = db.one(LAMP, id=lamp_id)
    assert found is not None
    return found


def add(db: Db, lamp_id: str = "one") -> None:
    db.insert(lamps, Lamp(lamp_id, "", False, ""))


def note(work: Work, word: str) -> None:
    said = lamp(work.db, work.resource_id).said
    work.db.update(lamps, {"id": work.resource_id}, said=f"{said} {word}".strip())


def says(word: str) -> Any:
    """A step, or an undo, that is seen on the lamp; one of input's `breaks` fails after having written."""

    def do(work: Work) -> None:
        note(work, word)
        if word in work.input.get("breaks", ()):
            raise Conflict("The lamp {id} won't {word}.", id=work.resource_id, word=word)

    return do


def see(work: Work) -> None:
    """Wait until somebody has seen the lamp's light."""
    if not lamp(work.db, work.resource_id).is_seen:
        raise Parked(check_after_s=work.input.get("check_after_s", 60.0))
    note(work, "seen")


class OnLamps(Operation):
    """Work on a lamp."""

    @staticmethod
    def failed(work: Work, fault: Fault) -> None:
        work.db.update(lamps, {"id": work.resource_id}, fault=f"{fault.kind}: {fault.message}")


class LightLamp(OnLamps):
    """From dark to lit."""

    name = "test-light"
    steps = (
        Step("wire", says("wire"), undo=says("unwire")),
        Step("light", says("light"), undo=says("dim")),
        Step("polish", says("polish")),
    )


class ShowLamp(OnLamps):
    """From dark to seen."""

    name = "test-show"
    steps = (
        Step("light", says("light"), undo=says("dim")),
        Step("see", see, undo=says("look away"), deadline_s=0.4),
        Step("praise", says("praise")),
    )


def begin(db: Db, operation: type[Operation], lamp_id: str = "one", *, supersedes: bool = False, **asked: Any) -> int:
    """Write an operation on a lamp; its number."""
    return start(db, operation, lamp_id, by=Someone(), input=asked, supersedes=supersedes)


def row_of(db: Db, number: int) -> OperationRow:
    found = db.one(BY_ID, id=number)
    assert found is not None
    return found
