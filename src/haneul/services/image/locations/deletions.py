"""Bytes that are to be deleted: written down in one transaction, done by whoever deletes, and then crossed out."""

from datetime import datetime

from haneul.kernel.clock import now
from haneul.kernel.db import Db, fields
from haneul.services.image.locations.logic import Place, news
from haneul.services.image.locations.models import Deletion, Location, deletions, locations
from haneul.services.image.locations.queries import DELETIONS_AFTER, DELETIONS_OF, DUE


def every(db: Db) -> list[Deletion]:
    """Every deletion that is still to be made."""
    found: list[Deletion] = []
    after = 0
    while page := db.all(DELETIONS_AFTER, after=after):
        after = page[-1].id
        found += page
    return found


def want(db: Db, image_id: str, place: Place) -> None:
    """Have bytes deleted that no location speaks of."""
    db.insert_numbered(deletions, image_id=image_id, store=place.store, key=place.key, due_at=now())
    news.told(db)


def due(db: Db, moment: datetime, after: int = 0) -> list[Deletion]:
    """Bytes that are to be deleted by now: the first hundred whose numbers are greater than one."""
    return db.all(DUE, moment=moment, after=after)


def done(db: Db, doomed: Deletion) -> bool:
    """The bytes of a deletion are gone; whether they were the last ones of their image that had to go."""
    db.delete(deletions, id=doomed.id, key=doomed.key)
    return not db.all(DELETIONS_OF, image_id=doomed.image_id)


def spare(db: Db, location: Location) -> bool:
    """The bytes shall not be deleted after all, and are the image's again; False if that comes too late."""
    moment = now()
    for doomed in db.all(DELETIONS_OF, image_id=location.image_id):
        if (doomed.store, doomed.key) == (location.store, location.key) and doomed.due_at > moment:
            db.delete(deletions, id=doomed.id)
            db.insert_numbered(locations, **{name: value for name, value in fields(location).items() if name != "id"})
            return True
    return False
