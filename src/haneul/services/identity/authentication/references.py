"""Whom and what the body of a login means: users, domains and projects by id, or by name and domain."""

from sqlalchemy import bindparam, func

from haneul.kernel.db import Db, Query, by, columns_of
from haneul.kernel.errors import BadRequest
from haneul.services.identity.authentication.schemas import DomainReference, ProjectReference, UserReference
from haneul.services.identity.projects.models import NO_DOMAIN, Project, projects
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
EXPECTED = "Expecting to find {attribute} in {target}. The server could not comply with the request."


def missing(attribute: str, target: str) -> BadRequest:
    """The refusal of a body that lacks something."""
    return BadRequest(EXPECTED, attribute=attribute, target=target)


def user_meant(db: Db, wanted: UserReference) -> User | None:
    """The user, if there is one; BadRequest if the body doesn't say which."""
    if wanted.id is not None:
        return db.one(USER_BY_ID, id=wanted.id)
    if wanted.name is None:
        raise missing("id or name", "user")
    if wanted.domain is None:
        raise missing("domain", "user")
    domain = domain_meant(db, wanted.domain)
    return None if domain is None else db.one(USER_BY_NAME, domain_id=domain.id, name=wanted.name)


def domain_meant(db: Db, wanted: DomainReference) -> Project | None:
    """The domain, if there is one; BadRequest if the body doesn't say which."""
    if wanted.id is not None:
        found = db.one(PROJECT_BY_ID, id=wanted.id)
    elif wanted.name is not None:
        found = db.one(PROJECT_BY_NAME, domain_id=NO_DOMAIN, name=wanted.name) or _in_any_case(db, wanted.name)
    else:
        raise missing("id or name", "domain")
    return found if found is not None and found.is_domain else None


def project_meant(db: Db, wanted: ProjectReference) -> Project | None:
    """The project, if there is one; BadRequest if the body doesn't say which."""
    if wanted.id is not None:
        return db.one(PROJECT_BY_ID, id=wanted.id)
    if wanted.name is None:
        raise missing("id or name", "project")
    if wanted.domain is None:
        raise missing("domain", "project")
    domain = domain_meant(db, wanted.domain)
    return None if domain is None else db.one(PROJECT_BY_NAME, domain_id=domain.id, name=wanted.name)


def _in_any_case(db: Db, name: str) -> Project | None:
    """The one domain that is called so but for capitals."""
    found = db.all(DOMAINS_IN_ANY_CASE, lowered=name.lower())
    return found[0] if len(found) == 1 else None
