"""What block storage's quotas limit, with Cinder's defaults, and how much of it a project has."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Executable, Select, bindparam, func, select

from haneul.kernel.quota import Resource
from haneul.services.block_storage.volumes.models import snapshots, volumes

DEFAULTS: Mapping[str, int] = MappingProxyType(
    {
        "volumes": 10,
        "per_volume_gigabytes": -1,
        "snapshots": 10,
        "gigabytes": 1000,
        "backups": 10,
        "backup_gigabytes": 1000,
        "groups": 10,
    }
)
OF_TYPES = ("volumes", "gigabytes", "snapshots")
"""What is also limited for each volume type, as `volumes_TYPE`; without limit until somebody sets one."""


class Key(NamedTuple):
    """A limited resource; with a type's id, of volumes of that type alone."""

    resource: str
    type_id: str = ""


OWNED_VOLUMES = volumes.c.project_id == bindparam("owner_id")
OWNED_SNAPSHOTS = snapshots.c.project_id == bindparam("owner_id")
VOLUMES_BY_TYPE = (
    select(volumes.c.type_id, func.count(), func.sum(volumes.c.size_gb))
    .where(OWNED_VOLUMES)
    .group_by(volumes.c.type_id)
)
SNAPSHOTS_BY_TYPE = (
    select(volumes.c.type_id, func.count(), func.sum(snapshots.c.size_gb))
    .join(volumes, volumes.c.id == snapshots.c.volume_id)
    .where(OWNED_SNAPSHOTS)
    .group_by(volumes.c.type_id)
)


def counted(key: Key, name: str) -> Resource:
    """The resource as the kernel counts it, under the name that a refusal tells."""
    # What a volume takes is taken together: one guard keeps two requests from both taking what is left.
    return Resource(name, _count(key), guard="block_storage")


@lru_cache(maxsize=1024)
def _count(key: Key) -> Executable:
    if key.resource == "volumes":
        return _of_volumes(func.count(), key.type_id)
    if key.resource == "snapshots":
        return _of_snapshots(func.count(), key.type_id)
    in_volumes = _of_volumes(func.coalesce(func.sum(volumes.c.size_gb), 0), key.type_id).scalar_subquery()
    in_snapshots = _of_snapshots(func.coalesce(func.sum(snapshots.c.size_gb), 0), key.type_id).scalar_subquery()
    return select(in_volumes + in_snapshots)


def _of_volumes(what: ColumnElement[Any], type_id: str) -> Select[Any]:
    found: Select[Any] = select(what).select_from(volumes).where(OWNED_VOLUMES)
    return found.where(volumes.c.type_id == type_id) if type_id else found


def _of_snapshots(what: ColumnElement[Any], type_id: str) -> Select[Any]:
    found: Select[Any] = select(what).select_from(snapshots).where(OWNED_SNAPSHOTS)
    if not type_id:
        return found
    return found.join(volumes, volumes.c.id == snapshots.c.volume_id).where(volumes.c.type_id == type_id)
