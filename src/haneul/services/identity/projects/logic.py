from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam

from haneul.kernel.clock import now
from haneul.kernel.db import Db, by, unique
from haneul.kernel.db.listing import Clause, Listing, Page
from haneul.kernel.errors import BadRequest, Forbidden, NotFound
from haneul.kernel.ids import new_hex_id
from haneul.services.identity.audit.logic import record
from haneul.services.identity.config import IdentitySettings
from haneul.services.identity.options import options_after
from haneul.services.identity.projects import names, tags, tree
from haneul.services.identity.projects.models import NO_DOMAIN, Project, projects
from haneul.services.identity.projects.schemas import ProjectCreate

# Keystone's five, and the domain above them; the strict model of limits knows two.
LEVELS_MOST = {"flat": 6, "strict_two_level": 3}
USUAL = IdentitySettings()
BY_ID = by(Project, projects, "id")
HOLD = projects.update().where(projects.c.id == bindparam("held_id")).values(enabled=projects.c.enabled)
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


def is_project(db: Db, project_id: str) -> bool:
    """Whether there is a project of this id that is no domain."""
    found = find(db, project_id)
    return found is not None and not found.is_domain


def get(db: Db, project_id: str) -> Project:
    """The project or domain; NotFound."""
    return existing(find(db, project_id), project_id)


def existing(project: Project | None, project_id: str) -> Project:
    """What was found; NotFound if nothing was."""
    if project is None:
        raise NotFound("Could not find project: {id}.", id=project_id)
    return project


def list_(db: Db, page: Page, filters: Mapping[str, Any], clauses: Sequence[Clause] = ()) -> list[Project]:
    return LISTING.page(db, page, filters, clauses)


def domain_of(db: Db, wanted: ProjectCreate, default: str) -> str | None:
    """The domain in which the project would stand, None for one that is to be a domain: rules ask about it."""
    if wanted.is_domain:
        return None
    parent = find(db, wanted.parent_id) if wanted.parent_id else None
    return parent.owner_id if parent is not None else wanted.domain_id or default


def create(
    db: Db, wanted: ProjectCreate, *, domain_id: str, extra: Mapping[str, Any], settings: IdentitySettings = USUAL
) -> Project:
    """Insert a project under its parent; Conflict if its domain already has one of that name.

    `domain_id` is the domain that holds when the body names none.
    """
    if wanted.is_domain:
        _refuse_domain_inside(wanted)
        owner_id, parent_id = NO_DOMAIN, None
    else:
        parent = _parent(db, wanted, domain_id, LEVELS_MOST[settings.limit_model])
        owner_id, parent_id = parent.owner_id, parent.id
    project = Project(
        id=new_hex_id(),
        domain_id=owner_id,
        parent_id=parent_id,
        name=names.kept(wanted.name, settings, is_domain=wanted.is_domain),
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
    write_down(db, project, "created")


def hold(db: Db, domain_id: str) -> None:
    """Let the tree of this domain be changed by nobody else until this transaction ends."""
    db.run(HOLD, held_id=domain_id)


def write_down(db: Db, project: Project, action: str, **details: Any) -> None:
    """Record what was done to a project, or to a domain as such."""
    kind = "domain" if project.is_domain else "project"
    concerned = "" if project.is_domain else project.id
    record(db, kind, action, project.id, domain_id=project.owner_id, project_id=concerned, **details)


def _refuse_domain_inside(wanted: ProjectCreate) -> None:
    if wanted.domain_id is not None or wanted.parent_id is not None:
        raise BadRequest("only root projects are allowed to act as domains.")


def _parent(db: Db, wanted: ProjectCreate, domain_id: str, levels_most: int) -> Project:
    """The project or domain above; BadRequest when it isn't there or of another domain, Forbidden when too deep."""
    parent_id = wanted.parent_id or wanted.domain_id or domain_id
    parent = find(db, parent_id)
    if parent is not None:
        hold(db, parent.owner_id)
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
    branch = [*tree.above(db, parent.id), parent]
    for one in branch:
        if not one.enabled:
            raise BadRequest("cannot create a project in a branch containing a disabled project: {id}", id=one.id)
    if len(branch) + 1 > levels_most:
        raise Forbidden("Max hierarchy depth reached for {id} branch.", id=parent.id)
    return parent
