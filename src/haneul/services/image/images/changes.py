"""Creating and changing images under the rules that hang on what is said of them: owner and visibility."""

from collections.abc import Sequence

from haneul.kernel.errors import Forbidden
from haneul.kernel.http import Call
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET
from haneul.services.image.images import logic
from haneul.services.image.images.access import ADMIN, OWNER
from haneul.services.image.images.models import Image
from haneul.services.image.images.patches import Change, applied
from haneul.services.image.images.schemas import ImageCreate

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


def change(call: Call, image: Image, changes: Sequence[Change]) -> Image:
    """Make the changes; Forbidden if one of them needs more than the right to change the image."""
    for one in changes:
        if one.name == "visibility" and one.op != "remove":
            _refuse_visibility(call, one.value, image)
        if one.name == "owner" and not call.allows(ADMIN):
            raise Forbidden("Owner can't be updated by non admin.")
    return logic.save(call.db, image, applied(image, changes)) if changes else image
