from collections.abc import Sequence
from typing import Any

import msgspec

from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.services.identity.extras import extras, with_extras
from haneul.services.identity.filters import is_true
from haneul.services.identity.limits.schemas import LimitView
from haneul.services.identity.parts import Parts
from haneul.services.identity.projects import changes, family, logic, removal, search, tags
from haneul.services.identity.projects.models import DEFAULT_DOMAIN, Project
from haneul.services.identity.projects.schemas import (
    FamilyQuery,
    ProjectCreate,
    ProjectQuery,
    ProjectUpdate,
    ProjectView,
)

routes = Routes()

READER = (
    "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and "
    "domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s) or "
    "project_id:%(target.project.id)s"
)
MANAGER = (
    "(rule:admin_required) or (role:manager and domain_id:%(target.project.domain_id)s and not "
    "None:%(target.project.domain_id)s)"
)
GET = Rule("identity:get_project", READER, "Show a project.")
LIST = Rule(
    "identity:list_projects",
    "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.domain_id)s)",
    "List projects.",
)
CREATE = Rule("identity:create_project", MANAGER, "Create a project.")
UPDATE = Rule("identity:update_project", MANAGER, "Change a project.")
DELETE = Rule("identity:delete_project", MANAGER, "Delete a project.")

View = ProjectView | dict[str, Any]


def view(call: Call, project: Project) -> View:
    shown = ProjectView.of(project, tags.of_one(call.db, project.id), call.url("/v3/projects"))
    return with_extras(shown, project.extra)


def views(call: Call, projects: Sequence[Project]) -> list[View]:
    """Many projects, with one query for all their tags."""
    named, url = tags.of(call.db, [project.id for project in projects]), call.url("/v3/projects")
    return [with_extras(ProjectView.of(project, named.get(project.id, []), url), project.extra) for project in projects]


def allowed(call: Call, project_id: str) -> Project:
    """The project, once the route's rule allows it; who may not see projects doesn't learn which there are."""
    project = logic.find(call.db, project_id)
    call.enforce(project=project or {})
    return logic.existing(project, project_id)


@routes.get("/v3/projects", rule=LIST, wraps="projects")
def list_projects(call: Call, query: ProjectQuery) -> Listed[View]:
    call.enforce(domain_id=call.caller.domain_id)
    page = call.page()
    found = search.list_(call.db, page, query, call.ask.parameters, within=call.caller.domain_id)
    return Listed(items=views(call, found), next_marker=listed(page, found, id, lambda it: it.id).next_marker)


@routes.get("/v3/projects/{project_id}", rule=GET, wraps="project", quick=True)
def get_project(call: Call, project_id: str, query: FamilyQuery) -> View:
    family.refuse_both_forms(query)
    project = allowed(call, project_id)
    shown = ProjectView.of(project, tags.of_one(call.db, project.id), call.url("/v3/projects"))
    return with_extras(_with_family(call, shown, project, query), project.extra)


def _with_family(call: Call, shown: ProjectView, project: Project, query: FamilyQuery) -> ProjectView:
    db, user_id, found = call.db, call.caller.user_id, dict[str, Any]()
    if is_true(query.parents_as_ids):
        found["parents"] = family.parent_ids(db, project)
    if is_true(query.subtree_as_ids):
        found["subtree"] = family.subtree_ids(db, project)
    if is_true(query.parents_as_list):
        found["parents"] = _relatives(call, family.visible_parents(db, project, user_id), query)
    if is_true(query.subtree_as_list):
        found["subtree"] = _relatives(call, family.visible_subtree(db, project, user_id), query)
    return msgspec.structs.replace(shown, **found)


def _relatives(call: Call, found: Sequence[Project], query: FamilyQuery) -> list[dict[str, Any]]:
    """Projects as they stand in another one's view, with their limits if these are asked for."""
    shown = [msgspec.to_builtins(one) for one in views(call, found)]
    if is_true(query.include_limits):
        kept, url = family.limits_of(call.db, [project.id for project in found]), call.url("/v3/limits")
        for one in shown:
            one["limits"] = [LimitView.of(limit, url) for limit in kept.get(one["id"], ())]
    return [{"project": one} for one in shown]


@routes.delete("/v3/projects/{project_id}", rule=DELETE)
def delete_project(call: Call, project_id: str) -> None:
    removal.delete_project(call.db, allowed(call, project_id))


def writing_routes_with(parts: Parts) -> Routes:
    """The routes that this process's settings have a say in."""
    routes = Routes()

    @routes.post("/v3/projects", rule=CREATE, wraps="project")
    def create_project(call: Call, body: ProjectCreate) -> View:
        domain_id = body.domain_id or call.caller.domain_id or DEFAULT_DOMAIN
        call.enforce(project={"domain_id": logic.domain_of(call.db, body, domain_id) if body.domain_id else None})
        made = logic.create(call.db, body, domain_id=domain_id, extra=extras(call, body), settings=parts.settings)
        return view(call, made)

    @routes.patch("/v3/projects/{project_id}", rule=UPDATE, wraps="project")
    def update_project(call: Call, project_id: str, body: ProjectUpdate) -> View:
        project = allowed(call, project_id)
        further = extras(call, body, own_id=project_id)
        return view(call, changes.update(call.db, project, body, further, parts.settings))

    return routes
