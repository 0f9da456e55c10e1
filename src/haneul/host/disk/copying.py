"""Copies of files that cost as little as the filesystem allows: blocks shared, holes kept, no byte through Python."""

import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

Way = Literal["reflink", "copied"]

# linux/fs.h: _IOW(0x94, 9, int)
FICLONE = 0x40049409
PIECE_BYTES = 64 << 20
BUFFER_BYTES = 1 << 20
# What kernels and filesystems say where they can't share blocks, or can't copy inside the kernel.
NO_CLONE = (errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.ENOTTY, errno.ENOSYS, errno.EPERM)


def clone(source: Path, target: Path) -> Way:
    """Make `target`, which must not exist, a copy of `source`: blocks shared where the filesystem can, else copied.

    OSError, with nothing left, when there is no room or the source can't be read.
    """
    reading = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            return clone_open(reading, writing)
        except BaseException:
            target.unlink()
            raise
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def clone_open(reading: int, writing: int) -> Way:
    """As `clone`, for open descriptors: the target, still empty, has the source's bytes and size afterwards."""
    try:
        fcntl.ioctl(writing, FICLONE, reading)
        return "reflink"
    except OSError as error:
        if error.errno not in NO_CLONE:
            raise
    size = os.fstat(reading).st_size
    for start, end in _written(reading, size):
        _copy(reading, writing, start, end)
    os.ftruncate(writing, size)
    return "copied"


def _written(reading: int, size: int) -> Iterator[tuple[int, int]]:
    """The parts of a file that are no holes."""
    at = 0
    while at < size:
        try:
            start = os.lseek(reading, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            return
        at = min(os.lseek(reading, start, os.SEEK_HOLE), size)
        yield start, at


def _copy(reading: int, writing: int, start: int, end: int) -> None:
    at = start
    while at < end:
        length = min(end - at, PIECE_BYTES)
        try:
            copied = os.copy_file_range(reading, writing, length, at, at)
        except OSError as error:
            if error.errno not in NO_CLONE:
                raise
            copied = _copy_through(reading, writing, at, min(length, BUFFER_BYTES))
        if not copied:
            raise OSError(errno.EIO, "The file became shorter while it was copied.")
        at += copied


def _copy_through(reading: int, writing: int, at: int, length: int) -> int:
    rest = memoryview(os.pread(reading, length, at))
    copied = 0
    while copied < len(rest):
        copied += os.pwrite(writing, rest[copied:], at + copied)
    return copied
