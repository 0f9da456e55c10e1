from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import bindparam, false, func, select

from haneul.kernel.db import Db, by, unique
from haneul.kernel.errors import BadRequest
from haneul.kernel.quota import Known, Resource, Wanted, registered, take_all, used
from haneul.services.compute.block_devices.models import block_devices
from haneul.services.compute.flavors.models import Flavor
from haneul.services.compute.quota_sets.models import ClassLimit, Limit, class_limits
from haneul.services.compute.quota_sets.models import limits as limit_table
from haneul.services.compute.quota_sets.resources import DEFAULTS, OF_PROJECTS, REGISTERED, SERVICE
from haneul.services.compute.servers.models import servers

DEFAULT_CLASS = "default"
UNLIMITED = float("inf")
OWN = by(Limit, limit_table, "project_id", "user_id")
OF_USERS = (
    select(limit_table.c.resource, func.sum(limit_table.c.most))
    .where(limit_table.c.project_id == bindparam("project_id"), limit_table.c.user_id != "", limit_table.c.most > 0)
    .group_by(limit_table.c.resource)
)
OF_CLASS = by(ClassLimit, class_limits, "class_name")


class Owner(msgspec.Struct, frozen=True):
    """Whose quota: a project's, or that of one user in it."""

    project_id: str
    user_id: str = ""

    @property
    def project(self) -> "Owner":
        return Owner(self.project_id)


COUNTED = {"instances": func.count(), "cores": func.sum(servers.c.vcpus), "ram": func.sum(servers.c.memory_mb)}


def _of_project(name: str) -> Resource:
    alive = select(COUNTED[name]).where(servers.c.is_deleted == false())
    among = alive.where(servers.c.project_id.in_(bindparam("owner_ids", expanding=True)))
    return Resource(
        name,
        alive.where(servers.c.project_id == bindparam("owner_id")),
        guard="servers",
        known=Known(SERVICE, REGISTERED[name], among),
    )


def _of_user(name: str, project_id: str) -> Resource:
    """What one user has there; seldom asked, so the statement is built anew."""
    mine = (servers.c.project_id == project_id, servers.c.user_id == bindparam("owner_id"))
    return Resource(name, select(COUNTED[name]).where(*mine, servers.c.is_deleted == false()), guard="servers")


def _disks() -> Resource:
    """Local disks in GiB: compute's own quotas know nothing of them, but limits of them may be registered."""
    own = (block_devices.c.destination_type == "local", block_devices.c.role == "used")
    alive = (
        select(func.sum(block_devices.c.size_gb))
        .join(servers, servers.c.id == block_devices.c.server_id)
        .where(servers.c.is_deleted == false(), *own)
    )
    among = alive.where(servers.c.project_id.in_(bindparam("owner_ids", expanding=True)))
    here = alive.where(servers.c.project_id == bindparam("owner_id"))
    return Resource("disk", here, guard="servers", known=Known(SERVICE, "class:DISK_GB", among))


OF_PROJECT = {name: _of_project(name) for name in COUNTED}
DISKS = _disks()


def _kept_of_class(db: Db, class_name: str) -> dict[str, int]:
    return {**DEFAULTS, **{limit.resource: limit.most for limit in db.all(OF_CLASS, class_name=class_name)}}


def class_limits_of(db: Db, class_name: str) -> dict[str, int]:
    """The limits of a quota class; a class that nobody has touched has the defaults."""
    return _kept_of_class(db, class_name) | registered_limits(db)


def defaults(db: Db) -> dict[str, int]:
    """The limits of a project for which nobody has set others."""
    return class_limits_of(db, DEFAULT_CLASS)


def own_limits(db: Db, owner: Owner) -> dict[str, int]:
    """The limits that somebody has set for just this owner."""
    return {limit.resource: limit.most for limit in db.all(OWN, **msgspec.structs.asdict(owner))}


def registered_limits(db: Db, project_id: str = "") -> dict[str, int]:
    """The limits that identity keeps for a project, or for all, by compute's own names."""
    for_all = [known for name, known in REGISTERED.items() if name not in OF_PROJECTS]
    found = {
        **registered(db, SERVICE, "", for_all),
        **registered(db, SERVICE, project_id, [REGISTERED[name] for name in OF_PROJECTS]),
    }
    return {name: found[known].limit for name, known in REGISTERED.items() if known in found}


def limits(db: Db, owner: Owner) -> dict[str, int]:
    """An owner's limits by resource; -1 is no limit. A user without limits of his own has his project's.

    What is registered with identity counts before all of them.
    """
    return _kept(db, owner) | registered_limits(db, owner.project_id)


def _kept(db: Db, owner: Owner) -> dict[str, int]:
    found = {**_kept_of_class(db, DEFAULT_CLASS), **own_limits(db, owner.project)}
    return {**found, **own_limits(db, owner)} if owner.user_id else found


def usage(db: Db, owner: Owner) -> dict[str, int]:
    """What an owner uses, by resource; keys belong to users and are told as none, as Nova does."""
    counted = {name: used(db, *_counting(owner, name)) for name in COUNTED}
    return {name: counted.get(name, 0) for name in DEFAULTS}


def _counting(owner: Owner, name: str) -> tuple[str, Resource]:
    if owner.user_id:
        return owner.user_id, _of_user(name, owner.project_id)
    return owner.project_id, OF_PROJECT[name]


def take_server(db: Db, owner: Owner, flavor: Flavor, count: int) -> None:
    """Make sure that `count` more servers of this size stay within the quotas of user and project, or OverQuota.

    Insert the servers in this transaction. For a resize there is `grow`.
    """
    deltas = {"instances": count, "cores": count * flavor.vcpus, "ram": count * flavor.memory_mb}
    _take(db, owner, deltas, disk_gb=count * (flavor.disk_gb + flavor.ephemeral_gb))


def grow(db: Db, owner: Owner, vcpus: int, memory_mb: int) -> None:
    """Make sure that a server may grow by this much; what shrinks is not counted."""
    _take(db, owner, {"cores": vcpus, "ram": memory_mb})


def _take(db: Db, owner: Owner, deltas: Mapping[str, int], *, disk_gb: int = 0) -> None:
    most = _kept(db, owner.project)
    counted = [Wanted(OF_PROJECT[name], delta, most[name]) for name, delta in deltas.items()]
    take_all(db, owner.project_id, [*counted, Wanted(DISKS, disk_gb, -1)])
    own = own_limits(db, owner) if owner.user_id else {}
    if own := {name: own[name] for name in own.keys() - registered_limits(db).keys()}:
        wanted = [Wanted(_of_user(name, owner.project_id), deltas[name], own[name]) for name in deltas.keys() & own]
        take_all(db, owner.user_id, wanted)


def set_limits(db: Db, owner: Owner, wanted: Mapping[str, int], *, is_forced: bool) -> None:
    """Set an owner's limits; unless forced, BadRequest for one below what is used or a user's above his project's.

    Those that are registered with identity are passed over, as Nova does: they are set there.
    """
    elsewhere = registered_limits(db)
    wanted = {name: most for name, most in wanted.items() if name not in elsewhere}
    if not is_forced:
        _refuse_unfitting(db, owner, wanted)
    for resource, most in wanted.items():
        key = {**msgspec.structs.asdict(owner), "resource": resource}
        if not db.update(limit_table, key, most=most):
            with unique("Quota exists for project {project_id}, resource {resource}", **key):
                db.insert(limit_table, Limit(**key, most=most))


def _refuse_unfitting(db: Db, owner: Owner, wanted: Mapping[str, int]) -> None:
    in_use = usage(db, owner)
    promised = {name: int(most) for name, most in db.tuples(OF_USERS, project_id=owner.project_id)}
    project, own = limits(db, owner.project), own_limits(db, owner)
    for resource, most in wanted.items():
        taken, asked = in_use[resource], UNLIMITED if most == -1 else most
        least = taken if owner.user_id else max(taken, promised.get(resource, 0))
        if asked < least:
            raise BadRequest(
                "Quota limit {limit} for {resource} must be greater than or equal to already used and reserved "
                "{least}.",
                limit=most,
                resource=resource,
                least=least,
            )
        if not owner.user_id or project[resource] == -1:
            continue
        highest = project[resource] - promised.get(resource, 0) + max(own.get(resource, 0), 0)
        if asked > highest:
            raise BadRequest(
                "Quota limit {limit} for {resource} must be less than or equal to {highest}.",
                limit=most,
                resource=resource,
                highest=highest,
            )


def set_class_limits(db: Db, class_name: str, wanted: Mapping[str, int]) -> None:
    """Set a quota class's limits, but for those that are registered with identity."""
    elsewhere = registered_limits(db)
    wanted = {name: most for name, most in wanted.items() if name not in elsewhere}
    for resource, most in wanted.items():
        if not db.update(class_limits, {"class_name": class_name, "resource": resource}, most=most):
            taken = "Quota class {class_name} exists for resource {resource}"
            with unique(taken, class_name=class_name, resource=resource):
                db.insert(class_limits, ClassLimit(class_name, resource, most))


def forget_limits(db: Db, owner: Owner) -> None:
    """Give a project the default limits again, and its users the project's; or one of them alone."""
    only_his = {"user_id": owner.user_id} if owner.user_id else {}
    db.delete(limit_table, project_id=owner.project_id, **only_his)


def only(limits_: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The entries of these resources, in their order."""
    return {name: limits_[name] for name in names}
