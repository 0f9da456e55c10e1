import re

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Listed, Reply, Routes
from haneul.services.placement.answers import link, made, shown
from haneul.services.placement.base_rules import admin_or_service
from haneul.services.placement.resource_classes import logic
from haneul.services.placement.resource_classes.schemas import ResourceClassNamed, ResourceClassView
from haneul.services.placement.schema_words import explain_body

routes = Routes()

LIST = admin_or_service("placement:resource_classes:list", "List resource classes.")
CREATE = admin_or_service("placement:resource_classes:create", "Create a resource class.")
SHOW = admin_or_service("placement:resource_classes:show", "Show a resource class.")
UPDATE = admin_or_service("placement:resource_classes:update", "Create or rename a resource class.")
DELETE = admin_or_service("placement:resource_classes:delete", "Delete a resource class.")
BASE = "/resource_classes"


def view(call: Call, name: str) -> ResourceClassView:
    return ResourceClassView(name=name, links=[{"rel": "self", "href": link(call, f"{BASE}/{name}")}])


@routes.get(BASE, rule=LIST, wraps="resource_classes", since="1.2")
def list_resource_classes(call: Call) -> Reply[Listed[ResourceClassView]]:
    call.enforce()
    names = [*logic.STANDARD, *(one.name for one in logic.list_custom(call.db))]
    return shown(call, Listed(items=[view(call, name) for name in names]))


@routes.post(BASE, rule=CREATE, since="1.2")
def create_resource_class(call: Call, body: ResourceClassNamed) -> Reply[None]:
    call.enforce()
    return made(call, f"{BASE}/{logic.create(call.db, body.name).name}")


@routes.get("/resource_classes/{name}", rule=SHOW, since="1.2", quick=True)
def get_resource_class(call: Call, name: str) -> Reply[ResourceClassView]:
    call.enforce()
    found = logic.get(call.db, name)
    return shown(call, view(call, found.name), found.created_at)


@routes.put("/resource_classes/{name}", rule=UPDATE, since="1.2", until="1.6")
def rename_resource_class(call: Call, name: str, body: ResourceClassNamed) -> ResourceClassView:
    call.enforce()
    return view(call, logic.rename(call.db, name, body.name).name)


@routes.put("/resource_classes/{name}", rule=UPDATE, since="1.7")
def ensure_resource_class(call: Call, name: str) -> Reply[None]:
    call.enforce()
    if not re.fullmatch(r"CUSTOM_[A-Z0-9_]{1,248}", name):
        # The name is checked as a body that held it would be.
        raise BadRequest("{text}", text=_explained(name))
    return made(call, f"{BASE}/{name}", status=201 if logic.ensure(call.db, name) else 204)


def _explained(name: str) -> str:
    return explain_body(ResourceClassNamed, b'{"name": "%s"}' % name.encode(), "")


@routes.delete("/resource_classes/{name}", rule=DELETE, since="1.2")
def delete_resource_class(call: Call, name: str) -> None:
    call.enforce()
    logic.delete(call.db, name)
