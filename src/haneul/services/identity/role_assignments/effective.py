"""From assignments as they were made to those that take effect: every one of a user, on one target, of one role."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from sqlalchemy import Select, select

from haneul.kernel.db import Db
from haneul.services.identity.groups.models import memberships
from haneul.services.identity.projects.models import projects
from haneul.services.identity.role_assignments.search import Asked, matching, targets_of
from haneul.services.identity.roles.models import GLOBAL, implied_roles, roles

MEMBERS = select(memberships.c.group_id, memberships.c.user_id).order_by(memberships.c.user_id)
IMPLIED = select(implied_roles.c.prior_role_id, implied_roles.c.implied_role_id)
OWN_ROLES = select(roles.c.id).where(roles.c.domain_id != GLOBAL)
PARENTS = select(projects.c.parent_id, projects.c.id).where(projects.c.parent_id.is_not(None)).order_by(projects.c.id)

Tree = Mapping[str, Sequence[str]]


class Assigned(msgspec.Struct, frozen=True, kw_only=True):
    """An assignment and, if it comes of another, how: by a group, from a target further up, by a prior role."""

    actor_type: str
    actor_id: str
    target_type: str
    target_id: str
    role_id: str
    is_inherited: bool
    by_group_id: str = ""
    by_target_type: str = ""
    by_target_id: str = ""
    by_role_id: str = ""


def assigned(db: Db, asked: Asked) -> list[Assigned]:
    """The assignments that are asked for."""
    made = [Assigned(**msgspec.structs.asdict(row)) for row in matching(db, asked)]
    if not asked.is_effective:
        return made
    found = list(
        _implied(_by_members(_on_targets(made, _children(db, made)), _pairs(db, MEMBERS)), _pairs(db, IMPLIED))
    )
    return _asked_for(found, asked, set(targets_of(db, asked)), {row[0] for row in db.tuples(OWN_ROLES)})


def _asked_for(found: Sequence[Assigned], asked: Asked, targets: set[str], own_roles: set[str]) -> list[Assigned]:
    """What matches the filters that could not be asked of the database; each once. A domain's own roles take no effect
    but by those that they imply."""
    seen: dict[tuple[str, ...], Assigned] = {}
    for one in found:
        fits = (
            one.role_id not in own_roles
            and asked.role_id in (None, one.role_id)
            and asked.user_id in (None, one.actor_id)
            and (not targets or one.target_id in targets)
            and asked.is_inherited in (None, bool(one.by_target_id))
        )
        if fits:
            seen.setdefault((one.actor_id, one.target_type, one.target_id, one.role_id), one)
    return list(seen.values())


def _on_targets(made: Iterable[Assigned], children: Tree) -> Iterator[Assigned]:
    """An inherited assignment holds on every project below its target, and not on the target."""
    for one in made:
        if not one.is_inherited:
            yield one
            continue
        for project_id in _below(one.target_id, children):
            yield msgspec.structs.replace(
                one,
                target_type="project",
                target_id=project_id,
                is_inherited=False,
                by_target_type=one.target_type,
                by_target_id=one.target_id,
            )


def _by_members(made: Iterable[Assigned], members: Tree) -> Iterator[Assigned]:
    """A group's assignment is each member's."""
    for one in made:
        if one.actor_type == "user":
            yield one
            continue
        for user_id in members.get(one.actor_id, ()):
            yield msgspec.structs.replace(one, actor_type="user", actor_id=user_id, by_group_id=one.actor_id)


def _implied(made: Iterable[Assigned], implied: Tree) -> Iterator[Assigned]:
    """Every role brings those that it implies."""
    for one in made:
        yield one
        for role_id in _below(one.role_id, implied):
            yield msgspec.structs.replace(one, role_id=role_id, by_role_id=one.role_id)


def _below(root: str, children: Tree) -> Iterator[str]:
    seen, ahead = {root}, list(children.get(root, ()))
    while ahead:
        one = ahead.pop(0)
        if one not in seen:
            seen.add(one)
            yield one
            ahead += children.get(one, ())


def _children(db: Db, made: Sequence[Assigned]) -> Tree:
    return _pairs(db, PARENTS) if any(one.is_inherited for one in made) else {}


def _pairs(db: Db, statement: Select[tuple[str, str]]) -> Tree:
    found: dict[str, list[str]] = {}
    for key, value in db.tuples(statement):
        found.setdefault(key, []).append(value)
    return found
