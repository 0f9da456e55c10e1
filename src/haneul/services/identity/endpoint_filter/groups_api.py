"""`/v3/OS-EP-FILTER`: the endpoint groups of projects, and the projects of endpoint groups."""

from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.services.identity.catalog.rules import admins, readers
from haneul.services.identity.endpoint_filter import logic
from haneul.services.identity.endpoint_filter.schemas import ProjectEndpointGroupView
from haneul.services.identity.endpoint_groups import api as groups_api
from haneul.services.identity.endpoint_groups import logic as groups
from haneul.services.identity.endpoint_groups.models import EndpointGroup
from haneul.services.identity.endpoint_groups.schemas import EndpointGroupView
from haneul.services.identity.projects import api as projects_api
from haneul.services.identity.projects import logic as projects
from haneul.services.identity.projects.models import Project

routes = Routes()

PROJECTS = f"{groups_api.ONE}/projects"
ONE = f"{PROJECTS}/{{project_id}}"

GET = readers("get_endpoint_group_in_project", "Check that a project was given an endpoint group.")
ADD = admins("add_endpoint_group_to_project", "Give a project an endpoint group.")
REMOVE = admins("remove_endpoint_group_from_project", "Take an endpoint group from a project.")
LIST_GROUPS = readers("list_endpoint_groups_for_project", "List the endpoint groups that a project was given.")
LIST_PROJECTS = readers(
    "list_projects_associated_with_endpoint_group", "List the projects that were given an endpoint group."
)


def named(call: Call, project_id: str, endpoint_group_id: str) -> tuple[Project, EndpointGroup]:
    """Both that the path names; NotFound if one of them isn't there."""
    return projects.get(call.db, project_id), groups.get(call.db, endpoint_group_id)


@routes.get(ONE, rule=GET, wraps="project_endpoint_group", quick=True)
def get_endpoint_group_in_project(call: Call, endpoint_group_id: str, project_id: str) -> ProjectEndpointGroupView:
    call.enforce()
    given = logic.given_group(call.db, *named(call, project_id, endpoint_group_id))
    return ProjectEndpointGroupView.of(given, call.url(f"{groups_api.EVERY}/{endpoint_group_id}/projects"))


@routes.put(ONE, rule=ADD, status=204)
def add_endpoint_group_to_project(call: Call, endpoint_group_id: str, project_id: str) -> None:
    call.enforce()
    logic.add_group(call.db, *named(call, project_id, endpoint_group_id))


@routes.delete(ONE, rule=REMOVE)
def remove_endpoint_group_from_project(call: Call, endpoint_group_id: str, project_id: str) -> None:
    call.enforce()
    logic.remove_group(call.db, *named(call, project_id, endpoint_group_id))


@routes.get("/v3/OS-EP-FILTER/projects/{project_id}/endpoint_groups", rule=LIST_GROUPS, wraps="endpoint_groups")
def list_endpoint_groups_of_project(call: Call, project_id: str) -> Listed[EndpointGroupView]:
    call.enforce()
    page = call.page()
    found = logic.groups_of(call.db, page, projects.get(call.db, project_id))
    return listed(page, found, lambda group: groups_api.view(call, group), lambda group: group.id)


@routes.get(PROJECTS, rule=LIST_PROJECTS, wraps="projects")
def list_projects_of_endpoint_group(call: Call, endpoint_group_id: str) -> Listed[projects_api.View]:
    call.enforce()
    page = call.page()
    found = logic.projects_of_group(call.db, page, groups.get(call.db, endpoint_group_id))
    following = listed(page, found, id, lambda project: project.id).next_marker
    return Listed(items=projects_api.views(call, found), next_marker=following)
