"""A project's parents and subtree, as trees of ids."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam

from haneul.kernel.db import Db, Query, columns_of
from haneul.kernel.errors import BadRequest
from haneul.services.identity.filters import is_true
from haneul.services.identity.limits.models import Limit, limits
from haneul.services.identity.projects.models import Project
from haneul.services.identity.projects.schemas import FamilyQuery
from haneul.services.identity.projects.tree import above, below
from haneul.services.identity.role_assignments.queries import projects_of

Ids = Mapping[str, Any] | None
LIMITS = Query(
    Limit,
    columns_of(Limit, limits)
    .where(limits.c.owner_id.in_(bindparam("ids", expanding=True)))
    .order_by(limits.c.owner_id, limits.c.id),
)


def refuse_both_forms(query: FamilyQuery) -> None:
    """BadRequest if a family is asked for as a tree and as a list at once."""
    for one, other in (("parents_as_list", "parents_as_ids"), ("subtree_as_list", "subtree_as_ids")):
        if is_true(getattr(query, one)) and is_true(getattr(query, other)):
            raise BadRequest(
                "Cannot use {one} and {other} query params at the same time.",
                one=one,
                other=other,
            )


def parent_ids(db: Db, project: Project) -> Ids:
    """`{parent: {its parent: ... None}}`"""
    found: Ids = None
    for parent in reversed(above(db, project.id)):
        found = {parent.id: found}
    return found


def subtree_ids(db: Db, project: Project) -> Ids:
    """`{child: {its child: None}}`"""
    children: dict[str | None, list[str]] = {}
    for one in below(db, project.id):
        children.setdefault(one.parent_id, []).append(one.id)

    def under(project_id: str) -> Ids:
        return {child: under(child) for child in sorted(children.get(project_id, ()))} or None

    return under(project.id)


def visible_parents(db: Db, project: Project, user_id: str) -> Sequence[Project]:
    """Those above on which the user has a role."""
    return _visible(db, above(db, project.id), user_id)


def visible_subtree(db: Db, project: Project, user_id: str) -> Sequence[Project]:
    """Those below on which the user has a role."""
    return _visible(db, below(db, project.id), user_id)


def limits_of(db: Db, project_ids: Sequence[str]) -> Mapping[str, list[Limit]]:
    """Each project's limits, by its id."""
    found: dict[str, list[Limit]] = {}
    for limit in db.all(LIMITS, ids=list(project_ids)):
        found.setdefault(limit.owner_id, []).append(limit)
    return found


def _visible(db: Db, found: Sequence[Project], user_id: str) -> Sequence[Project]:
    allowed = {project.id for project in projects_of(db, user_id)}
    return [project for project in found if project.id in allowed]
