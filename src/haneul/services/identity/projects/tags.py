"""Projects' tags."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam

from haneul.kernel.db import Db, Query, columns_of, unique
from haneul.kernel.errors import BadRequest, NotFound
from haneul.services.identity.audit.logic import record
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


def of(db: Db, project_ids: Sequence[str]) -> Mapping[str, list[str]]:
    """Each project's tags, by its id; a project without tags is left out."""
    found: dict[str, list[str]] = {}
    for tag in db.all(OF_PROJECTS, ids=list(project_ids)):
        found.setdefault(tag.project_id, []).append(tag.name)
    return found


def of_one(db: Db, project_id: str) -> list[str]:
    return of(db, [project_id]).get(project_id, [])


def replace(db: Db, project_id: str, names: Sequence[str]) -> None:
    """The project has just these tags from now on; BadRequest if one is named twice, or is nothing but spaces."""
    wanted, have = {name.strip() for name in names}, set(of_one(db, project_id))
    if len(wanted) < len(names) or "" in wanted:
        raise BadRequest(
            "Invalid input for field/attribute tags: {names} has non-unique or empty elements", names=names
        )
    for name in have - wanted:
        db.delete(project_tags, project_id=project_id, name=name)
    with unique("The tags of project {id} were changed at the same time; try again.", id=project_id):
        db.insert_all(project_tags, [ProjectTag(project_id, name) for name in sorted(wanted - have)])


def replace_mutable(db: Db, project: Project, names: Sequence[str]) -> None:
    """The same for a project whose options must allow it."""
    refuse_immutable("update", "project", project.id, project.options)
    replace(db, project.id, names)
    _write_down(db, project, "project", "updated", project.id, changed=["tags"])


def add(db: Db, project: Project, name: str) -> None:
    """Add one tag; BadRequest if it can't be one or the project has as many as it may."""
    refuse_immutable("update", "project", project.id, project.options)
    tag, have = name.strip(), of_one(db, project.id)
    if not TAG.fullmatch(tag):
        raise BadRequest(
            "Invalid input for field/attribute tag: 1 to 255 characters, no comma and no slash among them."
        )
    if tag in have:
        return
    if len(have) >= MOST:
        raise BadRequest("Invalid input for field/attribute tags: a project has at most {most} tags.", most=MOST)
    replace(db, project.id, [*have, tag])
    _write_down(db, project, "project tag", "created", tag)
    _write_down(db, project, "project", "updated", project.id, changed=["tags"])


def remove(db: Db, project: Project, name: str) -> None:
    """Take one tag away; NotFound."""
    refuse_immutable("update", "project", project.id, project.options)
    if not db.delete(project_tags, project_id=project.id, name=name):
        raise NotFound("Could not find project tag: {name}.", name=name)
    _write_down(db, project, "project tag", "deleted", name)
    _write_down(db, project, "project", "updated", project.id, changed=["tags"])


def refuse_missing(db: Db, project: Project, name: str) -> None:
    """NotFound unless the project has the tag."""
    if name not in of_one(db, project.id):
        raise NotFound("Could not find project tag: {name}.", name=name)


def _write_down(db: Db, project: Project, kind: str, action: str, target_id: str, **details: Any) -> None:
    record(db, kind, action, target_id, domain_id=project.owner_id, project_id=project.id, **details)
