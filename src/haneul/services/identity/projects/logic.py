from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from haneul.kernel.clock import now
from haneul.kernel.db import Db, by, fields, unique
from haneul.kernel.db.listing import Listing, Page
from haneul.kernel.errors import BadRequest, Forbidden, NotFound
from haneul.kernel.ids import new_hex_id
from haneul.kernel.schema import UNSET
from haneul.services.identity.epoch import bump
from haneul.services.identity.options import options_after, refuse_immutable
from haneul.services.identity.projects import tags, tree
from haneul.services.identity.projects.models import NO_DOMAIN, Project, projects
from haneul.services.identity.projects.schemas import ProjectCreate, ProjectUpdate
from haneul.services.identity.revocation.logic import revoke_domain, revoke_project

# Keystone's five, and the domain above them.
MOST_LEVELS = 6
BY_ID = by(Project, projects, "id")
OF_DOMAIN = select(projects.c.id).where(projects.c.domain_id == bindparam("domain_id"))
LISTING = Listing(
    Project,
    projects,
    filters={name: projects.c[name] for name in ("domain_id", "parent_id", "name", "enabled", "is_domain", "id")},
    sorts={"name": projects.c.name, "id": projects.c.id},
    default_sort=(("name", "asc"),),
    bounds=("domain_id",),
)
DUPLICATE = (
    "Conflict occurred attempting to store project - it is not permitted to have two projects with either the same "
    "name or same id in the same domain: name is {name}, project id {id}."
)
DUPLICATE_DOMAIN = (
    "Conflict occurred attempting to store project - it is not permitted to have two projects acting as domains with "
    "the same name: {name}."
)


def find(db: Db, project_id: str) -> Project | None:
    """The project or domain, or None: routes enforce their rule before they say that something isn't there."""
    return db.one(BY_ID, id=project_id)


def get(db: Db, project_id: str) -> Project:
    """The project or domain; NotFound."""
    return existing(find(db, project_id), project_id)


def existing(project: Project | None, project_id: str) -> Project:
    """What was found; NotFound if nothing was."""
    if project is None:
        raise NotFound("Could not find project: {id}.", id=project_id)
    return project


def list_(db: Db, page: Page, filters: Mapping[str, Any]) -> list[Project]:
    return LISTING.page(db, page, filters)


def domain_of(db: Db, wanted: ProjectCreate, default: str) -> str | None:
    """The domain in which the project would stand, None for one that is to be a domain: rules ask about it."""
    if wanted.is_domain:
        return None
    parent = find(db, wanted.parent_id) if wanted.parent_id else None
    return parent.owner_id if parent is not None else wanted.domain_id or default


def create(db: Db, wanted: ProjectCreate, *, domain_id: str, extra: Mapping[str, Any]) -> Project:
    """Insert a project under its parent; Conflict if its domain already has one of that name.

    `domain_id` is the domain that holds when the body names none.
    """
    if wanted.is_domain:
        _refuse_domain_inside(wanted)
        owner_id, parent_id = NO_DOMAIN, None
    else:
        parent = _parent(db, wanted, domain_id)
        owner_id, parent_id = parent.owner_id, parent.id
    project = Project(
        id=new_hex_id(),
        domain_id=owner_id,
        parent_id=parent_id,
        name=wanted.name.strip(),
        description=wanted.description or "",
        enabled=wanted.enabled,
        is_domain=wanted.is_domain,
        options=options_after({}, wanted.options),
        extra=dict(extra),
        created_at=now(),
    )
    insert(db, project, wanted.tags)
    return project


def insert(db: Db, project: Project, tag_names: list[str]) -> None:
    """Insert a project or domain with its tags; Conflict if its name is taken."""
    with unique(DUPLICATE_DOMAIN if project.is_domain else DUPLICATE, project):
        db.insert(projects, project)
    tags.replace(db, project.id, tag_names)


def _refuse_domain_inside(wanted: ProjectCreate) -> None:
    if wanted.domain_id is not None or wanted.parent_id is not None:
        raise BadRequest("only root projects are allowed to act as domains.")


def _parent(db: Db, wanted: ProjectCreate, domain_id: str) -> Project:
    """The project or domain above; BadRequest when it isn't there or of another domain, Forbidden when too deep."""
    parent_id = wanted.parent_id or wanted.domain_id or domain_id
    parent = find(db, parent_id)
    if parent is None or (wanted.parent_id is None and not parent.is_domain):
        kind = "project" if wanted.parent_id else "domain"
        raise BadRequest("Could not find {what}: {id}.", what=kind, id=parent_id)
    if wanted.domain_id not in (None, parent.owner_id):
        raise BadRequest(
            "Cannot create project, since it specifies its domain_id {domain_id}, but specifies a parent in a "
            "different domain ({owner}).",
            domain_id=wanted.domain_id,
            owner=parent.owner_id,
        )
    if not parent.enabled and not parent.is_domain:
        raise BadRequest("cannot create a project in a branch containing a disabled project: {id}", id=parent.id)
    if len(tree.above(db, parent.id)) + 2 > MOST_LEVELS:
        raise Forbidden("Max hierarchy depth reached for {id} branch.", id=parent.id)
    return parent


def update(db: Db, project: Project, wanted: ProjectUpdate, extra: Mapping[str, Any]) -> Project:
    """Change a project or domain; its domain, its parent and being a domain stay as they were."""
    bump(db)
    project = get(db, project.id)
    kind = "domain" if project.is_domain else "project"
    refuse_immutable("update", kind, project.id, project.options, wanted.options)
    _refuse_moving(project, wanted)
    if wanted.enabled is not UNSET and wanted.enabled != project.enabled and not project.is_domain:
        _refuse_broken_branch(db, project)
    changes = {name: value for name, value in fields(wanted).items() if name in ("name", "description", "enabled")}
    if "name" in changes:
        changes["name"] = changes["name"].strip()
    if "description" in changes:
        changes["description"] = changes["description"] or ""
    if wanted.options is not UNSET:
        changes["options"] = options_after(project.options, wanted.options)
    if extra:
        changes["extra"] = {**project.extra, **extra}
    if wanted.enabled is False and project.enabled:
        (revoke_domain if project.is_domain else revoke_project)(db, project.id)
    if changes:
        duplicate = DUPLICATE_DOMAIN if project.is_domain else DUPLICATE
        with unique(duplicate, name=changes.get("name"), id=project.id):
            db.update(projects, {"id": project.id}, **changes)
    if wanted.tags is not UNSET:
        tags.replace(db, project.id, wanted.tags)
    return get(db, project.id)


def _refuse_moving(project: Project, wanted: ProjectUpdate) -> None:
    domain_id = None if project.is_domain else project.domain_id
    if wanted.domain_id is not UNSET and wanted.domain_id != domain_id:
        raise BadRequest("Cannot change Domain ID")
    if wanted.parent_id is not UNSET and wanted.parent_id != project.parent_id:
        raise Forbidden("Update of `parent_id` is not allowed.")
    if wanted.is_domain is not UNSET and wanted.is_domain != project.is_domain:
        raise BadRequest("Update of `is_domain` is not allowed.")


def _refuse_broken_branch(db: Db, project: Project) -> None:
    """No enabled project stands under a disabled one."""
    if project.enabled and any(below.enabled for below in tree.below(db, project.id)):
        raise Forbidden(
            "Cannot disable project {id} since its subtree contains enabled projects.",
            id=project.id,
        )
    if not project.enabled and any(not above.enabled for above in tree.above(db, project.id) if not above.is_domain):
        raise Forbidden("Cannot enable project {id} since it has disabled parents", id=project.id)
