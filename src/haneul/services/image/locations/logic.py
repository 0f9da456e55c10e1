import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Outrun
from haneul.kernel.db.news import News
from haneul.kernel.errors import BadRequest, Conflict, Forbidden, NotFound
from haneul.services.image.images.models import Image, images
from haneul.services.image.locations.models import (
    ACTIVE,
    INCOMING,
    REFUSED,
    Location,
    deletions,
    locations,
)
from haneul.services.image.locations.queries import (
    ACTIVE_OF,
    AFTER,
    AT,
    BY_ID,
    DELETION_AT,
    IN_STATE,
    LAST_POSITION,
    OF_IMAGE,
)

news = News()


class Place(msgspec.Struct, frozen=True):
    """A store by name, and a key in it."""

    store: str
    key: str


class Described(msgspec.Struct, frozen=True):
    """What is known of bytes that lie somewhere already, and at which position they are to stand."""

    size: int
    metadata: Mapping[str, Any] = {}
    position: int | None = None


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


def insert(db: Db, image_id: str, place: Place, told: Described) -> int:
    """Write down that the image is made of bytes that lie at a place already; the location's number."""
    number = add(db, image_id, place, ACTIVE, size=told.size, metadata=told.metadata)
    if told.position is not None:
        db.update(locations, {"id": number}, position=told.position)
        tell_stores(db, image_id)
    return number


def describe(db: Db, location: Location, position: int, metadata: Mapping[str, Any]) -> None:
    """Put a location at a position among the image's, and change what is said of it."""
    db.update(locations, {"id": location.id}, position=position, metadata=dict(metadata))


def refuse_use(db: Db, location: Location) -> None:
    """The bytes at the location are not what they were said to be: the image is not made of them."""
    db.update(locations, {"id": location.id}, state=REFUSED)
    tell_stores(db, location.image_id)


def is_taken(db: Db, place: Place) -> bool:
    """Whether the bytes at a place are some image's, or were and are to go."""
    wanted = {"store": place.store, "key": place.key}
    return db.value(AT, **wanted) is not None or db.value(DELETION_AT, **wanted) is not None


def refuse_formless(image: Image) -> None:
    """BadRequest for an image that does not say yet what its bytes shall be."""
    missing = [name for name in ("disk_format", "container_format") if not getattr(image, name)]
    if missing:
        raise BadRequest(
            "{word} {names} must be set prior to saving data.",
            word="Property" if len(missing) == 1 else "Properties",
            names=", ".join(missing),
        )


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


def is_incoming(db: Db, number: int) -> bool:
    """Whether the location's bytes are still on their way."""
    found = get(db, number)
    return found is not None and found.state == INCOMING


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
    """The location is no more, and its bytes are none of ours or gone already.

    What has become of it since it was read is looked at first: its bytes may have come, or come again elsewhere.
    """
    if not db.delete(locations, id=location.id, key=location.key, state=location.state):
        raise Outrun
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
    """Bring the image's list of stores to what its locations say; refused ones count while there are no others."""
    found = of_image(db, image_id)
    named = [one.store for one in found if one.state == ACTIVE]
    if named:
        for one in found:
            if one.state == REFUSED:
                db.delete(locations, id=one.id)
    named = named or [one.store for one in found if one.state == REFUSED]
    db.update(images, {"id": image_id}, stores=",".join(dict.fromkeys(named)))


def incoming(db: Db) -> list[Location]:
    """Every location whose bytes are on their way."""
    return db.all(IN_STATE, state=INCOMING)


def every(db: Db) -> Iterator[Location]:
    """Every location, page by page."""
    after = 0
    while page := db.all(AFTER, after=after):
        after = page[-1].id
        yield from page


def position_before(found: Sequence[Location], wanted: int) -> int:
    """The position of a location that is to come before the one that is now in place `wanted`."""
    if wanted >= len(found):
        return found[-1].position + 1 if found else 0
    return found[wanted].position


def only_in(db: Db, image: Image, store: str) -> Location:
    """The location of an active image in a store; Forbidden for its last one, NotFound if it has none there."""
    if image.status != "active":
        raise Conflict("It's not allowed to remove image data from store if image status is not 'active'")
    found = of_image(db, image.id, ACTIVE)
    if len(found) == 1:
        raise Forbidden(
            "Cannot delete image data from the only store containing it. Consider deleting the image instead."
        )
    for one in found:
        if one.store == store:
            return one
    raise NotFound("Image {id} is not stored in store {store}.", id=image.id, store=store)


def make_room(db: Db, image: Image, position: int) -> None:
    """Move the image's locations from a position on by one."""
    for one in reversed(of_image(db, image.id)):
        if one.position >= position:
            db.update(locations, {"id": one.id}, position=one.position + 1)
