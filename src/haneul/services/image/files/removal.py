"""Deleting bytes that no row holds any more."""

import logging
from functools import partial

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Store
from haneul.kernel.http import Call
from haneul.services.image.drivers.base import Unreachable
from haneul.services.image.locations import logic
from haneul.services.image.locations.models import Deletion
from haneul.services.image.locations.queries import DELETIONS_OF
from haneul.services.image.stores.backends import Backends

log = logging.getLogger("haneul.image")


class ByteRemoval:
    """Deletes bytes and then the note that they shall go; a crash in between leaves the note for later."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends

    async def remove(self, call: Call, image_id: str) -> None:
        """Delete what is due of an image that the caller deleted; what can't be deleted now goes later."""
        due = await call.transaction(partial(_due_of, image_id=image_id), writes=False)
        gone = [one.id for one in due if await call.in_thread(partial(self._is_deleted, one))]
        if gone:
            await call.transaction(partial(_forget, numbers=gone), writes=True)

    def remove_due(self, store: Store) -> int:
        """Delete what is due anywhere; how many are gone."""
        due = store.read(lambda db: logic.due_deletions(db, now()))
        gone = [one.id for one in due if self._is_deleted(one)]
        if gone:
            store.write(partial(_forget, numbers=gone))
        return len(gone)

    def _is_deleted(self, doomed: Deletion) -> bool:
        backend = self._backends.holding(doomed.store)
        if backend is None:
            log.warning("Bytes of image %s can't be deleted: no store %s is set.", doomed.image_id, doomed.store)
            return False
        try:
            if not backend.store.is_read_only:
                backend.store.delete(doomed.key)
        except (Unreachable, OSError):
            log.warning("Bytes of image %s can't be deleted from %s now.", doomed.image_id, doomed.store)
            return False
        return True


def _due_of(db: Db, image_id: str) -> list[Deletion]:
    moment = now()
    return [one for one in db.all(DELETIONS_OF, image_id=image_id) if one.due_at <= moment]


def _forget(db: Db, numbers: list[int]) -> None:
    for number in numbers:
        logic.deleted(db, number)
