from typing import Any

from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.image.images import access
from haneul.services.image.images.access import OWNER
from haneul.services.image.images.models import Image
from haneul.services.image.members import logic
from haneul.services.image.members.models import Member
from haneul.services.image.members.schemas import MemberView, member_in, status_in

routes = Routes()

READER = "rule:context_is_admin or role:reader and (project_id:%(project_id)s or project_id:%(member_id)s)"
ADD = Rule("add_member", OWNER, "Share an image with a project.")
DELETE = Rule("delete_member", OWNER, "Stop sharing an image with a project.")
GET = Rule("get_member", READER, "Show a project that an image is shared with.")
LIST = Rule("get_members", READER, "List the projects that an image is shared with.")
MODIFY = Rule(
    "modify_member",
    "rule:context_is_admin or (role:member and project_id:%(member_id)s)",
    "Accept or reject an image that is shared.",
)
COLLECTION = "/v2/images/{image_id}/members"
ONE = COLLECTION + "/{member_id}"


def _shows(call: Call, image: Image, member_id: str) -> bool:
    """Whether the caller may know of this member: those who share an image don't learn of each other."""
    return call.allows(access.ADMIN) or call.caller.project_id in (image.project_id, member_id)


def _member(call: Call, image: Image, member_id: str) -> Member:
    if not _shows(call, image, member_id):
        raise logic.missing(image, member_id)
    return logic.get(call.db, image, member_id)


@routes.get(COLLECTION, rule=LIST)
def list_members(call: Call, image_id: str) -> dict[str, Any]:
    image = access.loaded(call, call.db, image_id, missing=access.NOT_FOUND)
    logic.refuse_unshared(image, "list")
    found = [MemberView.of(one) for one in logic.list_(call.db, image) if _shows(call, image, one.member_id)]
    return {"members": found, "schema": "/v2/schemas/members"}


@routes.post(COLLECTION, rule=ADD, status=200)
def create_member(call: Call, image_id: str, body: Any) -> MemberView:
    member_id = member_in(body)
    image = access.loaded(call, call.db, image_id, missing=access.NOT_FOUND)
    return MemberView.of(logic.create(call.db, image, member_id))


@routes.get(ONE, rule=GET)
def get_member(call: Call, image_id: str, member_id: str) -> MemberView:
    image = access.loaded(call, call.db, image_id, missing=access.NOT_FOUND)
    logic.refuse_unseen(image)
    return MemberView.of(_member(call, image, member_id))


@routes.put(ONE, rule=MODIFY)
def update_member(call: Call, image_id: str, member_id: str, body: Any) -> MemberView:
    status = status_in(body)
    image = access.loaded(call, call.db, image_id, missing=access.NOT_FOUND)
    logic.refuse_unshared(image, "update")
    return MemberView.of(logic.update(call.db, _member(call, image, member_id), status))


@routes.delete(ONE, rule=DELETE)
def delete_member(call: Call, image_id: str, member_id: str) -> None:
    image = access.loaded(call, call.db, image_id, missing=access.NOT_FOUND)
    logic.refuse_unshared(image, "delete")
    logic.delete(call.db, logic.get(call.db, image, member_id))
