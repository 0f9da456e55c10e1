"""Changing an image's locations as `PATCH /v2/images/ID` asks for it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, Conflict, Forbidden, OverQuota
from haneul.services.image.images.models import Image
from haneul.services.image.imports import logic as imports
from haneul.services.image.locations import logic
from haneul.services.image.locations.claims import claimed
from haneul.services.image.locations.measures import Measured
from haneul.services.image.locations.models import ACTIVE, Location
from haneul.services.image.locations.schemas import LocationAsked
from haneul.services.image.stores.backends import Backends

MOST = 10
INVALID = "Invalid location"


class Grounds(msgspec.Struct, frozen=True):
    """What changes of locations stand on: what stores said of the URLs, and what this cloud allows.

    Who `may_adopt` may name bytes in stores of ours: administrators and other services, which put them there.
    """

    backends: Backends
    measured: Mapping[str, Measured]
    hash_name: str
    is_allowed: bool
    may_adopt: bool


def shown(db: Db, image: Image, backends: Backends) -> list[Location]:
    """The image's locations in the order in which clients see them."""
    found = [one for one in logic.of_image(db, image.id, ACTIVE) if backends.holding(one.store)]
    order = backends.in_order([one.store for one in found])
    return sorted(found, key=lambda one: order.index(one.store))


def add(db: Db, image: Image, at: str, asked: LocationAsked, grounds: Grounds) -> Image:
    """Give the image another location before the one that is in place `at`, or after all; a queued one is active then.

    BadRequest for a location that can't be read, that no client may name, or that is there already.
    """
    _refuse(image, "add", grounds, ("active", "queued"))
    facts = claimed(image, [asked], grounds.hash_name)
    found = shown(db, image, grounds.backends)
    position = _position(at, len(found), may_append=True)
    if position is None:
        raise BadRequest("Invalid position for adding a location.")
    refuse_many(len(found) + 1)
    measured = _measured(db, asked, found, grounds)
    row_position = logic.position_before(found, position)
    logic.make_room(db, image, row_position)
    logic.insert(db, image.id, measured.place, logic.Described(measured.size, asked.told, row_position))
    return _active(image, facts, measured.size)


def replace_all(db: Db, image: Image, asked: Sequence[LocationAsked], grounds: Grounds) -> Image:
    """Give an image without locations these, or those that it has a new order and new metadata."""
    if not asked:
        raise Forbidden("Cannot set locations to empty list.")
    _refuse(image, "replace", grounds, ("active", "queued"))
    facts = claimed(image, asked, grounds.hash_name)
    refuse_many(len(asked))
    found = shown(db, image, grounds.backends)
    if not found:
        for one in asked:
            now_there = shown(db, image, grounds.backends)
            measured = _measured(db, one, now_there, grounds)
            last = logic.position_before(now_there, len(now_there))
            logic.insert(db, image.id, measured.place, logic.Described(measured.size, one.told, last))
        return _active(image, facts, grounds.measured[asked[0].url].size)
    _describe(db, image, asked, found, grounds.backends)
    return _active(image, facts, image.size or 0)


def _describe(
    db: Db, image: Image, asked: Sequence[LocationAsked], found: Sequence[Location], backends: Backends
) -> None:
    by_url: dict[str, list[Location]] = defaultdict(list)
    for one in found:
        by_url[address(one, backends)].append(one)
    if sorted(one.url for one in asked) != sorted(address(one, backends) for one in found):
        raise BadRequest("Original locations is not empty: {urls}", urls=", ".join(by_url))
    for position, wanted in enumerate(asked):
        logic.describe(db, by_url[wanted.url].pop(0), position, wanted.told)
    logic.tell_stores(db, image.id)


def remove(db: Db, image: Image, at: str, grounds: Grounds) -> None:
    """Take the location in place `at` from the image, and have its bytes deleted."""
    _refuse(image, "remove", grounds, ("active",))
    found = shown(db, image, grounds.backends)
    if len(found) == 1:
        raise Forbidden("Cannot remove last location in the image.")
    position = _position(at, len(found), may_append=False)
    if position is None:
        raise BadRequest("Invalid position for removing a location.")
    logic.drop(db, [found[position]])


def address(location: Location, backends: Backends) -> str:
    """The URL of a location; empty for one in a store that is no longer configured."""
    backend = backends.holding(location.store)
    return "" if backend is None else backend.store.address(location.key)


def refuse_many(attempted: int) -> None:
    """OverQuota for more locations than an image may have."""
    if attempted > MOST:
        raise OverQuota(
            "The limit has been exceeded on the number of allowed image locations. Attempted: {attempted}, "
            "Maximum: {most}",
            attempted=attempted,
            most=MOST,
        )


def _refuse(image: Image, verb: str, grounds: Grounds, statuses: tuple[str, ...]) -> None:
    if not grounds.is_allowed:
        shown_verb = "update" if verb == "replace" else verb
        raise Forbidden("It's not allowed to {verb} locations if locations are invisible.", verb=shown_verb)
    if image.status not in statuses:
        raise Conflict(
            "It's not allowed to {verb} locations if image status is {status}.", verb=verb, status=image.status
        )
    if image.status == "queued":
        imports.refuse_busy(image)


def _measured(db: Db, asked: LocationAsked, there: Sequence[Location], grounds: Grounds) -> Measured:
    measured = grounds.measured.get(asked.url)
    if measured is None:
        raise BadRequest(INVALID)
    place = measured.place
    if any((one.store, one.key, one.metadata) == (place.store, place.key, asked.told) for one in there):
        raise BadRequest("The location {url} already exists", url=asked.url)
    # What one image is made of goes with it: it can be no other's, and nobody may guess at what lies there.
    if not measured.is_read_only and (not grounds.may_adopt or logic.is_taken(db, place)):
        raise BadRequest(INVALID)
    return measured


def _active(image: Image, facts: Mapping[str, str], size: int) -> Image:
    if image.status == "queued":
        logic.refuse_formless(image)
        image = replace(image, status="active", **facts)
    return image if image.size else replace(image, size=size)


def _position(at: str, count: int, *, may_append: bool) -> int | None:
    """The place that a path's last part names; None for none."""
    most = count if may_append else count - 1
    if at == "-":
        return most
    if not (at.isascii() and at.isdigit() and len(at) < 10):
        return None
    return int(at) if may_append or int(at) <= most else None
