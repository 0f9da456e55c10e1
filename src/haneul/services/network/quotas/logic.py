from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Table, bindparam, func, select

from haneul.kernel.db import Db, by
from haneul.kernel.quota import Resource, take
from haneul.services.network.quotas.models import Limit, limits

DEFAULTS: Mapping[str, int] = MappingProxyType(
    {
        "network": 100,
        "subnet": 100,
        "subnetpool": -1,
        "port": 500,
        "router": 10,
        "floatingip": 50,
        "security_group": 10,
        "security_group_rule": 100,
        "rbac_policy": 10,
    }
)
"""What Neutron limits, with its defaults."""
EXCEEDED = "Quota exceeded for resources: ['{names}']."
OWN = by(Limit, limits, "project_id", "resource")
OF_PROJECT = by(Limit, limits, "project_id")


def counted(name: str, table: Table) -> Resource:
    """A resource whose rows of a project are what counts."""
    return Resource(
        name, select(func.count()).where(table.c.project_id == bindparam("owner_id")), guard=f"network.{name}"
    )


def limit_of(db: Db, project_id: str, name: str) -> int:
    own = db.one(OWN, project_id=project_id, resource=name)
    return own.most if own is not None else DEFAULTS[name]


def limits_of(db: Db, project_id: str) -> dict[str, int]:
    """A project's limits by resource; -1 is none."""
    return {**DEFAULTS, **{own.resource: own.most for own in db.all(OF_PROJECT, project_id=project_id)}}


def take_one(db: Db, project_id: str, resource: Resource, delta: int = 1) -> None:
    """Make sure that the project may have so many more, or OverQuota; what the cloud itself owns is not counted."""
    if project_id:
        take(db, project_id, resource, delta, limit_of(db, project_id, resource.name), EXCEEDED)
