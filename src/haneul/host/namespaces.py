"""Network namespaces: the named ones that `ip netns` lists, whose they are, and work inside one of them."""

import ctypes
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from haneul.host.loopback import mark_of_loopback, raise_loopback
from haneul.host.run import RunFailed

FOLDER = Path("/run/netns")
OWN = Path("/proc/thread-self/ns/net")
CLONE_NEWNET = 0x40000000
MS_BIND, MS_REC, MS_SHARED = 0x1000, 0x4000, 0x100000
MNT_DETACH = 0x2
# A name younger than this may be about to get its namespace from whoever is making it.
HALF_MADE_S = 10.0

# A name in FOLDER, or the path of any namespace (such as /proc/PID/ns/net).
Place = str | Path
Result = TypeVar("Result")

_libc = ctypes.CDLL(None, use_errno=True)
_visiting = threading.local()
# Whose the namespaces are that have been asked before: a mark is written before the name exists, and stays.
_marks: dict[tuple[str, int, int], str] = {}


def list_namespaces() -> list[str]:
    """The names of all named network namespaces of this machine."""
    return sorted(path.name for path in FOLDER.iterdir()) if FOLDER.is_dir() else []


def list_marked_namespaces(beginning: str) -> Mapping[str, str]:
    """The marks, by name, of the namespaces that were made with a mark that begins so."""
    marks = {name: _mark_of(name) for name in list_namespaces()}
    return {name: mark for name, mark in marks.items() if mark.startswith(beginning)}


def ensure_namespace(name: str, mark: str = "") -> None:
    """Make the namespace, with its loopback up; repeatable. RunFailed if this machine can't, or if it is another's.

    The mark says whose it is. It is written before the namespace has its name: none that we make is without it.
    """
    # A name without a namespace behind it is what a crash between the two leaves.
    if _is_stale(FOLDER / name):
        (FOLDER / name).unlink()
    if (FOLDER / name).exists():
        with inside(name):
            found = mark_of_loopback()
            if mark and found not in ("", mark):
                raise RunFailed(f"The network namespace {name} is marked {found}, so it isn't ours.")
            raise_loopback(mark)
        return
    _make_folder()

    def make() -> None:
        raise_loopback(mark)
        (FOLDER / name).touch(mode=0)
        _check(_libc.mount(bytes(OWN), bytes(FOLDER / name), b"none", MS_BIND, None), name, "made")

    in_new_namespace(make)


def remove_namespace(name: str) -> None:
    """Remove the name, and with its last process the namespace; an absent one is no matter."""
    path = FOLDER / name
    while path.exists() and not _is_stale(path):
        _check(_libc.umount2(bytes(path), MNT_DETACH), name, "removed")
    path.unlink(missing_ok=True)


def remove_stale_names(beginning: str) -> None:
    """Remove the names that begin so and have had no namespace behind them for a while: a crash has left them."""
    for name in list_namespaces():
        path = FOLDER / name
        with suppress(FileNotFoundError):
            old = time.time() - path.stat().st_mtime > HALF_MADE_S
            if name.startswith(beginning) and old and _is_stale(path):
                path.unlink()


def processes_inside(place: Place) -> list[int]:
    """The pids of all processes that work in the namespace; none if it doesn't exist."""
    path = FOLDER / place
    if not path.exists():
        return []
    wanted = _identity(path)
    found = []
    for folder in Path("/proc").iterdir():
        # A process may end while it is looked at; one that isn't ours to see isn't ours to end.
        with suppress(OSError):
            if folder.name.isdigit() and _identity(folder / "ns" / "net") == wanted:
                found.append(int(folder.name))
    return sorted(found)


def enter_namespace(name: str) -> None:
    """Move this thread, and the threads and processes that it starts from now on, into the namespace."""
    _enter(FOLDER / name, name)


@contextmanager
def inside(place: Place | None) -> Iterator[None]:
    """Do the block's work in another namespace, this thread and the processes that it starts; None: where it is."""
    if place is None:
        yield
        return
    home = os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _enter(FOLDER / place, str(place))
        _visiting.depth = _depth() + 1
        try:
            yield
        finally:
            _visiting.depth -= 1
            _move(home, "that this thread came from")
    finally:
        os.close(home)


def is_visiting() -> bool:
    """Whether this thread is in a namespace for the time of an `inside` block only."""
    return _depth() > 0


def in_new_namespace(work: Callable[[], Result]) -> Result:
    """Do some work in a fresh namespace without a name, which is gone afterwards unless the work has kept it."""
    results: list[Result] = []
    failures: list[BaseException] = []

    def body() -> None:
        try:
            _check(_libc.unshare(CLONE_NEWNET), "without a name", "made")
            results.append(work())
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=body, name="new-namespace")
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


def hold_namespace() -> Path:
    """A path of the namespace that this thread is in, good for other threads for as long as this process lives."""
    descriptor = os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)
    return Path(f"/proc/{os.getpid()}/fd/{descriptor}")


def identity_of_namespace(place: Place | None = None) -> tuple[int, int]:
    """What tells this namespace from all others that exist now."""
    return _identity(OWN if place is None else FOLDER / place)


def _depth() -> int:
    return getattr(_visiting, "depth", 0)


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _mark_of(name: str) -> str:
    path = FOLDER / name
    try:
        if _is_stale(path):
            return ""
        key = (name, *_identity(path))
        if key not in _marks:
            with inside(name):
                mark = mark_of_loopback()
            if not mark:
                return ""
            _marks[key] = mark
        return _marks[key]
    except (OSError, RunFailed):
        # Somebody removed it meanwhile.
        return ""


def _enter(path: Path, name: str) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise RunFailed(f"The network namespace {name} can't be entered: {error.strerror}.") from error
    try:
        _move(descriptor, name)
    finally:
        os.close(descriptor)


def _move(descriptor: int, name: str) -> None:
    _check(_libc.setns(descriptor, CLONE_NEWNET), name, "entered")


def _make_folder() -> None:
    """The folder as `ip netns` makes it: a mount of its own, which passes on what is mounted in it."""
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    own = [words for words in mounts if words[4] == str(FOLDER)]
    if not own:
        FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
        _check(_libc.mount(bytes(FOLDER), bytes(FOLDER), b"none", MS_BIND | MS_REC, None), "folder", "made")
    if not any(word.startswith("shared:") for words in own for word in words):
        _check(_libc.mount(b"", bytes(FOLDER), b"none", MS_SHARED | MS_REC, None), "folder", "made")


def _check(result: int, name: str, done: str) -> None:
    if result != 0:
        raise RunFailed(f"The network namespace {name} can't be {done}: {os.strerror(ctypes.get_errno())}.")


def _is_stale(path: Path) -> bool:
    return path.exists() and not os.path.ismount(path)
