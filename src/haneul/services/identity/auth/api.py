"""What the token's user may have: `/v3/auth/projects`, `/v3/auth/domains`, `/v3/auth/system`, `/v3/auth/catalog`."""

from haneul.kernel.errors import Forbidden
from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.identity.auth.schemas import CatalogView, SystemView
from haneul.services.identity.catalog.logic import catalog_of
from haneul.services.identity.domains import api as domains
from haneul.services.identity.filters import booleans
from haneul.services.identity.projects import api as projects
from haneul.services.identity.projects.models import Project
from haneul.services.identity.projects.schemas import ProjectQuery
from haneul.services.identity.role_assignments.models import SYSTEM
from haneul.services.identity.role_assignments.queries import domains_of, held_by, projects_of
from haneul.services.identity.schemas import Links
from haneul.services.identity.users import logic as users

routes = Routes()

CATALOG = Rule("identity:get_auth_catalog", "", "Show the catalog of one's token.")
PROJECTS = Rule("identity:get_auth_projects", "", "List the projects that one's user has a role on.")
DOMAINS = Rule("identity:get_auth_domains", "", "List the domains that one's user has a role on.")
SYSTEM_ACCESS = Rule("identity:get_auth_system", "", "Show whether one's user has a role on the system.")
OF_USER = Rule(
    "identity:list_user_projects",
    "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and "
    "domain_id:%(target.user.domain_id)s) or user_id:%(target.user.id)s",
    "List the projects that a user has a role on.",
)


def fitting(found: list[Project], query: ProjectQuery) -> list[Project]:
    """Those projects that the query's filters let through."""
    wanted = booleans(query, "enabled", "is_domain")
    return [
        project
        for project in found
        if all(getattr(project, name) == wanted[name] for name in wanted if name in Project.__struct_fields__)
    ]


@routes.get("/v3/auth/projects", rule=PROJECTS, wraps="projects")
def list_own_projects(call: Call, query: ProjectQuery) -> Listed[projects.View]:
    call.enforce()
    found = [project for project in projects_of(call.db, call.caller.user_id) if project.enabled]
    return Listed(items=projects.views(call, fitting(found, query)))


@routes.get("/v3/auth/domains", rule=DOMAINS, wraps="domains")
def list_own_domains(call: Call) -> Listed[domains.View]:
    call.enforce()
    found = [domain for domain in domains_of(call.db, call.caller.user_id) if domain.enabled]
    return Listed(items=[domains.view(call, domain) for domain in found])


@routes.get("/v3/auth/system", rule=SYSTEM_ACCESS)
def show_own_system(call: Call) -> SystemView:
    call.enforce()
    held = held_by(call.db, call.caller.user_id, "system", SYSTEM)
    return SystemView(system=[{"all": True}] if held else [], links=Links(self=call.url(call.ask.path)))


@routes.get("/v3/auth/catalog", rule=CATALOG)
def show_catalog(call: Call) -> CatalogView:
    call.enforce()
    project_id = call.caller.project_id
    if project_id is None:
        raise Forbidden("A project-scoped token is required to produce a service catalog.")
    found = catalog_of(call.db, project_id=project_id, user_id=call.caller.user_id)
    return CatalogView(catalog=found, links=Links(self=call.url(call.ask.path)))


@routes.get("/v3/users/{user_id}/projects", rule=OF_USER, wraps="projects")
def list_projects_of_user(call: Call, user_id: str, query: ProjectQuery) -> Listed[projects.View]:
    user = users.find(call.db, user_id)
    call.enforce(user=user or {})
    found = projects_of(call.db, users.existing(user, user_id).id)
    return Listed(items=projects.views(call, fitting(found, query)))
