"""Named network namespaces, the ones that `ip netns` lists."""

import ctypes
import os
from pathlib import Path

from haneul.host.run import RunFailed, run

FOLDER = Path("/run/netns")
CLONE_NEWNET = 0x40000000
COMMAND_S = 10.0


def list_namespaces() -> list[str]:
    """The names of all named network namespaces of this machine."""
    return sorted(path.name for path in FOLDER.iterdir()) if FOLDER.is_dir() else []


def ensure_namespace(name: str) -> None:
    """Make the namespace, with its loopback up; repeatable. RunFailed if this machine can't."""
    # A name without a namespace behind it is what a crash between the two leaves.
    if _is_stale(FOLDER / name):
        (FOLDER / name).unlink()
    if not (FOLDER / name).exists():
        run(["ip", "netns", "add", name], timeout_s=COMMAND_S)
    run(["ip", "-n", name, "link", "set", "lo", "up"], timeout_s=COMMAND_S)


def remove_namespace(name: str) -> None:
    """Remove the name, and with its last process the namespace; an absent one is no matter."""
    if (FOLDER / name).exists():
        run(["ip", "netns", "delete", name], timeout_s=COMMAND_S)


def enter_namespace(name: str) -> None:
    """Move this thread, and the threads and processes that it starts from now on, into the namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(FOLDER / name, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(descriptor, CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise RunFailed(f"The network namespace {name} can't be entered: {os.strerror(number)}.")
    finally:
        os.close(descriptor)


def _is_stale(path: Path) -> bool:
    return path.exists() and not os.path.ismount(path)
