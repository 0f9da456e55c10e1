from sqlalchemy import bindparam, func, select

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of, unique
from haneul.kernel.errors import Forbidden, NotFound, OverQuota
from haneul.services.image.images.models import Image
from haneul.services.image.members.models import Member, members

MOST = 128
OF_IMAGE = Query(
    Member,
    columns_of(Member, members).where(members.c.image_id == bindparam("image_id")).order_by(members.c.member_id),
)
ONE = by(Member, members, "image_id", "member_id")
COUNT = select(func.count()).where(members.c.image_id == bindparam("image_id"))


def refuse_unshared(image: Image, doing: str) -> None:
    """Forbidden for an image that isn't shared with single projects."""
    if image.visibility != "shared":
        raise Forbidden(
            "Not allowed to {doing} members for image {id}: Only shared images have members.", doing=doing, id=image.id
        )


def refuse_unseen(image: Image) -> None:
    """NotFound for a member of an image that isn't shared: Glance tells nothing there."""
    if image.visibility != "shared":
        raise NotFound("Only shared images have members.")


def list_(db: Db, image: Image) -> list[Member]:
    return db.all(OF_IMAGE, image_id=image.id)


def get(db: Db, image: Image, member_id: str) -> Member:
    """One project's membership; NotFound."""
    found = db.one(ONE, image_id=image.id, member_id=member_id)
    if found is None:
        raise missing(image, member_id)
    return found


def missing(image: Image, member_id: str) -> NotFound:
    return NotFound("{member_id} not found in the member list of the image {id}.", member_id=member_id, id=image.id)


def create(db: Db, image: Image, member_id: str) -> Member:
    """Share an image with a project; Conflict if it is shared with it already."""
    refuse_unshared(image, "create")
    attempted = int(db.value(COUNT, image_id=image.id)) + 1
    if attempted > MOST:
        raise OverQuota(
            "Image member limit exceeded for image {id}: The limit has been exceeded on the number of allowed image "
            "members for this image. Attempted: {attempted}, Maximum: {most}:",
            id=image.id,
            attempted=attempted,
            most=MOST,
        )
    moment = now()
    with unique("Member {member_id} is duplicated for image {id}", member_id=member_id, id=image.id):
        return db.insert(members, Member(image.id, member_id, "pending", moment, moment))


def update(db: Db, member: Member, status: str) -> Member:
    """Accept or reject an image, as its member."""
    db.update(members, {"image_id": member.image_id, "member_id": member.member_id}, status=status, updated_at=now())
    found = db.one(ONE, image_id=member.image_id, member_id=member.member_id)
    assert found is not None
    return found


def delete(db: Db, member: Member) -> None:
    db.delete(members, image_id=member.image_id, member_id=member.member_id)
