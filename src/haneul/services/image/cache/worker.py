"""Looks after the cache in a thread of its own: fills the queue, and drops what is outdated."""

import logging
import threading
import time
from functools import partial

from haneul.kernel import log as kernel_log
from haneul.kernel.db import Db, Store
from haneul.kernel.errors import ApiError
from haneul.services.image.cache import logic
from haneul.services.image.cache.cache import ByteCache, Taken
from haneul.services.image.cache.content import Content
from haneul.services.image.cache.news import news
from haneul.services.image.drivers.base import Unreachable
from haneul.services.image.files.sources import Sources

log = logging.getLogger("haneul.image.cache")
EVERY_S = 60.0


class CacheWorker:
    """The thread of one process; it is woken by the queue and by deletions."""

    def __init__(self, store: Store, cache: ByteCache, sources: Sources) -> None:
        self._store, self._cache, self._sources = store, cache, sources
        self._stopping, self._tidy_by = threading.Event(), 0.0
        self._thread = threading.Thread(target=self._work, name="image-cache", daemon=True)

    def start(self) -> None:
        """Clear what a crash left, and begin."""
        news.wake_by(self._store.engine, self._cache.wanted.set)
        self._cache.wanted.set()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._cache.wanted.set()
        self._cache.close()
        self._thread.join(10)

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._cache.wanted.wait(EVERY_S)
            self._cache.wanted.clear()
            try:
                self.look_after()
            except Exception:
                kernel_log.failure("the image cache could not be looked after")

    def look_after(self) -> None:
        """Drop what is outdated, now and then what crashes left as well, and fetch what is queued."""
        for image_id in self._store.read(self._outdated):
            self._cache.drop(image_id)
        if time.monotonic() >= self._tidy_by:
            self._tidy_by = time.monotonic() + EVERY_S
            self._cache.clean()
            self._cache.prune()
            self._cache.save()
        for image_id in self._cache.shelf.queued():
            if self._stopping.is_set():
                return
            if self._taken(image_id) != "later":
                self._cache.shelf.dequeue(image_id)

    def _outdated(self, db: Db) -> list[str]:
        return [one.image_id for one in self._cache.shelf.kept() if logic.is_outdated(db, one.image_id, one.hash)]

    def _taken(self, image_id: str) -> Taken:
        lying = self._store.read(partial(logic.lying, image_id=image_id))
        content = None if lying is None else Content.of(lying.image)
        if lying is None or content is None:
            log.warning("Image %s can't be cached: it is not active, or its bytes can't be checked.", image_id)
            return "never"
        try:
            path = self._sources.local(lying.places)
            if path is not None:
                return self._cache.take_file(content, path)
            return self._cache.take(content, partial(self._sources.open, lying.places))
        except (ApiError, Unreachable, OSError) as error:
            log.warning("Image %s can't be cached now: %s", image_id, error)
            return "later"
