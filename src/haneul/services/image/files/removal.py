"""Deleting bytes that no row holds any more."""

import logging
from collections.abc import Sequence
from functools import partial

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Store
from haneul.kernel.http import Call
from haneul.services.image.drivers.base import Unreachable
from haneul.services.image.images import bin as waste
from haneul.services.image.locations import deletions
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
        gone = await call.in_thread(partial(self._gone, due, set()))
        if gone:
            await call.transaction(partial(_forget, gone=gone), writes=True)

    def remove_due(self, store: Store) -> int:
        """Delete what is due anywhere; how many are gone. A store that does not answer is asked but once."""
        moment, after, count = now(), 0, 0
        away: set[str] = set()
        while due := store.read(partial(deletions.due, moment=moment, after=after)):
            after = due[-1].id
            gone = self._gone(due, away)
            if gone:
                store.write(partial(_forget, gone=gone))
            count += len(gone)
        return count

    def _gone(self, due: Sequence[Deletion], away: set[str]) -> list[Deletion]:
        """What could be deleted; the names of stores that can't be asked join those `away`."""
        return [one for one in due if one.store not in away and self._is_deleted(one, away)]

    def _is_deleted(self, doomed: Deletion, away: set[str]) -> bool:
        backend = self._backends.holding(doomed.store)
        if backend is None:
            log.warning("Bytes of image %s can't be deleted: no store %s is set.", doomed.image_id, doomed.store)
            return False
        try:
            if not backend.store.is_read_only:
                backend.store.delete(doomed.key)
        except Unreachable:
            away.add(doomed.store)
            log.warning("Bytes of image %s can't be deleted from %s now.", doomed.image_id, doomed.store)
            return False
        except OSError:
            log.warning("Bytes of image %s can't be deleted from %s now.", doomed.image_id, doomed.store)
            return False
        return True


def _due_of(db: Db, image_id: str) -> list[Deletion]:
    moment = now()
    return [one for one in db.all(DELETIONS_OF, image_id=image_id) if one.due_at <= moment]


def _forget(db: Db, gone: Sequence[Deletion]) -> None:
    for one in gone:
        if deletions.done(db, one):
            waste.forget(db, one.image_id)
