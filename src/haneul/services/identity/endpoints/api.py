from typing import Any

from haneul.kernel.db import fields
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.services.identity.base_rules import CLOUD_WIDE
from haneul.services.identity.endpoints import logic
from haneul.services.identity.endpoints.models import Endpoint
from haneul.services.identity.endpoints.schemas import EndpointCreate, EndpointFilters, EndpointUpdate, EndpointView
from haneul.services.identity.extras import extras, with_extras

routes = Routes()

READER = "rule:admin_required or (role:reader and system_scope:all)"
GET = Rule("identity:get_endpoint", READER, "Show an endpoint.", scope_types=CLOUD_WIDE)
LIST = Rule("identity:list_endpoints", READER, "List endpoints.", scope_types=CLOUD_WIDE)
CREATE = Rule("identity:create_endpoint", "rule:admin_required", "Create an endpoint.", scope_types=CLOUD_WIDE)
UPDATE = Rule("identity:update_endpoint", "rule:admin_required", "Change an endpoint.", scope_types=CLOUD_WIDE)
DELETE = Rule("identity:delete_endpoint", "rule:admin_required", "Delete an endpoint.", scope_types=CLOUD_WIDE)

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
    return view(call, logic.update(call.db, endpoint, body, extras(call, body, own_id=endpoint_id)))


@routes.delete("/v3/endpoints/{endpoint_id}", rule=DELETE)
def delete_endpoint(call: Call, endpoint_id: str) -> None:
    call.enforce()
    logic.delete(call.db, logic.get(call.db, endpoint_id))
