from typing import Any

from haneul.kernel.db import fields
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.services.identity.catalog.bodies import changed_extras
from haneul.services.identity.catalog.rules import admins, readers
from haneul.services.identity.extras import extras, with_extras
from haneul.services.identity.services import logic
from haneul.services.identity.services.models import CatalogService
from haneul.services.identity.services.schemas import ServiceCreate, ServiceFilters, ServiceUpdate, ServiceView

routes = Routes()

GET = readers("get_service", "Show a service.")
LIST = readers("list_services", "List services.")
CREATE = admins("create_service", "Create a service.")
UPDATE = admins("update_service", "Change a service.")
DELETE = admins("delete_service", "Delete a service.")

View = ServiceView | dict[str, Any]


def view(call: Call, service: CatalogService) -> View:
    return with_extras(ServiceView.of(service, call.url("/v3/services")), service.extra)


@routes.get("/v3/services", rule=LIST, wraps="services")
def list_services(call: Call, query: ServiceFilters) -> Listed[View]:
    call.enforce()
    page = call.page()
    found = logic.list_(call.db, page, fields(query))
    return listed(page, found, lambda service: view(call, service), lambda service: service.id)


@routes.post("/v3/services", rule=CREATE, wraps="service")
def create_service(call: Call, body: ServiceCreate) -> View:
    call.enforce()
    return view(call, logic.create(call.db, body, extras(call, body)))


@routes.get("/v3/services/{service_id}", rule=GET, wraps="service", quick=True)
def get_service(call: Call, service_id: str) -> View:
    call.enforce()
    return view(call, logic.get(call.db, service_id))


@routes.patch("/v3/services/{service_id}", rule=UPDATE, wraps="service")
def update_service(call: Call, service_id: str, body: ServiceUpdate) -> View:
    call.enforce()
    service = logic.get(call.db, service_id)
    return view(call, logic.update(call.db, service, body, changed_extras(call, body, service_id)))


@routes.delete("/v3/services/{service_id}", rule=DELETE)
def delete_service(call: Call, service_id: str) -> None:
    call.enforce()
    logic.delete(call.db, logic.get(call.db, service_id))
