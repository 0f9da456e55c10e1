"""Which QEMU processes on this machine are guests of one cloud: read from the kernel, never from a pid file."""

import os
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from haneul.host import run as running
from haneul.host.hypervisor.machine import MARK

PROC = Path("/proc")


class GuestProcess(Struct, frozen=True, kw_only=True):
    """A live QEMU process; `started` tells it from a later one of the same pid."""

    guest_id: str
    pid: int
    started: int
    uid: int


def guest_processes(cloud_id: str, is_ours: Callable[[int], bool], home: Path) -> dict[str, GuestProcess]:
    """The live guests of a cloud that were each started in the folder of its id in `home`, by id.

    A command line can lie, so only processes under uids of ours count, and only in the folder that nobody but the guest
    can enter; and another agent of the same cloud may have guests of its own on this machine, in another folder.
    """
    place, found = os.path.realpath(home), {}
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        guest = _guest(folder, f"{MARK}:{cloud_id}:", is_ours)
        if guest is not None and _stands_in(folder, f"{place}/{guest.guest_id}"):
            found[guest.guest_id] = guest
    return found


def uids_in_use() -> set[int]:
    """The uids that any live process has."""
    return {uid for folder in PROC.iterdir() if folder.name.isdigit() and (uid := _uid(folder)) is not None}


def _guest(folder: Path, mark: str, is_ours: Callable[[int], bool]) -> GuestProcess | None:
    try:
        words = (folder / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    name = words[words.index(b"-name") + 1].decode(errors="replace") if b"-name" in words[:-1] else ""
    uid, started = (_uid(folder), running.started_ticks(int(folder.name))) if name.startswith(mark) else (None, None)
    if uid is None or started is None or not is_ours(uid):
        return None
    return GuestProcess(guest_id=name.removeprefix(mark), pid=int(folder.name), started=started, uid=uid)


def _stands_in(folder: Path, place: str) -> bool:
    try:
        return os.readlink(folder / "cwd") in (place, f"{place} (deleted)")
    except PermissionError:
        # Who isn't root may only look, and is better shown too much.
        return True
    except OSError:
        return False


def _uid(folder: Path) -> int | None:
    try:
        status = (folder / "status").read_bytes()
    except OSError:
        return None
    return int(status.partition(b"\nUid:\t")[2].split(None, 1)[0])
