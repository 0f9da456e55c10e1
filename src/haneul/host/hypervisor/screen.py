"""A guest's screen: the unix socket on which QEMU speaks RFB (RFC 6143), without a password and for nobody else."""

import os
import socket
import struct
from pathlib import Path

CONNECT_S = 5.0
_CREDENTIALS = struct.Struct("3i")


class NoScreen(Exception):
    """Nobody of the guest's own account listens there."""


def connect(path: Path, uid: int) -> socket.socket:
    """Connect to the screen of the guest that has this account; NoScreen if another or nobody answers.

    The folder is the guest's: what it names there may lead elsewhere, so who answers is asked of the kernel.
    """
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        found.settimeout(CONNECT_S)
        _connect(found, path)
        credentials = found.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _pid, owner, _gid = _CREDENTIALS.unpack(credentials)
        if owner != uid:
            raise NoScreen(f"The screen at {path} is not the guest's own.")
        found.setblocking(False)
    except OSError as error:
        found.close()
        raise NoScreen(f"The screen at {path} can't be reached: {error.strerror or error}.") from error
    except NoScreen:
        found.close()
        raise
    return found


def _connect(found: socket.socket, path: Path) -> None:
    # A socket's address holds 107 bytes and a folder's path may be longer: go by way of the folder's descriptor.
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        found.connect(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
