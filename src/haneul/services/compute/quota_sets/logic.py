from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import bindparam, false, func, select

from haneul.kernel.db import Db, by, unique
from haneul.kernel.errors import BadRequest
from haneul.kernel.quota import Resource, Wanted, take_all, used
from haneul.services.compute.quota_sets.models import ClassLimit, Limit, class_limits
from haneul.services.compute.quota_sets.models import limits as limit_table
from haneul.services.compute.quota_sets.resources import DEFAULTS
from haneul.services.compute.servers.models import servers

DEFAULT_CLASS = "default"
UNLIMITED = float("inf")
OF_PROJECT = by(Limit, limit_table, "project_id")
OF_CLASS = by(ClassLimit, class_limits, "class_name")


def _of_servers(name: str, figure: Any) -> Resource:
    alive = (servers.c.project_id == bindparam("owner_id"), servers.c.is_deleted == false())
    return Resource(name, select(figure).where(*alive), guard="servers")


INSTANCES = _of_servers("instances", func.count())
CORES = _of_servers("cores", func.sum(servers.c.vcpus))
RAM = _of_servers("ram", func.sum(servers.c.memory_mb))
COUNTED = (INSTANCES, CORES, RAM)


def class_limits_of(db: Db, class_name: str) -> dict[str, int]:
    """The limits of a quota class; a class that nobody has touched has the defaults."""
    return {**DEFAULTS, **{limit.resource: limit.most for limit in db.all(OF_CLASS, class_name=class_name)}}


def defaults(db: Db) -> dict[str, int]:
    """The limits of a project for which nobody has set others."""
    return class_limits_of(db, DEFAULT_CLASS)


def limits(db: Db, project_id: str) -> dict[str, int]:
    """A project's limits by resource; -1 is no limit."""
    return {**defaults(db), **{limit.resource: limit.most for limit in db.all(OF_PROJECT, project_id=project_id)}}


def usage(db: Db, project_id: str) -> dict[str, int]:
    """What a project uses, by resource; keys belong to users and are told as none, as Nova does."""
    counted = {resource.name: used(db, project_id, resource) for resource in COUNTED}
    return {name: counted.get(name, 0) for name in DEFAULTS}


def take_server(db: Db, project_id: str, vcpus: int, memory_mb: int, count: int) -> None:
    """Make sure that `count` more servers of this size stay within the project's quota, or OverQuota.

    Insert the servers in this transaction. For a resize there is `grow`.
    """
    most = limits(db, project_id)
    wanted = ((INSTANCES, count), (CORES, count * vcpus), (RAM, count * memory_mb))
    take_all(db, project_id, [Wanted(resource, delta, most[resource.name]) for resource, delta in wanted])


def grow(db: Db, project_id: str, vcpus: int, memory_mb: int) -> None:
    """Make sure that a server may grow by this much; what shrinks is not counted."""
    most = limits(db, project_id)
    wanted = ((CORES, vcpus), (RAM, memory_mb))
    take_all(db, project_id, [Wanted(resource, delta, most[resource.name]) for resource, delta in wanted])


def set_limits(db: Db, project_id: str, wanted: Mapping[str, int], *, is_forced: bool) -> None:
    """Set a project's limits; BadRequest for one below what is used, unless forced."""
    in_use = usage(db, project_id)
    for resource, most in wanted.items():
        if not is_forced and (UNLIMITED if most == -1 else most) < in_use[resource]:
            raise BadRequest(
                "Quota limit {limit} for {resource} must be greater than or equal to already used and reserved {used}.",
                limit=most,
                resource=resource,
                used=in_use[resource],
            )
    for resource, most in wanted.items():
        if not db.update(limit_table, {"project_id": project_id, "resource": resource}, most=most):
            taken = "Quota exists for project {project_id}, resource {resource}"
            with unique(taken, project_id=project_id, resource=resource):
                db.insert(limit_table, Limit(project_id, resource, most))


def set_class_limits(db: Db, class_name: str, wanted: Mapping[str, int]) -> None:
    """Set a quota class's limits."""
    for resource, most in wanted.items():
        if not db.update(class_limits, {"class_name": class_name, "resource": resource}, most=most):
            taken = "Quota class {class_name} exists for resource {resource}"
            with unique(taken, class_name=class_name, resource=resource):
                db.insert(class_limits, ClassLimit(class_name, resource, most))


def forget_limits(db: Db, project_id: str) -> None:
    """Give a project the default limits again."""
    db.delete(limit_table, project_id=project_id)


def only(limits_: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The entries of these resources, in their order."""
    return {name: limits_[name] for name in names}
