"""What an audit found and may be put right: by rows alone, each for one thing that was named."""

from collections.abc import Sequence

from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.services.image.files.audit import DAY, Odd
from haneul.services.image.images import logic as images
from haneul.services.image.images.bin import record_of
from haneul.services.image.locations import deletions
from haneul.services.image.locations import logic as locations
from haneul.services.image.locations.logic import Place
from haneul.services.image.stores.backends import Backends
from haneul.services.image.tasks import logic as tasks

LOST = "Nothing works on this task any more."


def repairable(db: Db, found: Sequence[Odd], backends: Backends) -> list[Odd]:
    """Which of these can be put right."""
    return [one for one in found if one.kind == "task" or _may_go(db, one, backends)]


def repaired(db: Db, wanted: Sequence[Odd], backends: Backends) -> None:
    """Put them right: the cloud deletes the bytes, and the tasks have failed."""
    for one in repairable(db, wanted, backends):
        if one.kind == "task":
            tasks.fail(db, one.task_id, LOST, hours=48)
        else:
            deletions.want(db, one.image_id, Place(one.store, one.key))


def _may_go(db: Db, odd: Odd, backends: Backends) -> bool:
    """Whether orphaned bytes are ours to delete: of an image that this very database knows to have been deleted, and
    older than a day, as far as their store can tell."""
    if odd.kind != "orphan" or not odd.image_id or not images.was_deleted(db, odd.image_id):
        return False
    if record_of(db, odd.image_id) is not None or locations.is_taken(db, Place(odd.store, odd.key)):
        return False
    backend = backends.holding(odd.store)
    path = None if backend is None else backend.store.path(odd.key)
    return path is None or path.stat().st_mtime < (now() - DAY).timestamp()
