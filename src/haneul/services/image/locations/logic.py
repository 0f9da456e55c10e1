import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.kernel.db.news import News
from haneul.services.image.images.models import Image, images
from haneul.services.image.locations.models import ACTIVE, INCOMING, Deletion, Location, deletions, locations
from haneul.services.image.locations.queries import ACTIVE_OF, BY_ID, DUE, IN_STATE, LAST_POSITION, OF_IMAGE


news = News()


class Place(msgspec.Struct, frozen=True):
    """A store by name, and a key in it."""

    store: str
    key: str


def new_key(image_id: str) -> str:
    """A key for one attempt to give an image its bytes; never used again."""
    return f"{image_id}.{secrets.token_hex(6)}"


def add(
    db: Db, image_id: str, place: Place, state: str, *, size: int | None = None, metadata: Mapping[str, Any] = {}
) -> int:
    """Write down that bytes are, or will be, at a place; the location's number. It comes last among the image's."""
    last = db.value(LAST_POSITION, image_id=image_id)
    number = db.insert_numbered(
        locations,
        image_id=image_id,
        position=0 if last is None else int(last) + 1,
        store=place.store,
        key=place.key,
        state=state,
        size=size,
        metadata=dict(metadata),
        created_at=now(),
    )
    if state == ACTIVE:
        tell_stores(db, image_id)
    return number


def get(db: Db, number: int) -> Location | None:
    return db.one(BY_ID, id=number)


def of_image(db: Db, image_id: str, state: str = "") -> list[Location]:
    """The image's locations in their order, all or those in one state."""
    return [one for one in db.all(OF_IMAGE, image_id=image_id) if state in ("", one.state)]


def active_of(db: Db, ids: Sequence[str]) -> dict[str, list[Location]]:
    """The places that images are read from, by the images' ids."""
    found: dict[str, list[Location]] = {image_id: [] for image_id in ids}
    for one in db.all(ACTIVE_OF, ids=list(ids)) if ids else ():
        found[one.image_id].append(one)
    return found


def settle(db: Db, number: int, state: str, size: int | None) -> Location | None:
    """The incoming bytes have come; None if nobody wants them any more."""
    changed = db.update(locations, {"id": number, "state": INCOMING}, state=state, size=size)
    found = get(db, number) if changed else None
    if found is not None and state == ACTIVE:
        tell_stores(db, found.image_id)
    return found


def rekey(db: Db, location: Location, key: str) -> Location | None:
    """Another attempt is made at incoming bytes, under another key; None if nobody wants them any more."""
    changed = db.update(locations, {"id": location.id, "state": INCOMING, "key": location.key}, key=key)
    return msgspec.structs.replace(location, key=key) if changed else None


def forget(db: Db, location: Location) -> None:
    """The location is no more, and its bytes are none of ours or gone already."""
    db.delete(locations, id=location.id)
    if location.state == ACTIVE:
        tell_stores(db, location.image_id)


def condemn(db: Db, doomed: Sequence[Location], due_at: datetime | None = None) -> None:
    """The locations are no more, and their bytes shall go from a moment on, or at once.

    Of stores that we only read nothing is deleted: their drivers pass it over.
    """
    due = now() if due_at is None else due_at
    for one in doomed:
        db.insert_numbered(deletions, image_id=one.image_id, store=one.store, key=one.key, due_at=due)
        forget(db, one)


def drop(db: Db, doomed: Sequence[Location]) -> None:
    """The locations are no more, and this process deletes their bytes as soon as the transaction is durable."""
    condemn(db, doomed)
    if doomed:
        news.told(db)


def tell_stores(db: Db, image_id: str) -> None:
    """Bring the image's list of stores to what its locations say."""
    named = [one.store for one in of_image(db, image_id, ACTIVE)]
    db.update(images, {"id": image_id}, stores=",".join(dict.fromkeys(named)))


def incoming(db: Db) -> list[Location]:
    """Every location whose bytes are on their way."""
    return db.all(IN_STATE, state=INCOMING)


def due_deletions(db: Db, moment: datetime) -> list[Deletion]:
    """Bytes that are to be deleted by now, at most a hundred."""
    return db.all(DUE, moment=moment)


def deleted(db: Db, number: int) -> None:
    """The bytes of a deletion are gone."""
    db.delete(deletions, id=number)


def position_before(found: Sequence[Location], wanted: int) -> int:
    """The position of a location that is to come before the one that is now in place `wanted`."""
    if wanted >= len(found):
        return found[-1].position + 1 if found else 0
    return found[wanted].position


def make_room(db: Db, image: Image, position: int) -> None:
    """Move the image's locations from a position on by one."""
    for one in reversed(of_image(db, image.id)):
        if one.position >= position:
            db.update(locations, {"id": one.id}, position=one.position + 1)
