"""Giving and taking roles on projects, domains and the system."""

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec
from sqlalchemy import bindparam

from haneul.kernel.db import Db, Query, by, columns_of
from haneul.kernel.errors import BadRequest, Forbidden, NotFound
from haneul.services.identity.application_credentials.removal import forget
from haneul.services.identity.audit.logic import record
from haneul.services.identity.domains import logic as domains
from haneul.services.identity.epoch import bump
from haneul.services.identity.groups import logic as groups
from haneul.services.identity.groups.models import Group
from haneul.services.identity.projects import logic as projects
from haneul.services.identity.projects.models import Project
from haneul.services.identity.role_assignments.models import SYSTEM, RoleAssignment, role_assignments
from haneul.services.identity.roles import logic as roles_logic
from haneul.services.identity.roles.models import GLOBAL, Role, roles
from haneul.services.identity.users import logic as users
from haneul.services.identity.users.models import User

TargetType = Literal["project", "domain", "system"]
ActorType = Literal["user", "group"]
ACTOR_TYPES: tuple[ActorType, ...] = ("user", "group")
PLACES: tuple[TargetType, ...] = ("project", "domain")
FIND: Mapping[TargetType, Callable[[Db, str], Project | None]] = {"project": projects.find, "domain": domains.find}
KEY = ("actor_type", "actor_id", "target_type", "target_id", "role_id", "is_inherited")
BY_KEY = by(RoleAssignment, role_assignments, *KEY)
ROLES_GRANTED = Query(
    Role,
    columns_of(Role, roles)
    .join(role_assignments, role_assignments.c.role_id == roles.c.id)
    .where(*(role_assignments.c[name] == bindparam(name) for name in KEY if name != "role_id"))
    .order_by(roles.c.name, roles.c.id),
)


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """Who has, or shall have, which role on what. Without a role: all of them."""

    actor_type: ActorType
    actor: User | Group | None
    target_type: TargetType
    target: Project | None
    role: Role | None
    row: RoleAssignment

    @property
    def named(self) -> Mapping[str, object]:
        """What rules may ask about, by their words for it; empty for what isn't there."""
        found: dict[str, object] = {self.actor_type: self.actor or {}}
        if self.target_type != "system":
            found[self.target_type] = self.target or {}
        if self.row.role_id:
            found["role"] = self.role.target if self.role else {}
        return found


def named(
    db: Db, ids: Mapping[str, str], target_type: TargetType, actor_type: ActorType, *, is_inherited: bool
) -> Grant:
    """The grant that a path names, with all that it is about, as far as that is there."""
    target_id = ids.get(f"{target_type}_id", SYSTEM)
    actor_id, role_id = ids[f"{actor_type}_id"], ids.get("role_id", "")
    return Grant(
        actor_type=actor_type,
        actor=users.find(db, actor_id) if actor_type == "user" else groups.find(db, actor_id),
        target_type=target_type,
        target=None if target_type == "system" else FIND[target_type](db, target_id),
        role=roles_logic.find(db, role_id) if role_id else None,
        row=RoleAssignment(actor_type, actor_id, target_type, target_id, role_id, is_inherited),
    )


def refuse_missing(grant: Grant) -> None:
    """NotFound if the role or what it is on isn't there."""
    row = grant.row
    if row.role_id:
        roles_logic.existing(grant.role, row.role_id)
    if grant.target is None and grant.target_type != "system":
        raise NotFound("Could not find {what}: {id}.", what=grant.target_type, id=row.target_id)


def refuse_gone(grant: Grant) -> None:
    """NotFound if the user or group isn't there; he is no hindrance to taking his role away."""
    if grant.actor is None:
        raise _gone(grant)


def roles_of(db: Db, grant: Grant) -> list[Role]:
    """The roles that are granted in just this way."""
    key = msgspec.structs.asdict(grant.row)
    return db.all(ROLES_GRANTED, **{name: key[name] for name in KEY if name != "role_id"})


def create(db: Db, grant: Grant) -> None:
    """Give the role; nothing happens if it has been given."""
    bump(db)
    _refuse_foreign_role(grant)
    _refuse_vanished(db, grant)
    if db.one(BY_KEY, **msgspec.structs.asdict(grant.row)) is None:
        db.insert(role_assignments, grant.row)
        _record(db, grant, "created")


def refuse_ungranted(db: Db, grant: Grant) -> None:
    """NotFound unless the role is granted in just this way."""
    if db.one(BY_KEY, **msgspec.structs.asdict(grant.row)) is None:
        raise _ungranted(grant)


def delete(db: Db, grant: Grant) -> None:
    """Take the role away; NotFound if it isn't granted in just this way."""
    bump(db)
    if not db.delete(role_assignments, **msgspec.structs.asdict(grant.row)):
        raise _ungranted(grant)
    _record(db, grant, "deleted")
    row = grant.row
    if (row.actor_type, row.target_type, row.is_inherited) == ("user", "project", False):
        forget(db, user_id=row.actor_id, project_id=row.target_id)


def _record(db: Db, grant: Grant, action: str) -> None:
    """It concerns what the role is on: the project with its domain, the domain, or with the system the whole cloud."""
    row, target = grant.row, grant.target
    record(
        db,
        "role_assignment",
        action,
        row.actor_id,
        domain_id="" if target is None else target.owner_id,
        project_id=row.target_id if row.target_type == "project" else "",
        **{row.actor_type: row.actor_id, row.target_type: row.target_id},
        role=row.role_id,
        inherited_to_projects=row.is_inherited,
    )


def _refuse_vanished(db: Db, grant: Grant) -> None:
    """What the request named may have gone while this change waited for its turn."""
    row = grant.row
    ids = {f"{row.actor_type}_id": row.actor_id, f"{row.target_type}_id": row.target_id, "role_id": row.role_id}
    now = named(db, ids, grant.target_type, grant.actor_type, is_inherited=row.is_inherited)
    refuse_missing(now)
    refuse_gone(now)


def _gone(grant: Grant) -> NotFound:
    return NotFound("Could not find {what}: {id}.", what=grant.actor_type, id=grant.row.actor_id)


def _refuse_foreign_role(grant: Grant) -> None:
    role, target = grant.role, grant.target
    if role is None or role.domain_id == GLOBAL:
        return
    if target is None:
        raise BadRequest(
            "Role {id} is a domain-specific role. Unable to use a domain-specific role in a system assignment.",
            id=role.id,
        )
    if grant.target_type == "project" and target.owner_id != role.domain_id:
        raise Forbidden(
            "Project {target} must be in the same domain as the role {role} being assigned.",
            target=grant.row.target_id,
            role=role.id,
        )


def _ungranted(grant: Grant) -> NotFound:
    return NotFound(
        "Could not find role assignment with role: {role}, user or group: {actor}, project, domain, or system: "
        "{target}.",
        role=grant.row.role_id,
        actor=grant.row.actor_id,
        target=grant.row.target_id,
    )
