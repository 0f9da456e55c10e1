"""The one place that starts a process, waits for it, and ends it."""

import os
import select
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

CLEAN_ENV: Mapping[str, str] = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/",
}
TAIL_CHARS = 2000
# How long the kernel may take to bury a process that was sent SIGKILL.
BURIAL_S = 10.0

# Daemons that this process started: kept so that they can be reaped and leave no zombies while we live.
CODES_KEPT = 64

_children: dict[int, "subprocess.Popen[bytes]"] = {}
_codes: dict[int, int] = {}
_children_lock = threading.Lock()


class RunFailed(Exception):
    """A program could not be started or ended badly; the message is a sentence with the tail of its stderr.

    `code` is its exit code (negative: the signal that ended it), None if it was never started or took too long.
    """

    def __init__(self, sentence: str, code: int | None = None) -> None:
        super().__init__(sentence)
        self.code = code


class Limits(Struct, frozen=True, kw_only=True):
    """What one program may use at most; None leaves a limit as it is."""

    cpu_s: int | None = None
    memory_mb: int | None = None
    file_mb: int | None = None


class Finished(Struct, frozen=True, kw_only=True):
    """What a program that ended well has said."""

    stdout: bytes
    stderr: bytes


def run(
    argv: Sequence[str],
    *,
    timeout_s: float,
    uid: int | None = None,
    gid: int | None = None,
    input: bytes | None = None,  # noqa: A002 - the name subprocess gives it
    env: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    inside: Sequence[str] = (),
) -> Finished:
    """Run a program to its end; RunFailed if it is missing, fails or takes longer than `timeout_s`.

    `inside` is the command that starts it, with its flags, under the same limits.
    """
    _refuse_missing(argv[0])
    started = [*inside, *argv]
    child = _start(
        started if limits is None else _under(limits, started),
        _Child(
            stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            uid=uid,
            gid=gid,
            env={**CLEAN_ENV, **(env or {})},
        ),
    )
    try:
        stdout, stderr = child.communicate(input, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        _end_group(child)
        raise RunFailed(f"{argv[0]} took longer than {timeout_s:g} seconds and was stopped.") from None
    except BaseException:
        _end_group(child)
        raise
    if child.returncode != 0:
        said = _tail(stderr) or "it gave no reason"
        raise RunFailed(f"{argv[0]} {_ending(child.returncode)}: {said}", child.returncode)
    return Finished(stdout=stdout, stderr=stderr)


def spawn_daemon(
    argv: Sequence[str],
    *,
    uid: int,
    gid: int,
    log_path: Path,
    cwd: Path,
    groups: Sequence[int] = (),
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> int:
    """Start a program that outlives us, in a session of its own and with no pipe of ours but `pass_fds`; its pid.

    stdout and stderr are appended to `log_path`, which is opened by us and so may lie where `uid` can't write.
    """
    reap()
    _refuse_missing(argv[0])
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    log = os.open(log_path, flags, 0o600)
    try:
        child = _start(
            argv,
            _Child(
                stdout=log,
                stderr=log,
                uid=uid,
                gid=gid,
                groups=groups,
                env={**CLEAN_ENV, **(env or {})},
                cwd=cwd,
                umask=0o077,
                pass_fds=pass_fds,
            ),
        )
    finally:
        os.close(log)
    with _children_lock:
        _children[child.pid] = child
    return child.pid


def reap() -> Mapping[int, int]:
    """Bury the daemons of ours that have ended, so that none stays a zombie; their exit codes by pid."""
    with _children_lock:
        ended = {pid: code for pid, child in _children.items() if (code := child.poll()) is not None}
        for pid in ended:
            del _children[pid]
        # Whoever looks first buries; who asks for the code may come later.
        _codes.update(ended)
        while len(_codes) > CODES_KEPT:
            del _codes[next(iter(_codes))]
    return ended


def _code_of(pid: int) -> int | None:
    with _children_lock:
        child = _children.get(pid)
    if child is not None and started_ticks(pid) is None:
        # Dead already, and in the next moment to be buried.
        with suppress(subprocess.TimeoutExpired):
            child.wait(BURIAL_S)
    reap()
    with _children_lock:
        return _codes.pop(pid, None)


def started_ticks(pid: int) -> int | None:
    """When a live process began, in clock ticks since boot (with its pid this names one process); None if it's gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The command's name stands in brackets and may hold blanks and brackets itself.
    fields = stat[stat.rindex(b")") + 2 :].split()
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def alive(pid: int, started: int | None = None) -> bool:
    """Whether that process runs (a zombie doesn't); with `started`, only if it isn't a later one of the same pid."""
    reap()
    ticks = started_ticks(pid)
    return ticks is not None and started in (None, ticks)


def end(pid: int, grace_s: float, started: int | None = None) -> int | None:
    """End one process: SIGTERM, and SIGKILL after `grace_s` seconds; harmless if it is gone or its pid is another's.

    `started` (from `started_ticks`) guards against a pid that was given to a later process. The exit code, where the
    process was a daemon of ours and its code was not asked for before.
    """
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return _code_of(pid)
    try:
        # The pidfd is held before the check: from here on the pid can't come to mean another process.
        if started is None or started_ticks(pid) == started:
            _end_pinned(pidfd, pid, grace_s)
    finally:
        os.close(pidfd)
    return _code_of(pid)


def _end_pinned(pidfd: int, pid: int, grace_s: float) -> None:
    for number, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, BURIAL_S)):
        if wait_s <= 0:
            continue
        try:
            signal.pidfd_send_signal(pidfd, number)
        except ProcessLookupError:
            return
        if _ended_within(pidfd, wait_s):
            return
    raise RunFailed(f"Process {pid} did not end within {BURIAL_S:g} seconds of being killed.")


def _ended_within(pidfd: int, wait_s: float) -> bool:
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(wait_s * 1000))


class _Child(Struct, frozen=True, kw_only=True):
    """How a child begins: its ends of the pipes, whom it runs as, where, and what it sees."""

    stdin: int = subprocess.DEVNULL
    stdout: int
    stderr: int
    uid: int | None
    gid: int | None
    groups: Sequence[int] = ()
    env: Mapping[str, str]
    cwd: Path = Path("/")
    umask: int = 0o022
    pass_fds: Sequence[int] = ()


def _start(argv: Sequence[str], child: _Child) -> "subprocess.Popen[bytes]":
    keeps_groups = child.uid in (None, os.geteuid()) and not child.groups
    try:
        return subprocess.Popen(
            argv,
            stdin=child.stdin,
            stdout=child.stdout,
            stderr=child.stderr,
            user=child.uid,
            group=child.gid,
            extra_groups=None if keeps_groups else list(child.groups),
            env=dict(child.env),
            cwd=child.cwd,
            start_new_session=True,
            close_fds=True,
            pass_fds=tuple(child.pass_fds),
            umask=child.umask,
        )
    except OSError as error:
        raise RunFailed(f"The program {argv[0]} could not be started: {error.strerror}.") from error


def is_installed(program: str) -> bool:
    """Whether `run` and `spawn_daemon` would find this program."""
    return shutil.which(program, path=CLEAN_ENV["PATH"]) is not None


def _refuse_missing(program: str) -> None:
    if not is_installed(program):
        raise RunFailed(f"The program {program} is not installed on this host.")


def _under(limits: Limits, argv: Sequence[str]) -> list[str]:
    # prlimit sets them between fork and exec; doing so in Python (preexec_fn) can deadlock a threaded parent.
    flags = ["--core=0"]
    if limits.cpu_s is not None:
        flags.append(f"--cpu={limits.cpu_s}")
    if limits.memory_mb is not None:
        flags.append(f"--as={limits.memory_mb << 20}")
    if limits.file_mb is not None:
        flags.append(f"--fsize={limits.file_mb << 20}")
    return ["prlimit", *flags, "--", *argv]


def _end_group(child: "subprocess.Popen[bytes]") -> None:
    """Kill a program with the children that it may have left holding our pipes."""
    # Not yet reaped, so the group's number can't have come to mean others.
    if child.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    try:
        child.communicate(timeout=BURIAL_S)
    except subprocess.TimeoutExpired:
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe:
                pipe.close()


def _ending(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"failed with code {code}"


def _tail(stderr: bytes) -> str:
    return stderr.decode(errors="replace").strip()[-TAIL_CHARS:]
