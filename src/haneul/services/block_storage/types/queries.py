"""Which types there are, who sees them, and which of them are of use."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, bindparam, exists, func, or_, select

from haneul.kernel.db import Query, by, columns_of
from haneul.kernel.db.among import among
from haneul.kernel.db.listing import Clause, Listing
from haneul.services.block_storage.types.models import (
    TypeAccess,
    VolumeType,
    type_access,
    type_specs,
    volume_types,
)
from haneul.services.block_storage.volumes.models import volumes

ZONES = "RESKEY:availability_zones"
BY_ID = by(VolumeType, volume_types, "id")
BY_NAME = by(VolumeType, volume_types, "name")
OF_IDS = Query(VolumeType, columns_of(VolumeType, volume_types).where(among(volume_types.c.id, "ids")))
OF_QOS = Query(
    VolumeType,
    columns_of(VolumeType, volume_types)
    .where(volume_types.c.qos_specs_id == bindparam("qos_specs_id"))
    .order_by(volume_types.c.created_at, volume_types.c.id),
)
ACCESS = by(TypeAccess, type_access, "type_id", "project_id")
A_VOLUME = select(volumes.c.id).where(volumes.c.type_id == bindparam("type_id")).limit(1)
HOW_MANY = select(func.count()).select_from(volume_types)


def _granted_to(project_id: BindParameter[Any]) -> ColumnElement[bool]:
    return exists().where(type_access.c.type_id == volume_types.c.id, type_access.c.project_id == project_id)


def _visible_to(project_id: BindParameter[Any]) -> ColumnElement[bool]:
    return or_(volume_types.c.is_public.is_(True), _granted_to(project_id))


LISTING = Listing(
    VolumeType,
    volume_types,
    filters={
        "id": volume_types.c.id,
        "name": volume_types.c.name,
        "description": volume_types.c.description,
        "qos_specs_id": volume_types.c.qos_specs_id,
        "is_public": volume_types.c.is_public,
        "visible_to": _visible_to,
    },
    sorts={
        "created_at": volume_types.c.created_at,
        "updated_at": volume_types.c.updated_at,
        "id": volume_types.c.id,
        "name": volume_types.c.name,
        "description": volume_types.c.description,
        "is_public": volume_types.c.is_public,
        "qos_specs_id": volume_types.c.qos_specs_id,
    },
    default_sort=(("created_at", "desc"),),
    bounds=("visible_to",),
)


def having(specs: Mapping[str, str]) -> list[Clause]:
    """The conditions of a type that has all of these specs. Of availability zones, one among others is enough."""
    found = []
    for number, (name, value) in enumerate(specs.items()):
        values = {f"spec_{number}": name, f"value_{number}": _pattern(value) if name == ZONES else value}
        kind = "like" if name == ZONES else "equals"
        found.append(Clause(f"{kind} {number}", partial(_having, number, is_like=name == ZONES), values))
    return found


def _pattern(text: str) -> str:
    for special in "\\%_":
        text = text.replace(special, f"\\{special}")
    return f"%{text}%"


def _having(number: int, *, is_like: bool) -> ColumnElement[bool]:
    name: BindParameter[str] = bindparam(f"spec_{number}")
    value: BindParameter[str] = bindparam(f"value_{number}")
    compared = type_specs.c.value.like(value, escape="\\") if is_like else type_specs.c.value == value
    return exists().where(type_specs.c.type_id == volume_types.c.id, type_specs.c.name == name, compared)
