"""Projects' tags."""

import re
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam, func, select

from haneul.kernel.db import Db, Query, columns_of, unique
from haneul.kernel.errors import BadRequest, NotFound
from haneul.services.identity.options import refuse_immutable
from haneul.services.identity.projects.models import Project, ProjectTag, project_tags

MOST = 80
TAG = re.compile(r"[^,/]{1,255}")
OF_PROJECTS = Query(
    ProjectTag,
    columns_of(ProjectTag, project_tags)
    .where(project_tags.c.project_id.in_(bindparam("ids", expanding=True)))
    .order_by(project_tags.c.project_id, project_tags.c.name),
)
WITH_ANY = select(project_tags.c.project_id).where(project_tags.c.name.in_(bindparam("names", expanding=True)))
WITH_ALL = WITH_ANY.group_by(project_tags.c.project_id).having(func.count() == bindparam("count"))


def of(db: Db, project_ids: Sequence[str]) -> Mapping[str, list[str]]:
    """Each project's tags, by its id; a project without tags is left out."""
    found: dict[str, list[str]] = {}
    for tag in db.all(OF_PROJECTS, ids=list(project_ids)):
        found.setdefault(tag.project_id, []).append(tag.name)
    return found


def of_one(db: Db, project_id: str) -> list[str]:
    return of(db, [project_id]).get(project_id, [])


def replace(db: Db, project_id: str, names: Iterable[str]) -> None:
    """The project has just these tags from now on."""
    wanted, have = set(names), set(of_one(db, project_id))
    for name in have - wanted:
        db.delete(project_tags, project_id=project_id, name=name)
    with unique("The tags of project {id} were changed at the same time; try again.", id=project_id):
        db.insert_all(project_tags, [ProjectTag(project_id, name) for name in sorted(wanted - have)])


def replace_mutable(db: Db, project: Project, names: Iterable[str]) -> None:
    """The same for a project whose options must allow it."""
    refuse_immutable("update", "project", project.id, project.options)
    replace(db, project.id, names)


def add(db: Db, project: Project, name: str) -> None:
    """Add one tag; BadRequest if it can't be one or the project has as many as it may."""
    if not TAG.fullmatch(name):
        raise BadRequest(
            "Invalid input for field/attribute tag: 1 to 255 characters, no comma and no slash among them."
        )
    have = of_one(db, project.id)
    if name not in have and len(have) >= MOST:
        raise BadRequest("Invalid input for field/attribute tags: a project has at most {most} tags.", most=MOST)
    replace_mutable(db, project, [*have, name])


def remove(db: Db, project: Project, name: str) -> None:
    """Take one tag away; NotFound."""
    refuse_immutable("update", "project", project.id, project.options)
    if not db.delete(project_tags, project_id=project.id, name=name):
        raise NotFound("Could not find project tag: {name}.", name=name)


def refuse_missing(db: Db, project: Project, name: str) -> None:
    """NotFound unless the project has the tag."""
    if name not in of_one(db, project.id):
        raise NotFound("Could not find project tag: {name}.", name=name)


def with_any(db: Db, names: Sequence[str]) -> set[str]:
    """The ids of the projects that have one of these tags."""
    return {row[0] for row in db.tuples(WITH_ANY, names=list(names))}


def with_all(db: Db, names: Sequence[str]) -> set[str]:
    """The ids of the projects that have every one of these tags."""
    wanted = sorted(set(names))
    return {row[0] for row in db.tuples(WITH_ALL, names=wanted, count=len(wanted))}
