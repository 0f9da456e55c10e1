"""Application credentials go when what they stand on goes: their user, his role on the project, the project."""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, exists, or_, select

from haneul.kernel.db import Db, Query, Row
from haneul.services.identity.application_credentials.models import (
    access_rules,
    application_credentials,
    credential_roles,
)
from haneul.services.identity.audit.logic import record
from haneul.services.identity.projects.models import projects
from haneul.services.identity.role_assignments.models import role_assignments
from haneul.services.identity.users.models import users


class Doomed(Row):
    """A credential or rule that is about to go; a rule is of no project."""

    id: str
    project_id: str
    domain_id: str


_credential, _grant = application_credentials.c, role_assignments.c
_doomed = select(_credential.id, _credential.project_id, users.c.domain_id).join(
    users, users.c.id == _credential.user_id
)
_given = exists().where(
    credential_roles.c.application_credential_id == _credential.id, credential_roles.c.role_id == bindparam("role_id")
)
_granted = exists().where(
    _grant.role_id == bindparam("role_id"),
    _grant.actor_type == "user",
    _grant.actor_id == _credential.user_id,
    _grant.target_type == "project",
    _grant.target_id == _credential.project_id,
)
_of_domain = select(projects.c.id).where(
    or_(projects.c.domain_id == bindparam("domain_id"), projects.c.id == bindparam("domain_id"))
)
ON_PROJECT = Query(
    Doomed,
    _doomed.where(_credential.user_id == bindparam("user_id"), _credential.project_id == bindparam("project_id")),
)
OF_USER = Query(Doomed, _doomed.where(_credential.user_id == bindparam("user_id")))
OF_PROJECT = Query(Doomed, _doomed.where(_credential.project_id == bindparam("project_id")))
WITH_ROLE = Query(Doomed, _doomed.where(or_(_given, _granted)))
OF_DOMAIN = Query(
    Doomed, _doomed.where(or_(users.c.domain_id == bindparam("domain_id"), _credential.project_id.in_(_of_domain)))
)
RULES_OF_USER = (
    select(access_rules.c.id, users.c.domain_id)
    .join(users, users.c.id == access_rules.c.user_id)
    .where(access_rules.c.user_id == bindparam("user_id"))
)
DELETE = delete(application_credentials).where(_credential.id.in_(bindparam("ids", expanding=True)))
MOST_AT_ONCE = 1000


def forget(db: Db, *, user_id: str, project_id: str) -> None:
    """The user has lost a role on the project: his credentials for it go. The caller bumps the epoch."""
    _delete(db, db.all(ON_PROJECT, user_id=user_id, project_id=project_id))


def forget_user(db: Db, user_id: str) -> None:
    """The user goes or is disabled: his credentials go, and the access rules with them. The caller bumps the epoch."""
    _delete(db, db.all(OF_USER, user_id=user_id))
    for rule_id, domain_id in db.tuples(RULES_OF_USER, user_id=user_id):
        record(db, "access_rule", "deleted", rule_id, domain_id=domain_id)
    db.delete(access_rules, user_id=user_id)


def forget_project(db: Db, project_id: str) -> None:
    """The project goes: everyone's credentials for it go. The caller bumps the epoch."""
    _delete(db, db.all(OF_PROJECT, project_id=project_id))


def forget_role(db: Db, role_id: str) -> None:
    """The role goes: so do credentials that were given it, and those of who had it on their project.

    Called while the assignments are still there. The caller bumps the epoch.
    """
    _delete(db, db.all(WITH_ROLE, role_id=role_id))


def forget_domain(db: Db, domain_id: str) -> None:
    """The domain goes: so do credentials of its users and for its projects. The caller bumps the epoch."""
    _delete(db, db.all(OF_DOMAIN, domain_id=domain_id))


def _delete(db: Db, doomed: Sequence[Doomed]) -> None:
    for start in range(0, len(doomed), MOST_AT_ONCE):
        some = doomed[start : start + MOST_AT_ONCE]
        db.run(DELETE, ids=[one.id for one in some])
        for one in some:
            record(db, "application_credential", "deleted", one.id, domain_id=one.domain_id, project_id=one.project_id)
