import secrets

import msgspec

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, columns_of
from haneul.kernel.errors import BadRequest, Conflict, Forbidden, Gone
from haneul.services.image.images.logic import touch
from haneul.services.image.images.models import Deletion, ImageRow, deletions, images
from haneul.services.image.images.queries import BY_STATUS

ALL_DELETIONS = Query(Deletion, columns_of(Deletion, deletions))
HASH = "sha512"
GONE = (
    "Image {id} could not be found after upload. The image may have been deleted during the upload, cleaning up "
    "the chunks uploaded."
)


class Received(msgspec.Struct, frozen=True):
    """What is known of bytes once all have come: `size` in bytes, digests in hexadecimal."""

    size: int
    md5: str
    sha512: str
    virtual_size: int | None


def new_store_key(image_id: str) -> str:
    """A key for one attempt to give an image its bytes; never used again."""
    return f"{image_id}.{secrets.token_hex(6)}"


def claim(db: Db, row: ImageRow, store_key: str) -> None:
    """Let one upload begin; Conflict if the image has its bytes or gets them from another."""
    if row.status != "queued":
        raise Conflict("Image status transition from {status} to saving is not allowed", status=row.status)
    missing = [name for name in ("disk_format", "container_format") if not getattr(row, name)]
    if missing:
        raise BadRequest(
            "{word} {names} must be set prior to saving data.",
            word="Property" if len(missing) == 1 else "Properties",
            names=", ".join(missing),
        )
    touch(db, row, status="saving", store_key=store_key)


def activate(db: Db, image_id: str, store_key: str, received: Received) -> None:
    """The claimed image has its bytes; Gone if it was deleted meanwhile."""
    where = {"id": image_id, "status": "saving", "store_key": store_key}
    changed = db.update(
        images,
        where,
        status="active",
        size=received.size,
        virtual_size=received.virtual_size,
        checksum=received.md5,
        os_hash_algo=HASH,
        os_hash_value=received.sha512,
        updated_at=now(),
    )
    if not changed:
        raise Gone(GONE, id=image_id)


def requeue(db: Db, image_id: str, store_key: str) -> None:
    """The claimed upload came to nothing: another may begin."""
    where = {"id": image_id, "status": "saving", "store_key": store_key}
    db.update(images, where, status="queued", store_key=None, updated_at=now())


def refuse_download(row: ImageRow, *, is_admin: bool) -> None:
    """Forbidden for a deactivated image, to all but administrators."""
    if row.status == "deactivated" and not is_admin:
        raise Forbidden("The requested image has been deactivated. Image data download is forbidden.")


def saving(db: Db) -> list[ImageRow]:
    return db.all(BY_STATUS, status="saving")


def condemned(db: Db) -> list[str]:
    """Keys of bytes whose images were deleted."""
    return [row.store_key for row in db.all(ALL_DELETIONS)]
