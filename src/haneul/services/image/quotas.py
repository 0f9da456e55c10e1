"""What operators may limit of a project's images, by limits registered with identity as Glance names them."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select

from haneul.kernel.db import Db
from haneul.kernel.errors import OverQuota
from haneul.kernel.quota import Known, Resource, Wanted, registered, take_all, used
from haneul.services.image.images.models import images

SERVICE = "image"
MIB = 1 << 20
BREACHED = (
    "The request returned a 413 Request Entity Too Large. This generally means that rate limiting or a quota threshold "
    "was breached.\n\nThe response body:\n{body}"
)


def _resource(name: str, counted: ColumnElement[Any], *only: ColumnElement[bool], unit: int = 1) -> Resource:
    every = select(counted).select_from(images).where(*only)
    return Resource(
        name,
        every.where(images.c.project_id == bindparam("owner_id")),
        guard="image",
        unit=unit,
        known=Known(SERVICE, name, every.where(images.c.project_id.in_(bindparam("owner_ids", expanding=True)))),
    )


IMAGES = _resource("image_count_total", func.count())
BYTES = _resource("image_size_total", func.sum(images.c.size), unit=MIB)
UPLOADS = _resource("image_count_uploading", func.count(), images.c.status == "saving")
LIMITED = (BYTES, IMAGES, UPLOADS)


def take_image(db: Db, project_id: str | None) -> None:
    """Make sure that the project may have one image more, or OverQuota."""
    _take(db, project_id, Wanted(IMAGES, 1, -1))


def take_upload(db: Db, project_id: str | None, size: int | None, begin: Callable[[], None]) -> None:
    """Begin an upload of this many bytes if the project may have them and one upload more, or OverQuota.

    As in Glance, bytes of which no number was announced are counted once they are there.
    """
    _take(db, project_id, Wanted(BYTES, (size or 0) // MIB, -1, even_nothing=True))
    begin()
    _take(db, project_id, Wanted(UPLOADS, 0, -1, even_nothing=True))


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
