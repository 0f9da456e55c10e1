"""Removing a project or a whole domain, with all that hangs on it in identity."""

from sqlalchemy import bindparam, delete, select

from haneul.kernel.db import Db, unique
from haneul.kernel.errors import BadRequest, Forbidden
from haneul.services.identity.application_credentials import removal as application_credentials
from haneul.services.identity.audit.logic import record
from haneul.services.identity.epoch import bump
from haneul.services.identity.groups.models import groups
from haneul.services.identity.options import refuse_immutable
from haneul.services.identity.projects import logic
from haneul.services.identity.projects.models import DEFAULT_DOMAIN, Project, projects
from haneul.services.identity.revocation.logic import revoke_domain, revoke_project
from haneul.services.identity.role_assignments.models import role_assignments
from haneul.services.identity.roles.models import roles
from haneul.services.identity.trusts import ending as trusts
from haneul.services.identity.users.models import users

HAS_CHILD = select(projects.c.id).where(projects.c.parent_id == bindparam("id")).limit(1)

_projects_of = select(projects.c.id).where(projects.c.domain_id == bindparam("emptied_id"))
_users_of = select(users.c.id).where(users.c.domain_id == bindparam("emptied_id"))
_groups_of = select(groups.c.id).where(groups.c.domain_id == bindparam("emptied_id"))
_roles_of = select(roles.c.id).where(roles.c.domain_id == bindparam("emptied_id"))
_grant = role_assignments.c

CONTENTS = {"project": _projects_of, "user": _users_of, "group": _groups_of, "role": _roles_of}
# In this order: what refers to a row goes before the row.
EMPTY_DOMAIN = (
    delete(role_assignments).where(_grant.target_type == "project", _grant.target_id.in_(_projects_of)),
    delete(role_assignments).where(_grant.target_type == "domain", _grant.target_id == bindparam("emptied_id")),
    delete(role_assignments).where(_grant.actor_type == "user", _grant.actor_id.in_(_users_of)),
    delete(role_assignments).where(_grant.actor_type == "group", _grant.actor_id.in_(_groups_of)),
    users.update().where(users.c.default_project_id.in_(_projects_of)).values(default_project_id=None),
    delete(users).where(users.c.domain_id == bindparam("emptied_id")),
    delete(groups).where(groups.c.domain_id == bindparam("emptied_id")),
    delete(roles).where(roles.c.domain_id == bindparam("emptied_id")),
    delete(projects).where(projects.c.domain_id == bindparam("emptied_id")),
)


def delete_project(db: Db, project: Project) -> None:
    """Delete a project that nothing stands under, and every role on it. A domain must be disabled before."""
    if project.is_domain:
        if project.enabled:
            raise BadRequest(
                "cannot delete an enabled project acting as a domain. Please disable the project {id} first.",
                id=project.id,
            )
        delete_domain(db, project)
        return
    bump(db)
    logic.hold(db, project.owner_id)
    project = logic.get(db, project.id)
    refuse_immutable("delete", "project", project.id, project.options)
    if db.value(HAS_CHILD, id=project.id) is not None:
        raise Forbidden(
            "Cannot delete the project {id} since it is not a leaf in the hierarchy. Use the cascade option if you "
            "want to delete a whole subtree.",
            id=project.id,
        )
    revoke_project(db, project.id)
    trusts.forget_project(db, project.id)
    application_credentials.forget_project(db, project.id)
    db.delete(role_assignments, target_type="project", target_id=project.id)
    db.update(users, {"default_project_id": project.id}, default_project_id=None)
    db.delete(projects, id=project.id)
    logic.write_down(db, project, "deleted")


def delete_domain(db: Db, domain: Project) -> None:
    """Delete a disabled domain with its projects, users, groups and roles, and every role that any of them has."""
    bump(db)
    logic.hold(db, domain.id)
    domain = logic.get(db, domain.id)
    refuse_immutable("delete", "domain", domain.id, domain.options)
    if domain.enabled:
        raise Forbidden("Cannot delete a domain that is enabled, please disable it first.")
    if domain.id == DEFAULT_DOMAIN:
        raise Forbidden("You are not authorized to perform the requested action: delete the default domain.")
    revoke_domain(db, domain.id)
    trusts.forget_domain(db, domain.id)
    application_credentials.forget_domain(db, domain.id)
    _write_down_contents(db, domain)
    with unique("The domain {id} has got new users or groups meanwhile; try again.", id=domain.id):
        for statement in EMPTY_DOMAIN:
            db.run(statement, emptied_id=domain.id)
        db.delete(projects, id=domain.id)
    logic.write_down(db, domain, "deleted")


def _write_down_contents(db: Db, domain: Project) -> None:
    """Who listens to the end of projects or users hears of each: it may keep something for them elsewhere."""
    for kind, statement in CONTENTS.items():
        for own_id, *_ in db.tuples(statement, emptied_id=domain.id):
            project_id = own_id if kind == "project" else ""
            record(db, kind, "deleted", own_id, domain_id=domain.id, project_id=project_id)
