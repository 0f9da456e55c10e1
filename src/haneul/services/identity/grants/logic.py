"""Giving and taking roles on projects, domains and the system."""

from collections.abc import Mapping
from typing import Literal

import msgspec
from sqlalchemy import bindparam

from haneul.kernel.db import Db, Query, by, columns_of
from haneul.kernel.errors import BadRequest, Forbidden, NotFound
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
        """What rules may ask about, by their words for it."""
        found: dict[str, object] = {self.actor_type: self.actor or {}}
        if self.target is not None:
            found[self.target_type] = self.target
        if self.role is not None:
            found["role"] = self.role.target
        return found


def named(
    db: Db, ids: Mapping[str, str], target_type: TargetType, actor_type: ActorType, *, is_inherited: bool
) -> Grant:
    """The grant that a path names, with all that it is about. NotFound for a target or role that isn't there.

    Somebody who is gone is no hindrance to taking his role away: `refuse_gone` is for the other verbs.
    """
    target_id = ids.get(f"{target_type}_id", SYSTEM)
    actor_id, role_id = ids[f"{actor_type}_id"], ids.get("role_id", "")
    return Grant(
        actor_type=actor_type,
        actor=users.find(db, actor_id) if actor_type == "user" else groups.find(db, actor_id),
        target_type=target_type,
        target=_target(db, target_type, target_id),
        role=roles_logic.get(db, role_id) if role_id else None,
        row=RoleAssignment(actor_type, actor_id, target_type, target_id, role_id, is_inherited),
    )


def _target(db: Db, target_type: TargetType, target_id: str) -> Project | None:
    match target_type:
        case "project":
            return projects.get(db, target_id)
        case "domain":
            return domains.existing(domains.find(db, target_id), target_id)
        case "system":
            return None


def refuse_gone(grant: Grant) -> None:
    """NotFound if the user or group isn't there."""
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


def refuse_ungranted(db: Db, grant: Grant) -> None:
    """NotFound unless the role is granted in just this way."""
    if db.one(BY_KEY, **msgspec.structs.asdict(grant.row)) is None:
        raise _ungranted(grant)


def delete(db: Db, grant: Grant) -> None:
    """Take the role away; NotFound if it isn't granted in just this way."""
    bump(db)
    if not db.delete(role_assignments, **msgspec.structs.asdict(grant.row)):
        raise _ungranted(grant)


def _refuse_vanished(db: Db, grant: Grant) -> None:
    """What the request named may have gone while this change waited for its turn."""
    row = grant.row
    if (users if grant.actor_type == "user" else groups).find(db, row.actor_id) is None:
        raise _gone(grant)
    _target(db, grant.target_type, row.target_id)
    roles_logic.get(db, row.role_id)


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
