from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam

from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, by, columns_of, fields, unique
from haneul.kernel.db.listing import Listing, Page
from haneul.kernel.errors import BadRequest, NotFound
from haneul.kernel.ids import new_hex_id
from haneul.kernel.schema import UNSET
from haneul.services.identity.audit.logic import record
from haneul.services.identity.epoch import bump
from haneul.services.identity.groups.models import Group, Membership, groups, memberships
from haneul.services.identity.groups.schemas import GroupCreate, GroupUpdate
from haneul.services.identity.projects.models import Project, projects
from haneul.services.identity.role_assignments.models import role_assignments
from haneul.services.identity.users.models import User

BY_ID = by(Group, groups, "id")
DOMAIN_BY_ID = by(Project, projects, "id")
MEMBERSHIP = by(Membership, memberships, "user_id", "group_id")
OF_USER = Query(
    Group,
    columns_of(Group, groups)
    .join(memberships, memberships.c.group_id == groups.c.id)
    .where(memberships.c.user_id == bindparam("user_id"))
    .order_by(groups.c.name, groups.c.id),
)
LISTING = Listing(
    Group,
    groups,
    filters={name: groups.c[name] for name in ("domain_id", "name")},
    sorts={"name": groups.c.name, "id": groups.c.id},
    default_sort=(("name", "asc"),),
    bounds=("domain_id",),
)
DUPLICATE = (
    "Conflict occurred attempting to store group - Duplicate entry found with name {name} at domain ID {domain_id}."
)


def find(db: Db, group_id: str) -> Group | None:
    """The group, or None: routes enforce their rule before they say that something isn't there."""
    return db.one(BY_ID, id=group_id)


def existing(group: Group | None, group_id: str) -> Group:
    """What was found; NotFound if nothing was."""
    if group is None:
        raise NotFound("Could not find group: {id}.", id=group_id)
    return group


def list_(db: Db, page: Page, filters: Mapping[str, Any], *, within: str | None) -> list[Group]:
    """One page; `within` is the domain that bounds what the caller sees."""
    if within is not None and filters.get("domain_id", within) != within:
        return []
    return LISTING.page(db, page, {**filters, "domain_id": within} if within is not None else filters)


def create(db: Db, wanted: GroupCreate, *, domain_id: str, extra: Mapping[str, Any]) -> Group:
    """Insert a group; Conflict if its domain already has one of that name."""
    domain = db.one(DOMAIN_BY_ID, id=domain_id)
    if domain is None or not domain.is_domain:
        raise NotFound("Could not find domain: {id}.", id=domain_id)
    group = Group(new_hex_id(), domain_id, wanted.name.strip(), wanted.description or "", dict(extra), now())
    with unique(DUPLICATE, group):
        db.insert(groups, group)
    record(db, "group", "created", group.id, domain_id=domain_id)
    return group


def update(db: Db, group: Group, wanted: GroupUpdate, extra: Mapping[str, Any]) -> Group:
    """Change a group's name, description or further attributes."""
    if wanted.domain_id is not UNSET and wanted.domain_id != group.domain_id:
        raise BadRequest("Cannot change Domain ID")
    changes = {name: value for name, value in fields(wanted).items() if name in ("name", "description")}
    if "name" in changes:
        changes["name"] = changes["name"].strip()
    if "description" in changes:
        changes["description"] = changes["description"] or ""
    if extra:
        changes["extra"] = {**group.extra, **extra}
    if changes:
        with unique(DUPLICATE, name=changes.get("name"), domain_id=group.domain_id):
            db.update(groups, {"id": group.id}, **changes)
    record(db, "group", "updated", group.id, domain_id=group.domain_id)
    return existing(find(db, group.id), group.id)


def delete(db: Db, group: Group) -> None:
    """Delete a group; its members lose the roles that they had by it."""
    bump(db)
    db.delete(role_assignments, actor_type="group", actor_id=group.id)
    db.delete(groups, id=group.id)
    record(db, "group", "deleted", group.id, domain_id=group.domain_id)


def groups_of(db: Db, user_id: str) -> list[Group]:
    return db.all(OF_USER, user_id=user_id)


def add_member(db: Db, group: Group, user: User) -> None:
    """Put a user into a group; nothing happens if he is in it."""
    bump(db)
    if db.one(MEMBERSHIP, user_id=user.id, group_id=group.id) is None:
        with unique("User {user} or group {group} is being deleted.", user=user.id, group=group.id):
            db.insert(memberships, Membership(user.id, group.id))
        _record_member(db, group, user, "added")


def refuse_stranger(db: Db, group: Group, user: User) -> None:
    """NotFound unless the user is in the group."""
    if db.one(MEMBERSHIP, user_id=user.id, group_id=group.id) is None:
        raise _stranger(group, user)


def remove_member(db: Db, group: Group, user: User) -> None:
    """Take a user out of a group; NotFound if he isn't in it."""
    bump(db)
    if not db.delete(memberships, user_id=user.id, group_id=group.id):
        raise _stranger(group, user)
    _record_member(db, group, user, "removed")


def _record_member(db: Db, group: Group, user: User, done: str) -> None:
    """To Keystone's listeners, who is in a group is a matter of the group."""
    actor = {"actor_id": user.id, "actor_type": "user", "actor_operation": done}
    record(db, "group", "updated", group.id, domain_id=group.domain_id, **actor)


def _stranger(group: Group, user: User) -> NotFound:
    return NotFound("User '{user}' not found in group '{group}'.", user=user.id, group=group.id)
