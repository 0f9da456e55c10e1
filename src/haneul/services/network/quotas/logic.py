from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Table, bindparam, func, select

from haneul.kernel.db import Db, Query, by, columns_of
from haneul.kernel.errors import BadRequest, NotFound
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
_standing: dict[str, int] = dict(DEFAULTS)
EXCEEDED = "Quota exceeded for resources: ['{names}']."
OWN = by(Limit, limits, "project_id", "resource")
OF_PROJECT = by(Limit, limits, "project_id")
ALL = Query(Limit, columns_of(Limit, limits).order_by(limits.c.project_id, limits.c.resource))


def counted(name: str, table: Table) -> Resource:
    """A resource whose rows of a project are what counts."""
    return Resource(
        name, select(func.count()).where(table.c.project_id == bindparam("owner_id")), guard=f"network.{name}"
    )


def stand_on(given: Mapping[str, int]) -> None:
    """Let these be the limits of projects without their own from now on; ValueError for what has none."""
    unknown = sorted(given.keys() - DEFAULTS.keys())
    if unknown:
        raise ValueError(f"There are no quotas of {', '.join(unknown)}; there are those of {', '.join(DEFAULTS)}.")
    _standing.update({**DEFAULTS, **given})


def defaults() -> dict[str, int]:
    """The limits of projects that have none of their own."""
    return dict(_standing)


def limit_of(db: Db, project_id: str, name: str) -> int:
    own = db.one(OWN, project_id=project_id, resource=name)
    return own.most if own is not None else _standing[name]


def limits_of(db: Db, project_id: str) -> dict[str, int]:
    """A project's limits by resource; -1 is none."""
    return {**_standing, **{own.resource: own.most for own in db.all(OF_PROJECT, project_id=project_id)}}


def own_limits(db: Db, project_id: str = "") -> dict[str, dict[str, int]]:
    """The limits of the projects that have some of their own, by project; of this one alone where it is named."""
    found: dict[str, dict[str, int]] = {}
    for own in db.all(OF_PROJECT, project_id=project_id) if project_id else db.all(ALL):
        found.setdefault(own.project_id, defaults())[own.resource] = own.most
    return found


def set_(db: Db, project_id: str, wanted: Mapping[str, int]) -> None:
    """Write limits of a project's own."""
    for name, most in wanted.items():
        if not db.update(limits, {"project_id": project_id, "resource": name}, most=most):
            db.insert(limits, Limit(project_id, name, most))


def refuse_below(usage: Mapping[str, int], wanted: Mapping[str, int]) -> None:
    """BadRequest for a limit that is less than what a project has."""
    for name, most in wanted.items():
        if most >= 0 and usage[name] > most:
            raise BadRequest(
                "Quota limit {most} for {name} must be greater than or equal to already used {used}",
                kind="HTTPBadRequest",
                most=most,
                name=name,
                used=usage[name],
            )


def reset(db: Db, project_id: str) -> None:
    """Give a project the defaults again; NotFound if it has nothing else."""
    if not db.delete(limits, project_id=project_id):
        raise NotFound("Quota for project {id} could not be found.", kind="TenantQuotaNotFound", id=project_id)


def take_one(db: Db, project_id: str, resource: Resource, delta: int = 1) -> None:
    """Make sure that the project may have so many more, or OverQuota; what the cloud itself owns is not counted."""
    if project_id:
        take(db, project_id, resource, delta, limit_of(db, project_id, resource.name), EXCEEDED)
