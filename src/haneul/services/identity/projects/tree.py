"""The tree of projects, whose root is their domain."""

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Query, columns_of
from haneul.services.identity.projects.models import Project, projects

_parent = select(projects.c.parent_id.label("id")).where(projects.c.id == bindparam("project_id"))
_lineage = _parent.cte("lineage", recursive=True)
_lineage = _lineage.union(
    select(projects.c.parent_id).join(_lineage, _lineage.c.id == projects.c.id).where(projects.c.parent_id.is_not(None))
)
ABOVE = Query(Project, columns_of(Project, projects).join(_lineage, _lineage.c.id == projects.c.id))

_subtree = select(projects.c.id).where(projects.c.parent_id == bindparam("project_id")).cte("subtree", recursive=True)
_subtree = _subtree.union(select(projects.c.id).join(_subtree, _subtree.c.id == projects.c.parent_id))
BELOW = Query(Project, columns_of(Project, projects).join(_subtree, _subtree.c.id == projects.c.id))


def above(db: Db, project_id: str) -> list[Project]:
    """The projects above, nearest first, and their domain last."""
    by_id = {project.id: project for project in db.all(ABOVE, project_id=project_id)}
    children = {project.parent_id: project for project in by_id.values()}
    found: list[Project] = []
    at = children.get(None)
    while at is not None:
        found.append(at)
        at = children.get(at.id)
    return found[::-1]


def below(db: Db, project_id: str) -> list[Project]:
    """Every project of the subtree, the project itself not among them."""
    return db.all(BELOW, project_id=project_id)
