"""What an operation is: named steps, each repeatable, each with an undo that is harmless if nothing was done."""

from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import msgspec

from haneul.kernel.auth import Caller
from haneul.kernel.db import Db

STEP_DEADLINE_S = 600.0


class Asker(Protocol):
    """Who starts an operation: a `Call` is one."""

    @property
    def caller(self) -> Caller: ...
    @property
    def request_id(self) -> str: ...


class Work(msgspec.Struct):
    """What a step gets: its transaction, the operation, the resource, what was asked, and a memo that is kept."""

    db: Db
    id: int
    operation: str
    resource_id: str
    project_id: str | None
    user_id: str
    request_id: str
    input: dict[str, Any]
    memo: dict[str, Any]


class Fault(msgspec.Struct, frozen=True):
    """Why an operation failed: a sentence for the user. `kind` is `superseded` when another one took its place."""

    kind: str
    message: str
    status: int = 500


class Step(msgspec.Struct, frozen=True):
    """One step. `do` and `undo` write rows in the step's own transaction, which commits together with the journal.

    A step that waits for the world raises `Parked`; `deadline_s` bounds the whole of its waiting.
    """

    name: str
    do: Callable[[Work], None]
    undo: Callable[[Work], None] | None = None
    deadline_s: float = STEP_DEADLINE_S


class Operation:
    """A journalled list of steps on one resource. Operations of one resource run one after another."""

    name: ClassVar[str]
    steps: ClassVar[tuple[Step, ...]]

    @staticmethod
    def failed(work: Work, fault: Fault) -> None:
        """Say on the resource's row what went wrong; runs after every undo."""


class Parked(Exception):
    """Nothing to do until there is news of the resource; the step is run again then, or after `check_after_s`."""

    def __init__(self, check_after_s: float = 15.0) -> None:
        super().__init__()
        self.check_after_s = check_after_s


SUPERSEDED = Fault("superseded", "Another operation took the place of this one.", 409)
