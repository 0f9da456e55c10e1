from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, exists, or_, select

from haneul.kernel.db import Db, by
from haneul.kernel.db.listing import Clause, Listing, Page
from haneul.services.image.images.models import Binned, Image, binned, images, properties, tags
from haneul.services.image.members.models import members

BY_ID = by(Image, images, "id")
BY_STATUS = by(Image, images, "status")
BY_OWNER_AND_NAME = by(Image, images, "project_id", "name")
BINNED = by(Binned, binned, "id")
SHARED_WITH = select(members.c.image_id).where(
    members.c.image_id == bindparam("image_id"), members.c.member_id == bindparam("project_id")
)
MEMBER_STATUSES = ("pending", "accepted", "rejected", "all")


def _seen_by(member_status: str) -> Any:
    def seen(project_id: BindParameter[Any]) -> ColumnElement[bool]:
        shared = select(members.c.image_id).where(members.c.member_id == project_id)
        if member_status != "all":
            shared = shared.where(members.c.status == member_status)
        return or_(
            images.c.visibility.in_(("public", "community")),
            images.c.project_id == project_id,
            and_(images.c.visibility == "shared", images.c.id.in_(shared)),
        )

    return seen


def _not_another_community(project_id: BindParameter[Any]) -> ColumnElement[bool]:
    return or_(images.c.project_id == project_id, images.c.visibility != "community")


EQUAL = (
    "id",
    "name",
    "status",
    "visibility",
    "protected",
    "os_hidden",
    "disk_format",
    "container_format",
    "size",
    "virtual_size",
    "min_disk",
    "min_ram",
    "checksum",
    "os_hash_algo",
    "os_hash_value",
)
COUNTED = ("size", "virtual_size", "min_disk", "min_ram")
SORTS = (
    "name",
    "status",
    "container_format",
    "disk_format",
    "size",
    "id",
    "created_at",
    "updated_at",
)
LISTING = Listing(
    Image,
    images,
    filters={
        **{name: images.c[name] for name in EQUAL},
        **{f"{name}_{end}": images.c[name] for name in COUNTED for end in ("min", "max")},
        **{f"seen_{status}": _seen_by(status) for status in MEMBER_STATUSES},
        "owner": images.c.project_id,
        "not_another_community": _not_another_community,
    },
    sorts={name: images.c[name] for name in SORTS},
    default_sort=(("created_at", "desc"),),
)


class Asked(msgspec.Struct, frozen=True):
    """A list as asked for."""

    page: Page
    filters: Mapping[str, Any]
    clauses: Sequence[Clause]


def list_(db: Db, asked: Asked) -> list[Image]:
    return LISTING.page(db, asked.page, asked.filters, asked.clauses)


def tag_clause(number: int, tag: str) -> Clause:
    """Images that carry the tag; `number` counts the tags of one request."""
    name = f"tag_{number}"
    return Clause(
        name, lambda: exists().where(tags.c.image_id == images.c.id, tags.c.value == bindparam(name)), {name: tag}
    )


def property_clause(number: int, name: str, value: str) -> Clause:
    """Images whose custom property has the value."""
    key, wanted = f"property_{number}", f"value_{number}"
    return Clause(
        key,
        lambda: exists().where(
            properties.c.image_id == images.c.id,
            properties.c.name == bindparam(key),
            properties.c.value == bindparam(wanted),
        ),
        {key: name, wanted: value},
    )


def time_clause(column: str, operator: str, moment: datetime) -> Clause:
    """Images made or changed in, before or after a second: clients see whole seconds, so these are compared."""
    low, high = f"{column}_low", f"{column}_high"
    second = moment.replace(microsecond=0)

    def condition() -> ColumnElement[bool]:
        time = images.c[column]
        first, after = bindparam(low, type_=time.type), bindparam(high, type_=time.type)
        return {
            "eq": and_(time >= first, time < after),
            "neq": or_(time < first, time >= after),
            "lt": time < first,
            "lte": time < after,
            "gt": time >= after,
            "gte": time >= first,
        }[operator]

    return Clause(f"{column}_{operator}", condition, {low: second, high: second + timedelta(seconds=1)})
