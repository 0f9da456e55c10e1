"""What runs, as the supervisor notes it for the commands: pids with start times, states, ports."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from haneul.host import run as running

ChildState = Literal["starting", "ready", "waiting", "ended"]
LOCK_TRIES = 25


class AlreadyRuns(Exception):
    """This cloud has a supervisor."""


class ProcessSeen(msgspec.Struct, kw_only=True):
    """One process; `ticks` tell it from a later one of the same pid. `since` is seconds since the epoch."""

    pid: int = 0
    ticks: int = 0
    state: ChildState = "starting"
    since: float = 0.0
    restarts: int = 0
    doing: str = ""
    last_ending: str = ""

    @property
    def lives(self) -> bool:
        return self.pid > 0 and running.alive(self.pid, self.ticks)


class TreeSeen(msgspec.Struct, kw_only=True):
    """The supervisor and its children. `failed` and `fix` say why it gave up, if it did."""

    supervisor: ProcessSeen
    children: dict[str, ProcessSeen] = {}
    ports: list[int] = []
    failed: str = ""
    fix: str = ""

    @property
    def is_ready(self) -> bool:
        return bool(self.children) and all(child.state == "ready" for child in self.children.values())


def seen(path: Path) -> TreeSeen | None:
    """What was noted last; None if nothing was, or nothing that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=TreeSeen)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def note(path: Path, tree: TreeSeen) -> None:
    """Write down what runs now; not synced, since nothing of it outlasts the power."""
    draft = path.with_suffix(".part")
    draft.write_bytes(msgspec.json.encode(tree))
    draft.chmod(0o644)
    draft.replace(path)


@contextmanager
def sole_supervisor(folder: Path) -> Iterator[None]:
    """Be this cloud's only supervisor for as long as this holds; AlreadyRuns if another is."""
    with (folder / "supervisor.lock").open("a") as file:
        _lock(file.fileno())
        yield


def _lock(descriptor: int) -> None:
    # Tried again, since whoever looks whether we live holds the lock for a moment.
    for _ in range(LOCK_TRIES):
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
    raise AlreadyRuns("Another supervisor runs.")


def is_supervised(folder: Path) -> bool:
    """Whether a supervisor lives; the kernel drops its lock however it ends."""
    try:
        descriptor = os.open(folder / "supervisor.lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
