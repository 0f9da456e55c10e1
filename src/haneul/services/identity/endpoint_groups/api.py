"""`/v3/OS-EP-FILTER/endpoint_groups`: endpoints that are alike, by a name of their own."""

from haneul.kernel.db import fields
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.services.identity.catalog.bodies import refuse_empty
from haneul.services.identity.catalog.rules import admins, readers
from haneul.services.identity.endpoint_groups import logic
from haneul.services.identity.endpoint_groups.models import EndpointGroup
from haneul.services.identity.endpoint_groups.schemas import (
    EndpointGroupCreate,
    EndpointGroupQuery,
    EndpointGroupUpdate,
    EndpointGroupView,
)
from haneul.services.identity.endpoints import api as endpoints

routes = Routes()

EVERY = "/v3/OS-EP-FILTER/endpoint_groups"
ONE = "/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}"

GET = readers("get_endpoint_group", "Show an endpoint group.")
LIST = readers("list_endpoint_groups", "List endpoint groups.")
CREATE = admins("create_endpoint_group", "Create an endpoint group.")
UPDATE = admins("update_endpoint_group", "Change an endpoint group.")
DELETE = admins("delete_endpoint_group", "Delete an endpoint group.")
LIST_ENDPOINTS = readers("list_endpoints_associated_with_endpoint_group", "List the endpoints of an endpoint group.")


def view(call: Call, group: EndpointGroup) -> EndpointGroupView:
    return EndpointGroupView.of(group, call.url(EVERY))


@routes.get(EVERY, rule=LIST, wraps="endpoint_groups")
def list_endpoint_groups(call: Call, query: EndpointGroupQuery) -> Listed[EndpointGroupView]:
    call.enforce()
    page = call.page()
    found = logic.list_(call.db, page, fields(query))
    return listed(page, found, lambda group: view(call, group), lambda group: group.id)


@routes.post(EVERY, rule=CREATE, wraps="endpoint_group")
def create_endpoint_group(call: Call, body: EndpointGroupCreate) -> EndpointGroupView:
    call.enforce()
    return view(call, logic.create(call.db, body))


@routes.get(ONE, rule=GET, wraps="endpoint_group", quick=True)
def get_endpoint_group(call: Call, endpoint_group_id: str) -> EndpointGroupView:
    call.enforce()
    return view(call, logic.get(call.db, endpoint_group_id))


@routes.patch(ONE, rule=UPDATE, wraps="endpoint_group")
def update_endpoint_group(call: Call, endpoint_group_id: str, body: EndpointGroupUpdate) -> EndpointGroupView:
    call.enforce()
    refuse_empty(call)
    return view(call, logic.update(call.db, logic.get(call.db, endpoint_group_id), body))


@routes.delete(ONE, rule=DELETE)
def delete_endpoint_group(call: Call, endpoint_group_id: str) -> None:
    call.enforce()
    logic.delete(call.db, logic.get(call.db, endpoint_group_id))


@routes.get(f"{ONE}/endpoints", rule=LIST_ENDPOINTS, wraps="endpoints")
def list_endpoints_of_group(call: Call, endpoint_group_id: str) -> Listed[endpoints.View]:
    call.enforce()
    page = call.page()
    found = logic.endpoints_of(call.db, page, logic.get(call.db, endpoint_group_id))
    return listed(page, found, lambda endpoint: endpoints.view(call, endpoint), lambda endpoint: endpoint.id)
