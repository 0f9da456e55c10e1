from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, bindparam, func, or_, select

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, NotFound
from haneul.services.block_storage.services import logic as services
from haneul.services.block_storage.services.models import VOLUME, StorageService
from haneul.services.block_storage.volumes.models import snapshots, volumes

# A pool's name follows the back end's: HOST@BACKEND#POOL, and $ is the sign after #.
HERE: ColumnElement[bool] = or_(
    volumes.c.host == bindparam("place"),
    (volumes.c.host >= bindparam("first")) & (volumes.c.host < bindparam("after")),
)
VOLUMES = (
    select(volumes.c.project_id, func.count(), func.sum(volumes.c.size_gb)).where(HERE).group_by(volumes.c.project_id)
)
SNAPSHOTS = (
    select(snapshots.c.project_id, func.count(), func.sum(snapshots.c.size_gb))
    .join(volumes, volumes.c.id == snapshots.c.volume_id)
    .where(HERE)
    .group_by(snapshots.c.project_id)
)


class Amounts(msgspec.Struct):
    """How many volumes and snapshots, and how many GiB they have."""

    volumes: int = 0
    volumes_gb: int = 0
    snapshots: int = 0
    snapshots_gb: int = 0

    def add(self, other: "Amounts") -> None:
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def enabled(db: Db, zone: str) -> list[StorageService]:
    """The services that may get work, of a zone if one is named."""
    return [one for one in services.list_(db) if not one.is_disabled and zone in ("", one.zone)]


def amounts(db: Db, host: str) -> dict[str, Amounts]:
    """What lies in a back end, by project; NotFound for one that is not there, or disabled."""
    service = services.get(db, VOLUME, host)
    if service is None or service.is_disabled:
        raise NotFound("Service {binary} could not be found on host {host}.", binary=VOLUME, host=host)
    found: dict[str, Amounts] = {}
    here = {"place": host, "first": f"{host}#", "after": f"{host}$"}
    for project_id, count, size_gb in db.tuples(VOLUMES, **here):
        found[project_id] = Amounts(volumes=int(count), volumes_gb=int(size_gb))
    for project_id, count, size_gb in db.tuples(SNAPSHOTS, **here):
        own = found.setdefault(project_id, Amounts())
        own.snapshots, own.snapshots_gb = int(count), int(size_gb)
    return found


def switch(db: Db, host: str, wanted: Mapping[str, Any]) -> str:
    """Enable or disable what runs under a host's name; NotFound, or BadRequest for what can't be set."""
    named = [one for one in services.list_(db) if one.host == host]
    if not named:
        raise NotFound("Host {host} could not be found.", host=host)
    state = ""
    for name, value in wanted.items():
        if name.strip().lower() != "status":
            raise BadRequest("Invalid update setting: '{name}'", name=name[:255])
        state = _state(value)
    for service in named if state else ():
        services.enable(db, service) if state == "enabled" else services.disable(db, service)
    return state


def _state(value: Any) -> str:
    word = value.strip().lower() if isinstance(value, str) else ""
    if word not in ("enable", "disable"):
        raise BadRequest("Invalid status: '{value}'", value=str(value)[:255])
    return f"{word}d"
