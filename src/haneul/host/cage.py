"""A cage for programs that open what strangers made: no network and no file of the host but those named."""

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from haneul.host.run import Finished, Limits, RunFailed, is_installed, run

PACKAGE = "bubblewrap"
PROGRAM = "bwrap"
# Namespaces of its own for all there is, none to be made inside, and an end when we end.
WALLS = (
    "--unshare-all",
    "--unshare-user",
    "--disable-userns",
    "--new-session",
    "--die-with-parent",
    "--cap-drop",
    "ALL",
)
# Where Debian's folders of programs lie under /usr; elsewhere they are folders of their own.
PROGRAM_FOLDERS = ("bin", "sbin", "lib", "lib64")
# Programs try the kernel's file locks on it.
DEVICES = ("--dev-bind", "/dev/null", "/dev/null")
BY_SIGNAL = 128
NO_CAGE = "bwrap: "


class Cage(Struct, frozen=True, kw_only=True):
    """What a caged program sees besides /usr: files or folders of the host, by the path that they have inside.

    `group` is the one group whose files it may read; None is that of its account's number.
    """

    readable: Mapping[str, Path] = {}
    writable: Mapping[str, Path] = {}
    group: int | None = None


def run_caged(argv: Sequence[str], cage: Cage, *, timeout_s: float, uid: int, limits: Limits) -> Finished:
    """Run a program to its end inside a cage, as `uid`; RunFailed as `run` says, or if there can be no cage.

    It writes nowhere but to what is writable, which must exist.
    """
    if not is_installed(PROGRAM):
        raise RunFailed(f"{argv[0]} is only run in a cage: install the Debian package {PACKAGE} on this host.")
    try:
        gid = uid if cage.group is None else cage.group
        return run(argv, timeout_s=timeout_s, uid=uid, gid=gid, limits=limits, inside=[PROGRAM, *_flags(cage), "--"])
    except RunFailed as failed:
        raise RunFailed(_sentence(argv[0], failed), failed.code) from None


def _flags(cage: Cage) -> Iterator[str]:
    yield from WALLS
    yield from ("--ro-bind", "/usr", "/usr")
    for name in PROGRAM_FOLDERS:
        folder = Path("/") / name
        if folder.is_symlink():
            yield from ("--symlink", os.readlink(folder), str(folder))
        elif folder.exists():
            yield from ("--ro-bind", str(folder), str(folder))
    yield from DEVICES
    for inside, path in cage.readable.items():
        yield from ("--ro-bind", str(path), inside)
    for inside, path in cage.writable.items():
        yield from ("--bind", str(path), inside)
    # What is written to the root would be memory that no limit counts.
    yield from ("--remount-ro", "/", "--chdir", "/")


def _sentence(program: str, failed: RunFailed) -> str:
    if failed.code == BY_SIGNAL + signal.SIGXFSZ:
        return f"{program} was stopped: what it wrote became larger than it may be."
    if failed.code in (BY_SIGNAL + signal.SIGXCPU, BY_SIGNAL + signal.SIGKILL):
        return f"{program} was stopped: it used more processor time or memory than it may."
    said = str(failed).partition(f": {NO_CAGE}")[2]
    if "namespace" in said or "uid map" in said:
        return f"{program} is only run in a cage, and this host's kernel allows none to this account: {said}"
    return str(failed)
