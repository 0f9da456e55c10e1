"""`/v3/OS-EP-FILTER`: the endpoints of projects, and the projects of endpoints."""

from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.services.identity.catalog.rules import admins, readers
from haneul.services.identity.endpoint_filter import logic
from haneul.services.identity.endpoints import api as endpoints_api
from haneul.services.identity.endpoints import logic as endpoints
from haneul.services.identity.endpoints.models import Endpoint
from haneul.services.identity.projects import api as projects_api
from haneul.services.identity.projects import logic as projects
from haneul.services.identity.projects.models import Project

routes = Routes()

ONE = "/v3/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id}"

CHECK = readers("check_endpoint_in_project", "Check that a project was given an endpoint.")
ADD = admins("add_endpoint_to_project", "Give a project an endpoint.")
REMOVE = admins("remove_endpoint_from_project", "Take an endpoint from a project.")
LIST_ENDPOINTS = readers("list_endpoints_for_project", "List the endpoints that a project was given.")
LIST_PROJECTS = readers("list_projects_for_endpoint", "List the projects that were given an endpoint.")


def named(call: Call, project_id: str, endpoint_id: str) -> tuple[Project, Endpoint]:
    """Both that the path names; NotFound if one of them isn't there."""
    endpoint = endpoints.get(call.db, endpoint_id)
    return projects.get(call.db, project_id), endpoint


@routes.get(ONE, rule=CHECK, status=204, quick=True)
def check_endpoint_in_project(call: Call, project_id: str, endpoint_id: str) -> None:
    call.enforce()
    logic.refuse_other(call.db, *named(call, project_id, endpoint_id))


@routes.put(ONE, rule=ADD, status=204)
def add_endpoint_to_project(call: Call, project_id: str, endpoint_id: str) -> None:
    call.enforce()
    logic.add_endpoint(call.db, *named(call, project_id, endpoint_id))


@routes.delete(ONE, rule=REMOVE)
def remove_endpoint_from_project(call: Call, project_id: str, endpoint_id: str) -> None:
    call.enforce()
    logic.remove_endpoint(call.db, project_id, endpoint_id)


@routes.get("/v3/OS-EP-FILTER/projects/{project_id}/endpoints", rule=LIST_ENDPOINTS, wraps="endpoints")
def list_endpoints_of_project(call: Call, project_id: str) -> Listed[endpoints_api.View]:
    call.enforce()
    page = call.page()
    found = logic.endpoints_of(call.db, page, projects.get(call.db, project_id))
    return listed(page, found, lambda endpoint: endpoints_api.view(call, endpoint), lambda endpoint: endpoint.id)


@routes.get("/v3/OS-EP-FILTER/endpoints/{endpoint_id}/projects", rule=LIST_PROJECTS, wraps="projects")
def list_projects_of_endpoint(call: Call, endpoint_id: str) -> Listed[projects_api.View]:
    call.enforce()
    page = call.page()
    found = logic.projects_of_endpoint(call.db, page, endpoints.get(call.db, endpoint_id))
    following = listed(page, found, id, lambda project: project.id).next_marker
    return Listed(items=projects_api.views(call, found), next_marker=following)
