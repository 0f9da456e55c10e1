"""What operators may limit of a project's images, by limits registered with identity as Glance names them."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, bindparam, exists, func, or_, select, true

from haneul.kernel.db import Db
from haneul.kernel.errors import OverQuota
from haneul.kernel.quota import Known, Resource, Wanted, registered, take_all, used
from haneul.services.image.images.models import images, properties
from haneul.services.image.locations.models import ACTIVE, locations

SERVICE = "image"
MIB = 1 << 20
BREACHED = (
    "The request returned a 413 Request Entity Too Large. This generally means that rate limiting or a quota threshold "
    "was breached.\n\nThe response body:\n{body}"
)


COPYING = exists().where(
    properties.c.image_id == images.c.id,
    properties.c.name == "os_glance_importing_to_stores",
    properties.c.value != "",
)
STAGED = or_(images.c.status.in_(("uploading", "importing")), COPYING)
COMING = or_(images.c.status.in_(("saving", "uploading", "importing")), COPYING)
STORED = images.join(locations, and_(locations.c.image_id == images.c.id, locations.c.state == ACTIVE))


def _resource(
    name: str, counted: ColumnElement[Any], only: ColumnElement[bool], *, of: FromClause = images, unit: int = 1
) -> Resource:
    every = select(counted).select_from(of).where(only)
    return Resource(
        name,
        every.where(images.c.project_id == bindparam("owner_id")),
        guard="image",
        unit=unit,
        known=Known(SERVICE, name, every.where(images.c.project_id.in_(bindparam("owner_ids", expanding=True)))),
    )


# As in Glance, an image counts as often as it has places.
BYTES = _resource("image_size_total", func.sum(images.c.size), images.c.size > 0, of=STORED, unit=MIB)
STAGING = _resource("image_stage_total", func.sum(images.c.size), and_(images.c.size > 0, STAGED), unit=MIB)
IMAGES = _resource("image_count_total", func.count(), true())
UPLOADS = _resource("image_count_uploading", func.count(), COMING)
LIMITED = (BYTES, STAGING, IMAGES, UPLOADS)


def take_image(db: Db, project_id: str | None) -> None:
    """Make sure that the project may have one image more, or OverQuota."""
    _take(db, project_id, Wanted(IMAGES, 1, -1))


def take_upload(db: Db, project_id: str | None, size: int | None, begin: Callable[[], None]) -> None:
    """Begin an upload of this many bytes if the project may have them and one upload more, or OverQuota.

    As in Glance, bytes of which no number was announced are counted once they are there.
    """
    _take_bytes(db, project_id, BYTES, size)
    begin()
    _take(db, project_id, Wanted(UPLOADS, 0, -1, even_nothing=True))


def take_stage(db: Db, project_id: str | None, size: int | None, begin: Callable[[], None]) -> None:
    """Begin to stage this many bytes if the project may have them waiting, and one upload more, or OverQuota."""
    _take_bytes(db, project_id, STAGING, size)
    begin()
    _take(db, project_id, Wanted(UPLOADS, 0, -1, even_nothing=True))


def take_import(db: Db, project_id: str | None) -> None:
    """Make sure that the project has not more bytes than it may have already, or OverQuota."""
    _take_bytes(db, project_id, BYTES, 0)


def _take_bytes(db: Db, project_id: str | None, resource: Resource, size: int | None) -> None:
    _take(db, project_id, Wanted(resource, (size or 0) // MIB, -1, even_nothing=True))


def _take(db: Db, project_id: str | None, wanted: Wanted) -> None:
    if project_id is None:
        return
    try:
        take_all(db, project_id, [wanted])
    except OverQuota as over:
        raise OverQuota(BREACHED, body=str(over)) from None


def usage_of(db: Db, project_id: str) -> dict[str, dict[str, int]]:
    """Of what is registered: how much a project has, and may have."""
    limits = registered(db, SERVICE, project_id, [one.name for one in LIMITED])
    return {
        one.name: {"limit": limits[one.name].limit, "usage": used(db, project_id, one)}
        for one in LIMITED
        if one.name in limits
    }
