"""From assignments as they were made to those that take effect: every one of a user, on one target, of one role."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace
from sqlalchemy import Select, select

from haneul.kernel.db import Db
from haneul.services.identity.groups.models import memberships
from haneul.services.identity.projects.models import projects
from haneul.services.identity.role_assignments.models import Assigned, role_assignments
from haneul.services.identity.role_assignments.search import Asked, matching, targets_of
from haneul.services.identity.roles.models import GLOBAL, implied_roles, roles

_granted_groups = select(role_assignments.c.actor_id).where(role_assignments.c.actor_type == "group")
MEMBERS = select(memberships.c.group_id, memberships.c.user_id).where(memberships.c.group_id.in_(_granted_groups))
IMPLIED = select(implied_roles.c.prior_role_id, implied_roles.c.implied_role_id)
OWN_ROLES = select(roles.c.id).where(roles.c.domain_id != GLOBAL)
PARENTS = select(projects.c.parent_id, projects.c.id).where(projects.c.parent_id.is_not(None)).order_by(projects.c.id)

Tree = Mapping[str, Sequence[str]]


class Ways(msgspec.Struct, frozen=True):
    """By what ways assignments come of others: `brought` has each role's own effect and that of the roles that it
    implies, as pairs of a role and the one that brings it."""

    children: Tree
    members: Tree
    brought: Mapping[str, Sequence[tuple[str, str]]]


def assigned(db: Db, asked: Asked) -> list[Assigned]:
    """The assignments that are asked for."""
    made = matching(db, asked)
    if not asked.is_effective:
        return made
    return _effective(made, _ways(db, made, asked), asked, frozenset(targets_of(db, asked)))


def _effective(made: Sequence[Assigned], ways: Ways, asked: Asked, targets: frozenset[str]) -> list[Assigned]:
    """Each once: as it was made if it was made, else by whichever way is found first."""
    found: dict[tuple[str, str, str, str], Assigned] = {}
    brought, is_inherited = ways.brought, asked.is_inherited
    for one in made:
        is_plain = one.actor_type == "user" and not one.is_inherited
        for held in (one,) if is_plain else _expanded(one, ways):
            if targets and held.target_id not in targets:
                continue
            if is_inherited is not None and is_inherited != bool(held.by_target_id):
                continue
            for role_id, prior_id in brought[held.role_id]:
                key = (held.actor_id, held.target_type, held.target_id, role_id)
                if is_plain and not prior_id:
                    found[key] = held
                elif key not in found:
                    found[key] = replace(held, role_id=role_id, by_role_id=prior_id) if prior_id else held
    return list(found.values())


def _expanded(one: Assigned, ways: Ways) -> Iterator[Assigned]:
    """A group's assignment is each member's; an inherited one holds on all projects below its target, and not on it."""
    is_group = one.actor_type == "group"
    actors = ways.members.get(one.actor_id, ()) if is_group else (one.actor_id,)
    by_group_id = one.actor_id if is_group else ""
    if not one.is_inherited:
        for user_id in actors:
            yield replace(one, actor_type="user", actor_id=user_id, by_group_id=by_group_id)
        return
    for project_id in _below(one.target_id, ways.children):
        for user_id in actors:
            yield Assigned(
                actor_type="user",
                actor_id=user_id,
                target_type="project",
                target_id=project_id,
                role_id=one.role_id,
                is_inherited=False,
                by_group_id=by_group_id,
                by_target_type=one.target_type,
                by_target_id=one.target_id,
            )


def _ways(db: Db, made: Sequence[Assigned], asked: Asked) -> Ways:
    """Only what these assignments need is read."""
    groups = {one.actor_id for one in made if one.actor_type == "group"}
    if asked.user_id is not None:
        members: Tree = dict.fromkeys(groups, (asked.user_id,))
    else:
        members = _pairs(db, MEMBERS) if groups else {}
    children = _pairs(db, PARENTS) if any(one.is_inherited for one in made) else {}
    return Ways(children, members, _brought(db, {one.role_id for one in made}, asked.role_id))


def _brought(db: Db, granted: set[str], wanted: str | None) -> Mapping[str, Sequence[tuple[str, str]]]:
    """A domain's own roles take no effect but by those that they imply."""
    implied, own_roles = _pairs(db, IMPLIED), {row[0] for row in db.tuples(OWN_ROLES)}
    found: dict[str, list[tuple[str, str]]] = {}
    for role_id in granted:
        pairs = [(role_id, ""), *((below, role_id) for below in _below(role_id, implied))]
        found[role_id] = [one for one in pairs if one[0] not in own_roles and wanted in (None, one[0])]
    return found


def _below(root: str, children: Tree) -> Iterator[str]:
    seen, ahead = {root}, list(children.get(root, ()))
    while ahead:
        one = ahead.pop(0)
        if one not in seen:
            seen.add(one)
            yield one
            ahead += children.get(one, ())


def _pairs(db: Db, statement: Select[tuple[str, str]]) -> Tree:
    found: dict[str, list[str]] = {}
    for key, value in db.tuples(statement):
        found.setdefault(key, []).append(value)
    return found
