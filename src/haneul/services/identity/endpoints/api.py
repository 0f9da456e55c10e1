from typing import Any

from haneul.kernel.db import fields
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.services.identity.catalog.bodies import changed_extras
from haneul.services.identity.catalog.rules import admins, readers
from haneul.services.identity.endpoints import logic
from haneul.services.identity.endpoints.models import Endpoint
from haneul.services.identity.endpoints.schemas import EndpointCreate, EndpointFilters, EndpointUpdate, EndpointView
from haneul.services.identity.extras import extras, with_extras

routes = Routes()

GET = readers("get_endpoint", "Show an endpoint.")
LIST = readers("list_endpoints", "List endpoints.")
CREATE = admins("create_endpoint", "Create an endpoint.")
UPDATE = admins("update_endpoint", "Change an endpoint.")
DELETE = admins("delete_endpoint", "Delete an endpoint.")

View = EndpointView | dict[str, Any]


def view(call: Call, endpoint: Endpoint) -> View:
    return with_extras(EndpointView.of(endpoint, call.url("/v3/endpoints")), endpoint.extra)


@routes.get("/v3/endpoints", rule=LIST, wraps="endpoints")
def list_endpoints(call: Call, query: EndpointFilters) -> Listed[View]:
    call.enforce()
    page = call.page()
    found = logic.list_(call.db, page, fields(query))
    return listed(page, found, lambda endpoint: view(call, endpoint), lambda endpoint: endpoint.id)


@routes.post("/v3/endpoints", rule=CREATE, wraps="endpoint")
def create_endpoint(call: Call, body: EndpointCreate) -> View:
    call.enforce()
    return view(call, logic.create(call.db, body, extras(call, body)))


@routes.get("/v3/endpoints/{endpoint_id}", rule=GET, wraps="endpoint", quick=True)
def get_endpoint(call: Call, endpoint_id: str) -> View:
    call.enforce()
    return view(call, logic.get(call.db, endpoint_id))


@routes.patch("/v3/endpoints/{endpoint_id}", rule=UPDATE, wraps="endpoint")
def update_endpoint(call: Call, endpoint_id: str, body: EndpointUpdate) -> View:
    call.enforce()
    endpoint = logic.get(call.db, endpoint_id)
    return view(call, logic.update(call.db, endpoint, body, changed_extras(call, body, endpoint_id)))


@routes.delete("/v3/endpoints/{endpoint_id}", rule=DELETE)
def delete_endpoint(call: Call, endpoint_id: str) -> None:
    call.enforce()
    logic.delete(call.db, logic.get(call.db, endpoint_id))
