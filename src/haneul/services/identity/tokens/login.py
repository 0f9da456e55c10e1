"""Who asks for a token, and for which scope."""

import msgspec
from sqlalchemy import bindparam, func

from haneul.kernel.db import Db, Query, by, columns_of
from haneul.kernel.errors import BadRequest, Unauthorized
from haneul.services.identity.projects.models import NO_DOMAIN, Project, projects
from haneul.services.identity.role_assignments.queries import held_by
from haneul.services.identity.tokens.logic import REFUSED
from haneul.services.identity.tokens.models import ScopeKind
from haneul.services.identity.tokens.schemas import (
    Auth,
    DomainReference,
    ProjectReference,
    Scope,
    SystemReference,
    UserReference,
)
from haneul.services.identity.users.models import User, users

USER_BY_ID = by(User, users, "id")
USER_BY_NAME = by(User, users, "domain_id", "name")
PROJECT_BY_ID = by(Project, projects, "id")
PROJECT_BY_NAME = by(Project, projects, "domain_id", "name")
# Installation guides say `OS_USER_DOMAIN_NAME=default`, which finds the domain Default on the databases that they use.
DOMAINS_IN_ANY_CASE = Query(
    Project,
    columns_of(Project, projects).where(
        projects.c.domain_id == NO_DOMAIN, func.lower(projects.c.name) == bindparam("lowered")
    ),
)
KNOWN_METHODS = ("password", "token")


def refuse_unknown_methods(auth: Auth) -> None:
    for method in auth.identity.methods:
        if method not in KNOWN_METHODS:
            raise Unauthorized("Attempted to authenticate with an unsupported method.")


def claimed_user(db: Db, wanted: UserReference) -> User | None:
    """The user that the request means, if there is one; BadRequest if it doesn't say."""
    if wanted.id is not None:
        return db.one(USER_BY_ID, id=wanted.id)
    if wanted.name is None:
        raise BadRequest("Expecting to find id or name in user. The server could not comply with the request.")
    if wanted.domain is None:
        raise BadRequest("Expecting to find domain in user. The server could not comply with the request.")
    domain = _domain(db, wanted.domain)
    return None if domain is None else db.one(USER_BY_NAME, domain_id=domain.id, name=wanted.name)


def _domain(db: Db, wanted: DomainReference) -> Project | None:
    if wanted.id is not None:
        found = db.one(PROJECT_BY_ID, id=wanted.id)
    elif wanted.name is not None:
        found = db.one(PROJECT_BY_NAME, domain_id=NO_DOMAIN, name=wanted.name) or _in_any_case(db, wanted.name)
    else:
        raise BadRequest("Expecting to find id or name in domain. The server could not comply with the request.")
    return found if found is not None and found.is_domain else None


def _in_any_case(db: Db, name: str) -> Project | None:
    """The one domain that is called so but for capitals."""
    found = db.all(DOMAINS_IN_ANY_CASE, lowered=name.lower())
    return found[0] if len(found) == 1 else None


def scope_of(db: Db, auth: Auth, user: User) -> tuple[ScopeKind, str]:
    """The scope asked for; a user's default project where none is, if he has a role there. Unauthorized if it isn't."""
    scope = auth.scope
    if isinstance(scope, str):
        if scope != "unscoped":
            raise BadRequest("Invalid scope: {scope}.", scope=scope[:100])
        return "", ""
    if not isinstance(scope, Scope):
        default = user.default_project_id
        if default is not None and held_by(db, user.id, "project", default) and _is_enabled(db, default):
            return "project", default
        return "", ""
    return _named_scope(db, scope)


def _named_scope(db: Db, scope: Scope) -> tuple[ScopeKind, str]:
    asked = [part for part in (scope.project, scope.domain, scope.system) if part is not msgspec.UNSET]
    if len(asked) != 1:
        raise BadRequest("Scope must name exactly one of project, domain and system.")
    if isinstance(scope.project, ProjectReference):
        return "project", _found(_project(db, scope.project))
    if isinstance(scope.domain, DomainReference):
        return "domain", _found(_domain(db, scope.domain))
    if not isinstance(scope.system, SystemReference) or not scope.system.all:
        raise BadRequest("Invalid scope: system must be all.")
    return "system", "all"


def _project(db: Db, wanted: ProjectReference) -> Project | None:
    if wanted.id is not None:
        return db.one(PROJECT_BY_ID, id=wanted.id)
    if wanted.name is None or wanted.domain is None:
        raise BadRequest("Expecting to find domain in project. The server could not comply with the request.")
    domain = _domain(db, wanted.domain)
    return None if domain is None else db.one(PROJECT_BY_NAME, domain_id=domain.id, name=wanted.name)


def _found(project: Project | None) -> str:
    if project is None:
        raise Unauthorized(REFUSED)
    return project.id


def _is_enabled(db: Db, project_id: str) -> bool:
    project = db.one(PROJECT_BY_ID, id=project_id)
    return project is not None and project.enabled
