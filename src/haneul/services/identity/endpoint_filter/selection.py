"""Which endpoints a project's catalog is made of."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, literal, null, select, union_all

from haneul.kernel.db import Db, Json, Query, Row
from haneul.services.identity.endpoint_filter.models import project_endpoint_groups, project_endpoints
from haneul.services.identity.endpoint_groups.models import endpoint_groups
from haneul.services.identity.endpoints.models import endpoints


class Association(Row):
    """What a project was given: an endpoint, or where that is None, a group's filters."""

    endpoint_id: str | None
    filters: dict[str, Any]


class Candidate(Row):
    """An endpoint, by what groups' filters look at."""

    id: str
    service_id: str
    region_id: str | None
    interface: str


ASSOCIATIONS = Query(
    Association,
    union_all(  # type: ignore[arg-type]
        select(project_endpoints.c.endpoint_id, literal({}, Json()).label("filters")).where(
            project_endpoints.c.project_id == bindparam("project_id")
        ),
        select(null(), endpoint_groups.c.filters)
        .join(project_endpoint_groups, project_endpoint_groups.c.endpoint_group_id == endpoint_groups.c.id)
        .where(project_endpoint_groups.c.project_id == bindparam("project_id")),
    ),
)
CANDIDATES = Query(
    Candidate, select(endpoints.c.id, endpoints.c.service_id, endpoints.c.region_id, endpoints.c.interface)
)


def selected_for(db: Db, project_id: str) -> frozenset[str]:
    """The ids of the endpoints that the project was given, by themselves or by a group, whether enabled or not.

    None at all means that nothing is filtered: its catalog is everyone's.
    """
    given = db.all(ASSOCIATIONS, project_id=project_id)
    filters = [one.filters for one in given if one.endpoint_id is None]
    found = {one.endpoint_id for one in given if one.endpoint_id is not None}
    if filters:
        found |= {one.id for one in db.all(CANDIDATES) if any(_fits(one, wanted) for wanted in filters)}
    return frozenset(found)


def _fits(endpoint: Candidate, filters: Mapping[str, Any]) -> bool:
    return all(getattr(endpoint, name) == value for name, value in filters.items())
