"""The serial log that QEMU writes: read its tail, and keep it small while QEMU goes on writing.

QEMU only ever appends. To shorten the file we take whole blocks off its front (FALLOC_FL_COLLAPSE_RANGE), which the
file system does at once and without losing a byte that is written meanwhile. Where it can't (btrfs, tmpfs), we punch
a hole there instead: the file's name for its size then grows, but not the disk that it takes.
"""

import ctypes
import os
import stat
from pathlib import Path

KEPT_BYTES = 1 << 18
# Cut only when there is this much to cut, so that a busy console isn't cut at every look.
SLACK_BYTES = 1 << 18
COLLAPSE_RANGE = 0x08
PUNCH_HOLE_AND_KEEP_SIZE = 0x02 | 0x01

_libc = ctypes.CDLL(None, use_errno=True)
_libc.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_longlong, ctypes.c_longlong)


def tail(path: Path, uid: int, lines: int | None) -> str:
    """The last `lines` lines (all that is kept for None); empty if there is no log."""
    descriptor = _opened(path, uid, os.O_RDONLY)
    if descriptor is None:
        return ""
    with os.fdopen(descriptor, "rb") as log:
        size = log.seek(0, os.SEEK_END)
        log.seek(max(0, size - KEPT_BYTES))
        text = log.read(KEPT_BYTES).lstrip(b"\0").decode(errors="replace")
    if size > KEPT_BYTES:
        # Begin with a whole line, unless there is only one.
        text = text.partition("\n")[2] or text
    if lines is None:
        return text
    return "".join(text.splitlines(keepends=True)[-lines:]) if lines > 0 else ""


def shorten(path: Path, uid: int) -> int:
    """Cut the front of a log that takes more than it may; the bytes of disk that were given back."""
    descriptor = _opened(path, uid, os.O_RDWR)
    if descriptor is None:
        return 0
    try:
        return _shorten(descriptor)
    finally:
        os.close(descriptor)


def _shorten(descriptor: int) -> int:
    found = os.fstat(descriptor)
    taken = found.st_blocks * 512
    if taken <= KEPT_BYTES + SLACK_BYTES:
        return 0
    surplus = (found.st_size - KEPT_BYTES) // found.st_blksize * found.st_blksize
    for mode in (COLLAPSE_RANGE, PUNCH_HOLE_AND_KEEP_SIZE):
        if _libc.fallocate(descriptor, mode, 0, surplus) == 0:
            break
    else:
        # Neither is known here: the log starts anew, which loses its end but never the disk.
        os.ftruncate(descriptor, 0)
    return taken - os.fstat(descriptor).st_blocks * 512


def _opened(path: Path, uid: int, flags: int) -> int | None:
    """Open the log only if it is what QEMU made: the folder is the guest's, and could hold a link or a pipe."""
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_uid == uid and found.st_nlink == 1:
        return descriptor
    os.close(descriptor)
    return None
