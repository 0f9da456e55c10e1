from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from haneul.kernel.clock import now
from haneul.kernel.db import Db, by, fields, unique
from haneul.kernel.db.listing import Listing, Page
from haneul.kernel.errors import BadRequest, Conflict, Forbidden, NotFound
from haneul.kernel.ids import new_hex_id
from haneul.services.identity.epoch import bump
from haneul.services.identity.projects.models import NO_DOMAIN, Project, projects
from haneul.services.identity.projects.schemas import ProjectCreate, ProjectUpdate

MOST_LEVELS = 5
BY_ID = by(Project, projects, "id")
BY_NAME = by(Project, projects, "name", "domain_id")
HAS_CHILD = select(projects.c.id).where(projects.c.parent_id == bindparam("id")).limit(1)
LISTING = Listing(
    Project,
    projects,
    filters={name: projects.c[name] for name in ("domain_id", "parent_id", "name", "enabled", "is_domain", "id")},
    sorts={"name": projects.c.name, "id": projects.c.id},
    default_sort=(("name", "asc"),),
)
DUPLICATE = "Conflict occurred attempting to store project - it is not permitted to have two projects with the same name in the same domain : {name}."


def get(db: Db, project_id: str) -> Project:
    """The project or domain; NotFound."""
    project = db.one(BY_ID, id=project_id)
    if project is None:
        raise NotFound("Could not find project: {id}.", id=project_id)
    return project


def list_(db: Db, page: Page, filters: Mapping[str, Any]) -> list[Project]:
    return LISTING.page(db, page, filters)


def create(db: Db, wanted: ProjectCreate, *, domain_id: str) -> Project:
    """Insert a project under its parent; Conflict if its domain already has one of that name.

    `domain_id` is the domain that holds when the body names none.
    """
    parent = _parent(db, wanted, domain_id)
    project = Project(
        id=new_hex_id(),
        domain_id=NO_DOMAIN if wanted.is_domain else (parent.id if parent.is_domain else parent.domain_id),
        parent_id=None if wanted.is_domain else parent.id,
        name=wanted.name.strip(),
        description=wanted.description or "",
        enabled=wanted.enabled,
        is_domain=wanted.is_domain,
        options=wanted.options,
        extra={},
        created_at=now(),
    )
    with unique(DUPLICATE, project):
        return db.insert(projects, project)


def _parent(db: Db, wanted: ProjectCreate, domain_id: str) -> Project:
    """The project or domain above; BadRequest when it isn't there, is too deep or of another domain."""
    domain = db.one(BY_ID, id=wanted.domain_id or domain_id)
    if domain is None or not domain.is_domain:
        raise BadRequest("Could not find domain: {id}.", id=wanted.domain_id or domain_id)
    if wanted.is_domain or wanted.parent_id is None or wanted.parent_id == domain.id:
        return domain
    parent = db.one(BY_ID, id=wanted.parent_id)
    if parent is None:
        raise NotFound("Could not find project: {id}.", id=wanted.parent_id)
    owner = parent.id if parent.is_domain else parent.domain_id
    if wanted.domain_id not in (None, owner):
        raise BadRequest(
            "Cannot create project, since it specifies its domain_id {domain_id}, but specifies a parent in "
            "a different domain ({owner}).",
            domain_id=wanted.domain_id,
            owner=owner,
        )
    if not parent.enabled:
        raise Forbidden("Cannot create project in a branch containing a disabled project: {id}.", id=parent.id)
    if len(ancestors(db, parent)) + 1 >= MOST_LEVELS:
        raise Forbidden("Max hierarchy depth reached for {id} branch.", id=parent.id)
    return parent


def ancestors(db: Db, project: Project) -> list[Project]:
    """The projects above, nearest first, the domain not among them."""
    above: list[Project] = []
    while project.parent_id is not None and project.parent_id != project.domain_id:
        project = get(db, project.parent_id)
        above.append(project)
    return above


def update(db: Db, project: Project, wanted: ProjectUpdate) -> Project:
    """Change a project; domain, parent and being a domain stay as they were."""
    changes = fields(wanted)
    for name in ("domain_id", "parent_id", "is_domain"):
        if name in changes and changes.pop(name) != getattr(project, name):
            raise Forbidden("Update of `{name}` is not allowed.", name=name)
    if changes.get("description", "") is None:
        changes["description"] = ""
    if changes:
        with unique(DUPLICATE, name=changes.get("name", project.name)):
            db.update(projects, {"id": project.id}, **changes)
        bump(db)
    return get(db, project.id)


def delete(db: Db, project: Project) -> None:
    """Delete a project that nothing stands under; what it owned elsewhere is told by an event."""
    if project.is_domain:
        raise Forbidden("Cannot delete a domain that is enabled, please disable it first.")
    if db.value(HAS_CHILD, id=project.id) is not None:
        raise Conflict("Cannot delete project {id} since it is not a leaf in the hierarchy.", id=project.id)
    db.delete(projects, id=project.id)
    bump(db)
