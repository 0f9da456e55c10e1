"""Which endpoints, and groups of them, projects were given. What changes here changes catalogs at once."""

from sqlalchemy import ColumnElement, Select, bindparam, select

from haneul.kernel.db import Db, by, unique
from haneul.kernel.db.listing import Clause, Page
from haneul.kernel.errors import NotFound
from haneul.services.identity.audit.logic import record
from haneul.services.identity.endpoint_filter.models import (
    ProjectEndpoint,
    ProjectEndpointGroup,
    project_endpoint_groups,
    project_endpoints,
)
from haneul.services.identity.endpoint_filter.selection import selected_for
from haneul.services.identity.endpoint_groups import logic as groups
from haneul.services.identity.endpoint_groups.models import EndpointGroup, endpoint_groups
from haneul.services.identity.endpoints import logic as endpoints
from haneul.services.identity.endpoints.models import Endpoint
from haneul.services.identity.epoch import bump
from haneul.services.identity.projects.logic import LISTING as PROJECTS
from haneul.services.identity.projects.models import Project, projects

ENDPOINT_OF_PROJECT = by(ProjectEndpoint, project_endpoints, "project_id", "endpoint_id")
GROUP_OF_PROJECT = by(ProjectEndpointGroup, project_endpoint_groups, "project_id", "endpoint_group_id")
GIVEN_ENDPOINT = select(project_endpoints.c.project_id).where(
    project_endpoints.c.endpoint_id == bindparam("endpoint_id")
)
GIVEN_GROUP = select(project_endpoint_groups.c.project_id).where(
    project_endpoint_groups.c.endpoint_group_id == bindparam("endpoint_group_id")
)
GROUPS_GIVEN = select(project_endpoint_groups.c.endpoint_group_id).where(
    project_endpoint_groups.c.project_id == bindparam("project_id")
)
DUPLICATE = "Conflict occurred attempting to store {what} - Duplicate entry."


def refuse_other(db: Db, project: Project, endpoint: Endpoint) -> None:
    """NotFound unless the project was given the endpoint itself."""
    if db.one(ENDPOINT_OF_PROJECT, project_id=project.id, endpoint_id=endpoint.id) is None:
        raise _no_endpoint(endpoint.id, project.id)


def _no_endpoint(endpoint_id: str, project_id: str) -> NotFound:
    return NotFound(
        "Endpoint {endpoint_id} not found in project {project_id}", endpoint_id=endpoint_id, project_id=project_id
    )


def add_endpoint(db: Db, project: Project, endpoint: Endpoint) -> None:
    """Give a project an endpoint; Conflict if it has it."""
    bump(db)
    with unique(DUPLICATE, what="project_endpoint"):
        db.insert(project_endpoints, ProjectEndpoint(project.id, endpoint.id))
    record(db, "endpoint", "added", endpoint.id, domain_id=project.owner_id, project_id=project.id)


def remove_endpoint(db: Db, project_id: str, endpoint_id: str) -> None:
    """Take an endpoint from a project; NotFound if the project was not given it."""
    bump(db)
    if not db.delete(project_endpoints, project_id=project_id, endpoint_id=endpoint_id):
        raise _no_endpoint(endpoint_id, project_id)
    record(db, "endpoint", "removed", endpoint_id, project_id=project_id)


def endpoints_of(db: Db, page: Page, project: Project) -> list[Endpoint]:
    """The endpoints that a project was given, by themselves or by a group."""
    return endpoints.list_(db, page, {"id": sorted(selected_for(db, project.id))})


def projects_of_endpoint(db: Db, page: Page, endpoint: Endpoint) -> list[Project]:
    """The projects that were given the endpoint itself."""
    among = Clause("endpoint", lambda: _among(projects.c.id, GIVEN_ENDPOINT), {"endpoint_id": endpoint.id})
    return PROJECTS.page(db, page, {}, [among])


def given_group(db: Db, project: Project, group: EndpointGroup) -> ProjectEndpointGroup:
    """That a project was given the endpoint group; NotFound if it was not."""
    found = db.one(GROUP_OF_PROJECT, project_id=project.id, endpoint_group_id=group.id)
    if found is None:
        raise _no_group()
    return found


def _no_group() -> NotFound:
    return NotFound("Endpoint Group Project Association not found")


def add_group(db: Db, project: Project, group: EndpointGroup) -> None:
    """Give a project an endpoint group; Conflict if it has it."""
    bump(db)
    with unique(DUPLICATE, what="project_endpoint_group"):
        db.insert(project_endpoint_groups, ProjectEndpointGroup(project.id, group.id))
    record(db, "endpoint_group", "added", group.id, domain_id=project.owner_id, project_id=project.id)


def remove_group(db: Db, project: Project, group: EndpointGroup) -> None:
    """Take an endpoint group from a project; NotFound if the project was not given it."""
    bump(db)
    if not db.delete(project_endpoint_groups, project_id=project.id, endpoint_group_id=group.id):
        raise _no_group()
    record(db, "endpoint_group", "removed", group.id, domain_id=project.owner_id, project_id=project.id)


def groups_of(db: Db, page: Page, project: Project) -> list[EndpointGroup]:
    """The endpoint groups that a project was given."""
    among = Clause("project", lambda: _among(endpoint_groups.c.id, GROUPS_GIVEN), {"project_id": project.id})
    return groups.list_(db, page, {}, [among])


def projects_of_group(db: Db, page: Page, group: EndpointGroup) -> list[Project]:
    """The projects that were given the endpoint group."""
    among = Clause("endpoint group", lambda: _among(projects.c.id, GIVEN_GROUP), {"endpoint_group_id": group.id})
    return PROJECTS.page(db, page, {}, [among])


def _among(column: ColumnElement[str], ids: Select[tuple[str]]) -> ColumnElement[bool]:
    return column.in_(ids)
