"""The cache's files on this host. What has its name is whole and checked, so that a restart needs no index.

kept/<id>.<hash name>.<hash>   an image's bytes
parts/<the same>               bytes on their way, locked as long as their process lives
queue/<id>                     an image that shall be cached; empty
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from haneul.host.disk import copying, durable
from haneul.services.image.cache.content import Content


class Kept(msgspec.Struct, frozen=True):
    """A file of the cache: `modified_at` in seconds since the epoch, `hash` as its name says."""

    path: Path
    image_id: str
    hash: str
    size: int
    modified_at: float


class Busy(Exception):
    """Another process of this host brings these bytes in."""


class Part:
    """A file that grows; it is discarded unless it is kept."""

    def __init__(self, path: Path, target: Path) -> None:
        self.path, self._target, self._is_kept = path, target, False
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it may have put it in its place between our two steps.
            if not os.path.samestat(path.stat(), os.fstat(descriptor)):
                raise Busy
            # What a dead process left under the name is no beginning of ours.
            os.ftruncate(descriptor, 0)
        except (BlockingIOError, FileNotFoundError, Busy):
            os.close(descriptor)
            raise Busy from None
        self.file = os.fdopen(descriptor, "wb", buffering=0)

    def keep(self) -> None:
        """Put it, durable, in its place."""
        durable.sync_file(self.file)
        self.path.rename(self._target)
        self._is_kept = True
        durable.sync_folder(self._target.parent)

    def discard(self) -> None:
        """Let go, and delete what was not kept; repeatable."""
        if not self.file.closed:
            if not self._is_kept:
                self.path.unlink(missing_ok=True)
            self.file.close()


class Shelf:
    """One host's files."""

    def __init__(self, folder: Path) -> None:
        self._kept, self._parts, self._queue = folder / "kept", folder / "parts", folder / "queue"
        self.folder = folder
        for one in (self._kept, self._parts, self._queue):
            one.mkdir(mode=0o700, parents=True, exist_ok=True)

    def open(self, content: Content) -> BinaryIO | None:
        """The bytes, for reading; None if they are not here."""
        try:
            file = (self._kept / content.name).open("rb")
        except FileNotFoundError:
            return None
        if os.fstat(file.fileno()).st_size == content.size:
            return file
        file.close()
        self.drop(content.image_id)
        return None

    def has(self, content: Content) -> bool:
        return (self._kept / content.name).exists()

    def kept(self) -> list[Kept]:
        """Every file, in the order of the images' ids."""
        return list(self._all_kept())

    def _all_kept(self) -> Iterator[Kept]:
        for name in sorted(os.listdir(self._kept)):
            path = self._kept / name
            if name.count(".") != 2:
                continue
            image_id, _, digest = name.split(".")
            with suppress(FileNotFoundError):
                found = path.stat()
                yield Kept(path, image_id, digest, found.st_size, found.st_mtime)

    def part(self, content: Content) -> Part:
        """Begin to bring bytes in; Busy if another process does."""
        return Part(self._parts / content.name, self._kept / content.name)

    def link(self, content: Content, source: Path) -> None:
        """Keep a local file, which was checked: as another name of it, or as a copy where that can't be."""
        target = self._kept / content.name
        with suppress(FileExistsError):
            try:
                os.link(source, target)
            except FileExistsError:
                raise
            except OSError:
                self._copy(content, source)
        durable.sync_folder(self._kept)

    def _copy(self, content: Content, source: Path) -> None:
        part = self.part(content)
        try:
            with source.open("rb") as reading:
                copying.clone_open(reading.fileno(), part.file.fileno())
            part.keep()
        finally:
            part.discard()

    def drop(self, image_id: str) -> int:
        """Delete an image's bytes; how many files these were."""
        return sum(self._drop(one) for one in self.kept() if one.image_id == image_id)

    def drop_all(self) -> int:
        return sum(self._drop(one) for one in self.kept())

    def _drop(self, one: Kept) -> bool:
        try:
            one.path.unlink()
        except FileNotFoundError:
            return False
        return True

    def clear_parts(self) -> None:
        """Delete what dead processes were bringing in."""
        for path in list(self._parts.iterdir()):
            with suppress(Busy, FileNotFoundError):
                Part(path, self._kept / path.name).discard()

    def enqueue(self, image_id: str) -> None:
        """Want an image cached; where it is wanted already it keeps its place."""
        path, moment = self._queue / image_id, time.time_ns()
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            # The kernel's own times of files are coarser than two requests.
            os.utime(path, ns=(moment, moment))
            durable.sync_folder(self._queue)

    def dequeue(self, image_id: str) -> bool:
        """Want it no more; whether it was."""
        try:
            (self._queue / image_id).unlink()
        except FileNotFoundError:
            return False
        return True

    def queued(self) -> list[str]:
        """The images that are wanted, those that were wanted first before the others."""
        waiting = []
        for path in list(self._queue.iterdir()):
            with suppress(FileNotFoundError):
                waiting.append((path.stat().st_mtime_ns, path.name))
        return [name for _, name in sorted(waiting)]
