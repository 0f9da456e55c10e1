"""What crashes and stores that were away left of uploads and deletions, put right at the start and every minute."""

import logging
import threading
from functools import partial

from haneul.kernel import log as kernel_log
from haneul.kernel.db import Db, Store
from haneul.services.image.drivers.base import Unreachable
from haneul.services.image.files import logic
from haneul.services.image.files.logic import RECEIVING
from haneul.services.image.files.removal import ByteRemoval
from haneul.services.image.images.queries import BY_ID
from haneul.services.image.locations.logic import incoming, is_incoming, news
from haneul.services.image.locations.models import Location
from haneul.services.image.stores.backends import Backend, Backends
from haneul.services.image.tasks import logic as tasks

log = logging.getLogger("haneul.image")
EVERY_S = 60.0


def recover(store: Store, backends: Backends) -> None:
    """Queue again what a dead process was uploading, and delete what it left and what deleted images left.

    Bytes that no row speaks of stay: they may belong to a database newer than this one.
    """
    for location in store.read(_uploads):
        backend = backends.holding(location.store)
        if backend is None or not backend.store.is_abandoned(location.key):
            continue
        # Whoever let go of it since it was listed may have made it the image's: only now its row tells.
        if store.read(partial(is_incoming, number=location.id)) and _is_deleted(backend, location.key):
            store.write(partial(logic.requeue, number=location.id))
            log.warning("The upload of image %s had broken off with its process.", location.image_id)
    for backend in backends.every:
        for key in backend.store.list_abandoned():
            _is_deleted(backend, key)
    ByteRemoval(backends).remove_due(store)


def _is_deleted(backend: Backend, key: str) -> bool:
    """Delete a broken draft; whether that could be done, or a store that is away is to be asked again later."""
    try:
        backend.store.delete(key)
    except (Unreachable, OSError) as away:
        log.warning("A broken draft can't be deleted from the store %s now: %s", backend.name, away)
        return False
    return True


def _uploads(db: Db) -> list[Location]:
    """What comes in by requests; what operations move is looked after by these."""
    found = []
    for location in incoming(db):
        image = db.one(BY_ID, id=location.image_id)
        if image is not None and image.status in RECEIVING.values():
            found.append(location)
    return found


class Upkeep:
    """Does it every minute, and deletes at once what operations drop, in a thread of its own."""

    def __init__(self, store: Store, backends: Backends) -> None:
        self._store, self._backends = store, backends
        self._news, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="image-upkeep", daemon=True)

    def start(self) -> None:
        news.wake_by(self._store.engine, self._news.set)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._news.set()
        self._thread.join(10)

    def _work(self) -> None:
        was_told = False
        while not self._stopping.is_set():
            try:
                if was_told:
                    ByteRemoval(self._backends).remove_due(self._store)
                else:
                    recover(self._store, self._backends)
                    tasks.forget_expired(self._store)
            except Exception:
                kernel_log.failure("images could not be looked after")
            was_told = self._news.wait(EVERY_S)
            self._news.clear()
