"""Programs that serve a namespace and outlive us: started once, found again, told of news, ended."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from signal import SIGHUP

import msgspec
from msgspec import Struct

from haneul.host.account import Account
from haneul.host.namespaces import Place, inside
from haneul.host.run import RunFailed, alive, end, spawn_daemon, started_ticks

READY_S = 5.0
LOOK_S = 0.003
GRACE_S = 2.0
TAIL_BYTES = 600
# `nobody` and `nogroup` on every Linux: owners of no file.
NOBODY = Account(uid=65534, gid=65534)


class Home(Struct, frozen=True, kw_only=True):
    """Where a program lives: its folder, which nobody else's is, its namespace, and whom it runs as.

    The account must be able to pass through the folders above; no root is needed inside.
    """

    folder: Path
    place: Place
    account: Account = NOBODY


class Daemon(Struct, frozen=True, kw_only=True):
    """A program with what it is told at its start, and what it reads again when told to.

    `read_once` and `read_again` are the contents of files in its home, by name. `capabilities` is all that it may do
    beyond any other process of its account. It serves when it has written `ready` to its log and, if it has one, its
    pid to its `pid_file`.
    """

    name: str
    argv: Sequence[str]
    read_once: Mapping[str, str]
    read_again: Mapping[str, str]
    capabilities: Sequence[str]
    ready: str
    pid_file: str = ""


class _Record(Struct, frozen=True, kw_only=True):
    """What we know of a program that runs: `once` and `again` are digests of what it has read."""

    pid: int
    started: int
    once: str
    again: str


def make_home(home: Home) -> None:
    """Make the folder if it is missing. Others may see what is in it (radvd wants to), but not read it."""
    home.folder.mkdir(mode=0o755, parents=True, exist_ok=True)


def running_pid(name: str, home: Home) -> int | None:
    """The pid of the program, None if it doesn't run."""
    record = _record(name, home)
    return record.pid if record and alive(record.pid, record.started) else None


def needs_start(daemon: Daemon, home: Home) -> bool:
    """Whether `ensure_daemon` would start the program, and not only tell it of news or leave it alone."""
    record = _record(daemon.name, home)
    return record is None or not alive(record.pid, record.started) or record.once != _digest(daemon, daemon.read_once)


def ensure_daemon(daemon: Daemon, home: Home) -> None:
    """Make the program run with these files: start it, tell it of news, or leave it alone. RunFailed if it won't."""
    make_home(home)
    once, again = _digest(daemon, daemon.read_once), _digest(daemon, daemon.read_again)
    for name, content in {**daemon.read_once, **daemon.read_again}.items():
        write_for(home, name, content)
    if needs_start(daemon, home):
        end_daemon(daemon.name, daemon.argv, home)
        pid = _start(daemon, home)
    else:
        record = _record(daemon.name, home)
        assert record is not None
        pid = record.pid
        if record.again == again:
            return
        # A process of ours that ended since is started by the next round.
        with suppress(ProcessLookupError):
            os.kill(pid, SIGHUP)
    started = started_ticks(pid)
    if started is None:
        raise RunFailed(f"The program {daemon.name} has ended: {_tail(home, daemon.name)}")
    # Written last: after a crash before this line the program is told once more, which does no harm.
    found = _Record(pid=pid, started=started, once=once, again=again)
    _replace(_record_path(daemon.name, home), msgspec.json.encode(found), 0o600)


def end_daemon(name: str, argv: Sequence[str], home: Home) -> None:
    """End the program, found by our record or, where a crash has left none, by its command line."""
    record = _record(name, home)
    if record:
        end(record.pid, GRACE_S, record.started)
    for pid in _pids_of(argv):
        end(pid, GRACE_S)
    _record_path(name, home).unlink(missing_ok=True)


def write_for(home: Home, name: str, content: str, *, writable: bool = False) -> None:
    """Replace a file of the program's, if it is different; only with `writable` may the program write to it."""
    path = home.folder / name
    encoded = content.encode()
    with suppress(OSError):
        if path.read_bytes() == encoded:
            return
    owner = home.account.uid if writable else os.geteuid()
    _replace(path, encoded, 0o640, owner, home.account.gid)


def _replace(path: Path, content: bytes, mode: int, uid: int = -1, gid: int = -1) -> None:
    # Not synced to the disk: all of it is written again from the rows after a power cut.
    draft = path.with_name(f".{path.name}.part")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchown(file.fileno(), uid, gid)
        file.write(content)
    draft.replace(path)


def _start(daemon: Daemon, home: Home) -> int:
    log = _log_path(daemon.name, home)
    log.unlink(missing_ok=True)
    if daemon.pid_file:
        write_for(home, daemon.pid_file, "", writable=True)
    with inside(home.place):
        pid = spawn_daemon(_confined(daemon, home.account), uid=0, gid=0, log_path=log, cwd=home.folder)
    deadline = time.monotonic() + READY_S
    while not _serves(daemon, home, pid):
        if not alive(pid):
            raise RunFailed(f"The program {daemon.name} ended at once: {_tail(home, daemon.name)}")
        if time.monotonic() > deadline:
            end(pid, GRACE_S)
            raise RunFailed(f"The program {daemon.name} did not begin to serve: {_tail(home, daemon.name)}")
        time.sleep(LOOK_S)
    return pid


def _serves(daemon: Daemon, home: Home, pid: int) -> bool:
    said = daemon.ready.encode() in _log_path(daemon.name, home).read_bytes()
    return said and (not daemon.pid_file or (home.folder / daemon.pid_file).read_text().strip() == str(pid))


def _confined(daemon: Daemon, account: Account) -> list[str]:
    capabilities = "-all" + "".join(f",+{capability}" for capability in daemon.capabilities)
    return [
        "setpriv",
        *(f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups", "--no-new-privs"),
        *(f"--inh-caps={capabilities}", f"--ambient-caps={capabilities}", f"--bounding-set={capabilities}"),
        *("--", *daemon.argv),
    ]


def _digest(daemon: Daemon, files: Mapping[str, str]) -> str:
    return sha256(json.dumps([list(daemon.argv), sorted(files.items())]).encode()).hexdigest()


def _record(name: str, home: Home) -> _Record | None:
    try:
        return msgspec.json.decode(_record_path(name, home).read_bytes(), type=_Record)
    except (OSError, msgspec.DecodeError):
        return None


def _record_path(name: str, home: Home) -> Path:
    return home.folder / f"{name}.running"


def _log_path(name: str, home: Home) -> Path:
    return home.folder / f"{name}.log"


def _pids_of(argv: Sequence[str]) -> list[int]:
    """Who runs with these words, which name a folder that is no other program's; they may still be `setpriv`'s last."""
    wanted = b"\0".join(os.fsencode(word) for word in argv) + b"\0"
    found = []
    for folder in Path("/proc").iterdir():
        # Any may end while it is looked at.
        with suppress(OSError):
            if folder.name.isdigit() and (folder / "cmdline").read_bytes().endswith(wanted):
                found.append(int(folder.name))
    return found


def _tail(home: Home, name: str) -> str:
    try:
        said = _log_path(name, home).read_bytes()[-TAIL_BYTES:].decode(errors="replace").strip()
    except OSError:
        said = ""
    return said or "it gave no reason"
