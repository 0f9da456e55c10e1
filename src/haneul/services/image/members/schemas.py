from typing import Any

from haneul.kernel.clock import iso_seconds
from haneul.kernel.errors import BadRequest
from haneul.kernel.schema import View
from haneul.services.image.members.models import Member

STATUSES = ("pending", "accepted", "rejected")


class MemberView(View):
    member_id: str
    image_id: str
    status: str
    created_at: str
    updated_at: str
    schema: str = "/v2/schemas/member"

    @classmethod
    def of(cls, member: Member) -> "MemberView":
        return cls(
            member_id=member.member_id,
            image_id=member.image_id,
            status=member.status,
            created_at=iso_seconds(member.created_at),
            updated_at=iso_seconds(member.updated_at),
        )


def member_in(body: Any) -> str:
    """The project that `{"member": ID}` names."""
    if not isinstance(body, dict):
        raise BadRequest('Expected a member in the form: {"member": "image_id"}')
    if "member" not in body:
        raise BadRequest("Member to be added not specified")
    member_id = body["member"]
    if not isinstance(member_id, str) or not member_id:
        raise BadRequest("Member can't be empty")
    if len(member_id) > 255:
        raise BadRequest("Member can't be longer than 255 characters")
    return member_id


def status_in(body: Any) -> str:
    """The status that `{"status": STATUS}` names."""
    if not isinstance(body, dict):
        raise BadRequest('Expected a status in the form: {"status": "status"}')
    if "status" not in body:
        raise BadRequest("Status not specified")
    status = body["status"]
    if status not in STATUSES:
        raise BadRequest('Incorrect request: Status must be "pending", "accepted" or "rejected".')
    return str(status)
