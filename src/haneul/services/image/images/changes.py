"""Creating and changing images under the rules that hang on what is said of them: owner and visibility."""

from collections.abc import Sequence

import msgspec

from haneul.kernel.db import Db
from haneul.kernel.errors import Conflict, Forbidden
from haneul.kernel.http import Call
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET
from haneul.services.image.images import access, logic
from haneul.services.image.images.access import ADMIN, DELETE_LOCATION, MODIFY, OWNER, SET_LOCATION
from haneul.services.image.images.models import Image
from haneul.services.image.images.patches import LOCATIONS, NO_PROPERTY, Change, applied
from haneul.services.image.images.protections import Protections
from haneul.services.image.images.schemas import FIELDS, ImageCreate
from haneul.services.image.locations import changes as locations
from haneul.services.image.locations.changes import Grounds

PUBLICIZE = Rule("publicize_image", "rule:context_is_admin", "Show an image to everyone.")
COMMUNITIZE = Rule("communitize_image", OWNER, "Let everyone use an image who knows its id.")


def refuse_create(call: Call, wanted: ImageCreate) -> None:
    """Forbidden unless the caller may create an image for this owner with this visibility."""
    visibility = "private" if wanted.fields.visibility is UNSET else wanted.fields.visibility
    target = {"project_id": wanted.project_id, "owner": wanted.project_id, "visibility": visibility}
    try:
        call.enforce(target)
    except Forbidden:
        if wanted.project_id != call.caller.project_id:
            raise Forbidden(
                "You are not permitted to create images owned by '{owner}'", owner=wanted.project_id
            ) from None
        raise
    _refuse_visibility(call, visibility, target)


def _refuse_visibility(call: Call, visibility: object, target: object) -> None:
    if visibility == "public":
        call.enforce(target, rule=PUBLICIZE)
    elif visibility == "community":
        call.enforce(target, rule=COMMUNITIZE)


def rules_for(changes: Sequence[Change]) -> list[Rule]:
    """The rules that changes need, each once."""
    needed = [_rule_for(one) for one in changes] or [MODIFY]
    return list(dict.fromkeys(needed))


def _rule_for(change: Change) -> Rule:
    if change.name != LOCATIONS:
        return MODIFY
    return DELETE_LOCATION if change.op == "remove" else SET_LOCATION


def loaded(call: Call, db: Db, image_id: str, changes: Sequence[Change]) -> Image:
    """The image, which the caller may change so; NotFound if he can't see it."""
    first, *further = rules_for(changes)
    image = access.loaded(call, db, image_id, first)
    for rule in further:
        call.enforce(image, rule=rule)
    return image


class Wanted(msgspec.Struct, frozen=True):
    """Changes to be made, and what they stand on."""

    changes: Sequence[Change]
    grounds: Grounds
    protections: Protections


def change(call: Call, db: Db, image: Image, wanted: Wanted) -> Image:
    """Make the changes, in their order; Forbidden if one of them needs more than the right to change the image."""
    new = image
    for one in wanted.changes:
        _refuse_change(call, image, one)
        if one.name == LOCATIONS:
            new = _relocated(db, new, one, wanted.grounds)
        else:
            _refuse_protected(call, new, one, wanted.protections)
            new = applied(new, one)
    saved = logic.save(db, image, new) if wanted.changes else image
    if any(one.name == LOCATIONS for one in wanted.changes):
        return logic.get(db, image.id) or saved
    return saved


def _refuse_protected(call: Call, image: Image, change: Change, protections: Protections) -> None:
    """Forbidden for a property that the caller has no right to; one that he can't read isn't there for him."""
    if change.name in FIELDS:
        return
    roles, name = call.caller.roles, change.name
    if name not in protections.readable(roles, image.properties):
        if change.op != "add":
            raise Conflict(NO_PROPERTY, name=name)
        protections.refuse(roles, name, "create")
    else:
        protections.refuse(roles, name, "delete" if change.op == "remove" else "update")


def _refuse_change(call: Call, image: Image, change: Change) -> None:
    if change.name == "visibility" and change.op != "remove":
        _refuse_visibility(call, change.value, image)
    if change.name == "owner" and not call.allows(ADMIN):
        raise Forbidden("Owner can't be updated by non admin.")


def _relocated(db: Db, image: Image, change: Change, grounds: Grounds) -> Image:
    if change.op == "add":
        return locations.add(db, image, change.at, change.value[0], grounds)
    if change.op == "replace":
        return locations.replace_all(db, image, change.value, grounds)
    locations.remove(db, image, change.at, grounds)
    return image


def urls_in(changes: Sequence[Change]) -> list[str]:
    """The URLs that stores have to be asked about; OverQuota for more than an image may have."""
    urls = dict.fromkeys(asked.url for one in changes if one.name == LOCATIONS and one.value for asked in one.value)
    locations.refuse_many(len(urls))
    return list(urls)
