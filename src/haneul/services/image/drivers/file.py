"""Image bytes as files in one folder, which all control processes of a cloud share."""

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from haneul.host.disk import copying, durable, sparse
from haneul.services.image.drivers.base import Draft, Full, Reader, StoreOptions
from haneul.services.image.drivers.keys import is_left, is_unlocked

DRAFT = ".part"
UNLOCKED_S = 5.0
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class FileDraft:
    """A file that grows beside its place and moves there when it is whole; a lock on it dies with its process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(path.name + DRAFT)
        descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        self._file = FileIO(descriptor, "wb")

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        with _room_is_told():
            sparse.write(self._file, chunk)

    def fill(self, source: Path) -> None:
        with source.open("rb") as file, _room_is_told():
            copying.clone_open(file.fileno(), self._file.fileno())
        self._file.seek(0, os.SEEK_END)

    def fill_by(self, make: Callable[[Path], None]) -> int:
        """Let something else write all bytes, into the empty file at the path that it is given; how many these are."""
        make(self._part)
        return self._file.seek(0, os.SEEK_END)

    def keep(self) -> None:
        with _room_is_told():
            sparse.finish(self._file)
            os.fsync(self._file.fileno())
        self._part.replace(self._path)
        durable.sync_folder(self._path.parent)

    def release(self) -> None:
        self._file.close()

    def discard(self) -> None:
        self._part.unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)
        self._file.close()


@contextmanager
def _room_is_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise Full(os.strerror(error.errno or 0)) from error
        raise


class FileStore:
    """A folder of images."""

    is_read_only = False

    def __init__(self, opened: StoreOptions) -> None:
        self._folder = Path(opened.options.get("path") or opened.folder)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def open_draft(self, key: str) -> Draft:
        return FileDraft(self._path(key))

    def open(self, key: str) -> Reader:
        return self._path(key).open("rb")

    def size(self, key: str) -> int:
        return self._path(key).stat().st_size

    def address(self, key: str) -> str:
        return self._path(key).absolute().as_uri()

    def key_at(self, address: str) -> str | None:
        parent, _, key = address.rpartition("/")
        ours = parent == self._folder.absolute().as_uri() and bool(key) and not key.startswith(".")
        return key if ours else None

    def path(self, key: str) -> Path | None:
        return self._path(key)

    def delete(self, key: str) -> None:
        path = self._path(key)
        path.with_name(path.name + DRAFT).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        durable.sync_folder(self._folder)

    def is_abandoned(self, key: str) -> bool:
        path = self._path(key)
        return all(is_unlocked(place) for place in (path.with_name(path.name + DRAFT), path))

    def list_abandoned(self) -> Sequence[str]:
        return [part.name.removesuffix(DRAFT) for part in self._folder.glob(f"*{DRAFT}") if _is_left(part)]

    def list_kept(self) -> Sequence[str]:
        return [path.name for path in self._folder.iterdir() if not path.name.endswith(DRAFT)]

    def _path(self, key: str) -> Path:
        if not key or key.startswith(".") or "/" in key or "\0" in key:
            raise ValueError(f"{key!r} can't be the name of an image's file.")
        return self._folder / key


def _is_left(part: Path) -> bool:
    """Whether the process that made a draft died. One that is no longer there was kept: its bytes must not go."""
    try:
        with part.open("rb") as file:
            found = os.fstat(file.fileno())
            # Between its making and its lock nothing is in it.
            is_begun = found.st_size > 0 or time.time() - found.st_ctime > UNLOCKED_S
            return is_begun and is_left(part, file.fileno())
    except FileNotFoundError:
        return False
