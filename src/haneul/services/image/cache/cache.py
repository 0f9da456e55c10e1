"""Image bytes kept on this host, so that they are fetched once from stores that lie elsewhere."""

import hashlib
import logging
import shutil
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec

from haneul.services.image.cache.content import Content
from haneul.services.image.cache.fills import AlongReader, Fill, State
from haneul.services.image.cache.shelf import Busy, Kept, Shelf
from haneul.services.image.cache.uses import Uses
from haneul.services.image.drivers.base import Reader

log = logging.getLogger("haneul.image.cache")
Source = Callable[[], Reader]
Taken = Literal["kept", "later", "never"]
OUTCOMES: Mapping[State, Taken] = {"whole": "kept", "mismatch": "never"}
FILLS_AT_ONCE = 4
# When there is no room, room is made for more than one image.
PRUNED_TO = 0.8
# The disk is not the cache's alone.
FREE_BYTES = 1 << 30


class Pruned(msgspec.Struct, frozen=True):
    """What was deleted to make room, in files and bytes."""

    files: int
    bytes: int


class Cached(msgspec.Struct, frozen=True):
    """An image in the cache; times in seconds since the epoch."""

    image_id: str
    hits: int
    last_accessed: float
    last_modified: float
    size: int


class ByteCache:
    """One host's cache: at most `most_bytes`, of which those go first that were read last the longest ago.

    It knows bytes by their hash and no rows: whoever asks has looked at the image's row before.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.shelf = Shelf(folder)
        self._most_bytes = most_bytes
        self._uses = Uses(folder / "uses.json")
        self._fills: dict[str, Fill] = {}
        self._lock = threading.RLock()
        self.wanted = threading.Event()
        """Set when something was put in the queue."""

    def opened(self, content: Content) -> Reader | None:
        """The bytes as a local file; None if they are not here."""
        file = self.shelf.open(content)
        if file is not None:
            self._uses.hit(content.image_id)
        return file

    def through(self, content: Content, source: Source) -> Reader:
        """The bytes from a store elsewhere, cached on their way if there is room for them."""
        fill, is_new = self._fill(content)
        if fill is not None and is_new:
            threading.Thread(target=self._run, args=(fill, source), name="image-cache-fill", daemon=True).start()
        try:
            if fill is not None:
                return AlongReader(fill, source)
        except FileNotFoundError:
            # It has ended in the meantime.
            pass
        return self.opened(content) or source()

    def take(self, content: Content, source: Source) -> Taken:
        """Bring the bytes here, in this thread; `later` where that may work another time."""
        if self.shelf.has(content):
            return "kept"
        if content.size > self._most_bytes:
            log.warning("Image %s is larger than the cache, so it was not cached.", content.image_id)
            return "never"
        fill, is_new = self._fill(content)
        if fill is None:
            return "later"
        if is_new:
            self._run(fill, source)
        return OUTCOMES.get(fill.ended(), "later")

    def take_file(self, content: Content, path: Path) -> Taken:
        """Bring the bytes of a local file here, which costs no room where the filesystem can share them."""
        if self.shelf.has(content):
            return "kept"
        if content.size > self._most_bytes or not self._has_room(content.size):
            return "never"
        with path.open("rb") as file:
            found = hashlib.file_digest(file, content.hash_name).hexdigest()
        if found != content.hash:
            log.error("The bytes of image %s do not match its checksum, and were not cached.", content.image_id)
            return "never"
        self._uses.began(content.image_id)
        try:
            self.shelf.link(content, path)
        except Busy:
            return "later"
        return "kept"

    def enqueue(self, image_id: str) -> None:
        """Have an image cached in the background; one that is cached already is not queued."""
        if not any(one.image_id == image_id for one in self.shelf.kept()):
            self.shelf.enqueue(image_id)
            self.wanted.set()

    def want(self, content: Content) -> None:
        """As `enqueue`, for bytes that were just read where they lie."""
        if content.size <= self._most_bytes:
            self.shelf.enqueue(content.image_id)
            self.wanted.set()

    def list_(self) -> list[Cached]:
        return [self._shown(one) for one in self.shelf.kept()]

    def drop(self, image_id: str) -> int:
        """Delete an image's bytes; those that are on their way won't be kept."""
        self._cancel(image_id)
        self._uses.forget(image_id)
        return self.shelf.drop(image_id)

    def drop_all(self) -> int:
        """Delete all bytes, those on their way among them unless they are queued; how many images had any."""
        queued = set(self.shelf.queued())
        with self._lock:
            for fill in self._fills.values():
                if fill.content.image_id not in queued:
                    fill.cancel()
        found = {one.image_id for one in self.shelf.kept()}
        for image_id in found:
            self._uses.forget(image_id)
        self.shelf.drop_all()
        return len(found)

    def clear_queue(self) -> int:
        """Want nothing more; how many images were wanted."""
        queued = self.shelf.queued()
        for image_id in queued:
            self._cancel(image_id)
        return sum(self.shelf.dequeue(image_id) for image_id in queued)

    def knows(self, image_id: str) -> bool:
        """Whether an image is cached or queued here."""
        return image_id in self.shelf.queued() or any(one.image_id == image_id for one in self.shelf.kept())

    def forget(self, image_id: str) -> None:
        """Delete an image's bytes, and want it no more."""
        self.shelf.dequeue(image_id)
        self.drop(image_id)

    def prune(self) -> Pruned:
        """Delete what is over the limit."""
        return self._prune_to(self._most_bytes)

    def clean(self) -> None:
        """Delete what dead processes left."""
        self.shelf.clear_parts()

    def save(self) -> None:
        """Write down how often images were read."""
        self._uses.save()

    def close(self) -> None:
        """Give up what is on its way."""
        with self._lock:
            for fill in self._fills.values():
                fill.cancel()
        self.save()

    def _fill(self, content: Content) -> tuple[Fill | None, bool]:
        """The fill that brings these bytes, and whether it is a new one; None if there can be none now."""
        with self._lock:
            if found := self._fills.get(content.name):
                return found, False
            if len(self._fills) >= FILLS_AT_ONCE or self.shelf.has(content) or not self._has_room(content.size):
                return None, False
            try:
                fill = Fill(content, self.shelf.part(content), partial(self._uses.began, content.image_id))
            except (Busy, OSError):
                return None, False
            self._fills[content.name] = fill
            return fill, True

    def _run(self, fill: Fill, source: Source) -> None:
        try:
            fill.run(source)
        finally:
            with self._lock:
                del self._fills[fill.content.name]

    def _cancel(self, image_id: str) -> None:
        with self._lock:
            for fill in self._fills.values():
                if fill.content.image_id == image_id:
                    fill.cancel()

    def _has_room(self, size: int) -> bool:
        """Whether so many bytes more can be kept, after what was read the longest ago has made room."""
        if size > self._most_bytes:
            return False
        with self._lock:
            coming = size + sum(fill.content.size for fill in self._fills.values())
        if self._kept_bytes() + coming > self._most_bytes:
            self._prune_to(min(int(self._most_bytes * PRUNED_TO), self._most_bytes - coming))
        return self._kept_bytes() + coming <= self._most_bytes and self._free_bytes() >= coming

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self.shelf.folder).free - FREE_BYTES

    def _kept_bytes(self) -> int:
        return sum(one.size for one in self.shelf.kept())

    def _prune_to(self, most: int) -> Pruned:
        kept = sorted(self.shelf.kept(), key=lambda one: self._shown(one).last_accessed)
        left, files = sum(one.size for one in kept), 0
        freed = 0
        for one in kept:
            if left <= most:
                break
            files += self.drop(one.image_id)
            left, freed = left - one.size, freed + one.size
        return Pruned(files, freed)

    def _shown(self, one: Kept) -> Cached:
        use = self._uses.of(one.image_id, one.modified_at)
        return Cached(one.image_id, use.hits, use.used_at, use.cached_at, one.size)
