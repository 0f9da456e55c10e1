"""What may be a key of image bytes, and which files of keys living processes are busy with."""

import fcntl
import os
from pathlib import Path


def checked(key: str) -> str:
    """The key itself; ValueError for one that could lead to another place than a store's own."""
    if not key or key.startswith(".") or "/" in key or "\0" in key:
        raise ValueError(f"{key!r} can't be the name of an image's file.")
    return key


def is_left(path: Path, descriptor: int) -> bool:
    """Whether nobody holds the lock of an open file, and it still has its name: it may have been put in its place."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except (BlockingIOError, FileNotFoundError):
        return False


def is_unlocked(path: Path) -> bool:
    """Whether nobody holds the file's lock; a file that isn't there is free."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
