"""Who may see and do what: Glance hides images that the caller can't see, whatever he tries with them."""

import msgspec

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, Forbidden, NotFound
from haneul.kernel.http import Call
from haneul.kernel.policy import SCOPES, Rule
from haneul.services.image.images.models import Image
from haneul.services.image.images.queries import BY_ID, SHARED_WITH

OWNER = "rule:context_is_admin or (role:member and project_id:%(project_id)s)"
SEEN = (
    "(project_id:%(project_id)s or project_id:%(member_id)s or 'community':%(visibility)s or "
    "'public':%(visibility)s or 'shared':%(visibility)s)"
)
ADMIN = Rule("context_is_admin", "role:admin", "Whether the caller sees and manages every image.", scope_types=SCOPES)
GET = Rule("get_image", f"rule:context_is_admin or (role:reader and {SEEN})", "Show an image.")
MODIFY = Rule("modify_image", OWNER, "Change an image, its properties and its tags.")
GET_LOCATION = Rule(
    "get_image_location",
    "rule:context_is_admin or (role:reader and project_id:%(project_id)s)",
    "Learn where an image's bytes lie.",
)
SET_LOCATION = Rule("set_image_location", OWNER, "Change where an image's bytes lie.")
DELETE_LOCATION = Rule("delete_image_location", "rule:context_is_admin", "Delete an image's bytes from a store.")
NO_IMAGE = "No image found with ID {id}"
NOT_FOUND = "Image {id} not found."


class Viewer(msgspec.Struct, frozen=True):
    """The caller as far as seeing images goes."""

    project_id: str | None
    is_admin: bool


def viewer(call: Call) -> Viewer:
    return Viewer(call.caller.project_id, call.allows(ADMIN))


def visible(db: Db, image_id: str, viewer: Viewer) -> Image:
    """The image; NotFound alike if it isn't there and if the viewer can't see it."""
    image = db.one(BY_ID, id=image_id)
    if image is None or not _sees(db, image, viewer):
        raise NotFound(NO_IMAGE, id=image_id)
    return image


def _sees(db: Db, image: Image, viewer: Viewer) -> bool:
    if viewer.is_admin or image.project_id is None or image.visibility in ("public", "community"):
        return True
    if viewer.project_id is None:
        return False
    if viewer.project_id == image.project_id:
        return True
    return (
        image.visibility == "shared"
        and db.value(SHARED_WITH, image_id=image.id, project_id=viewer.project_id) is not None
    )


def member_of(call: Call, image: Image) -> str:
    """The project through whose membership the caller sees the image; empty if he needs none."""
    project_id = call.caller.project_id
    return project_id if project_id and image.visibility == "shared" and project_id != image.project_id else ""


def seen(call: Call, image: Image) -> bool:
    """Whether the rule for showing lets the caller see an image that he found."""
    return call.allows(GET, image, member_id=member_of(call, image))


def loaded(call: Call, db: Db, image_id: str, rule: Rule | None = None, *, missing: str = NO_IMAGE) -> Image:
    """The image, under the route's rule or this one; NotFound, not Forbidden, for what the caller can't see.

    `missing` is what is said then: Glance has a sentence for each call.
    """
    try:
        return _loaded(call, db, image_id, rule)
    except NotFound:
        raise NotFound(missing, id=image_id) from None


def _loaded(call: Call, db: Db, image_id: str, rule: Rule | None) -> Image:
    image = visible(db, image_id, viewer(call))
    try:
        call.enforce(image, rule=rule, member_id=member_of(call, image), owner=image.project_id)
    except Forbidden:
        if not seen(call, image):
            raise NotFound(NO_IMAGE, id=image_id) from None
        raise
    return image


def refuse_marker(db: Db, image_id: str, viewer: Viewer) -> None:
    """BadRequest for a marker that the viewer can't see."""
    try:
        visible(db, image_id, viewer)
    except NotFound as missing:
        raise BadRequest(missing.template, **missing.values) from None
