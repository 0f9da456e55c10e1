from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET
from haneul.services.identity.filters import booleans
from haneul.services.identity.projects import logic
from haneul.services.identity.projects.models import Project
from haneul.services.identity.projects.schemas import ProjectCreate, ProjectFilters, ProjectUpdate, ProjectView

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


def view(call: Call, project: Project) -> ProjectView:
    return ProjectView.of(project, call.url("/v3/projects"))


@routes.get("/v3/projects", rule=LIST, wraps="projects")
def list_projects(call: Call, query: ProjectFilters) -> Listed[ProjectView]:
    domain_id = call.caller.domain_id if query.domain_id is UNSET else query.domain_id
    call.enforce({"domain_id": domain_id})
    filters = booleans(query, "enabled", "is_domain")
    filters.setdefault("is_domain", False)
    if domain_id:
        filters["domain_id"] = domain_id
    page = call.page()
    return listed(page, logic.list_(call.db, page, filters), lambda project: view(call, project), lambda it: it.id)


@routes.post("/v3/projects", rule=CREATE, wraps="project")
def create_project(call: Call, body: ProjectCreate) -> ProjectView:
    domain_id = body.domain_id or call.caller.domain_id or call.caller.project_domain_id or "default"
    call.enforce(project={"domain_id": domain_id})
    return view(call, logic.create(call.db, body, domain_id=domain_id))


@routes.get("/v3/projects/{project_id}", rule=GET, wraps="project", quick=True)
def get_project(call: Call, project_id: str) -> ProjectView:
    project = logic.get(call.db, project_id)
    call.enforce(project)
    return view(call, project)


@routes.patch("/v3/projects/{project_id}", rule=UPDATE, wraps="project")
def update_project(call: Call, project_id: str, body: ProjectUpdate) -> ProjectView:
    project = logic.get(call.db, project_id)
    call.enforce(project)
    return view(call, logic.update(call.db, project, body))


@routes.delete("/v3/projects/{project_id}", rule=DELETE)
def delete_project(call: Call, project_id: str) -> None:
    project = logic.get(call.db, project_id)
    call.enforce(project)
    logic.delete(call.db, project)
