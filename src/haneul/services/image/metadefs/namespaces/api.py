from typing import Any
from urllib.parse import quote

import msgspec

from haneul.kernel.http import Call, Listed, Reply, Routes
from haneul.kernel.http.pages import links_of
from haneul.kernel.policy import Rule
from haneul.services.image.images.access import viewer
from haneul.services.image.metadefs import contents
from haneul.services.image.metadefs.access import ADMIN, DELETE, GET, MISSING, enforce_own, loaded
from haneul.services.image.metadefs.namespaces import logic
from haneul.services.image.metadefs.namespaces.listing import VISIBILITIES, list_, page_size
from haneul.services.image.metadefs.namespaces.schemas import NamespaceView, as_given, namespace_in
from haneul.services.image.metadefs.namespaces.views import brief, whole
from haneul.services.image.metadefs.objects import api as objects
from haneul.services.image.metadefs.paging import last, visibility_in
from haneul.services.image.metadefs.properties import api as properties
from haneul.services.image.metadefs.resource_types import rules as resource_types
from haneul.services.image.metadefs.tags import api as tags

routes = Routes()

LIST = Rule(
    "get_metadef_namespaces",
    "rule:context_is_admin or (role:reader and project_id:%(project_id)s)",
    "List the namespaces of metadata definitions.",
)
ADD = Rule("add_metadef_namespace", ADMIN, "Create a namespace of metadata definitions.")
MODIFY = Rule("modify_metadef_namespace", ADMIN, "Change a namespace.")
ADD_HELD = {
    "resource_type_associations": resource_types.ADD,
    "objects": objects.ADD,
    "properties": properties.ADD,
    "tags": tags.ADD,
}
GET_HELD = (resource_types.LIST, objects.LIST, properties.LIST, tags.LIST)
COLLECTION = "/v2/metadefs/namespaces"
ONE = COLLECTION + "/{namespace_name}"


@routes.post(COLLECTION, rule=ADD)
def create_namespace(call: Call, body: dict[str, Any]) -> Reply[NamespaceView]:
    wanted = namespace_in(body)
    enforce_own(call, *(rule for kind, rule in ADD_HELD.items() if body.get(kind)))
    contents.refuse_unholdable(wanted)
    namespace = logic.create(call.db, wanted, call.caller.project_id or "")
    contents.fill(call.db, {namespace.id: wanted})
    headers = {"Location": call.url(f"{COLLECTION}/{quote(namespace.namespace, safe=':')}")}
    view = msgspec.structs.replace(NamespaceView.of(namespace), **as_given(wanted, body))
    return Reply(view=view, headers=headers)


@routes.get(COLLECTION, rule=LIST)
def list_namespaces(call: Call) -> dict[str, Any]:
    given = call.ask.parameters
    enforce_own(call, resource_types.LIST)
    rows = list_(call.db, given, viewer(call))
    shown = [row for row in rows if call.allows(GET, row)]
    views = brief(call.db, shown)
    is_full = bool(shown) and len(rows) == page_size(given)
    page = Listed(items=views, next_marker=shown[-1].namespace if is_full else None)
    return {"namespaces": views, **links_of("image", "metadefs/namespaces", call.url(COLLECTION), given, page)}


@routes.get(ONE, rule=GET)
def get_namespace(call: Call, namespace_name: str) -> NamespaceView:
    visibility_in(call.ask.parameters, VISIBILITIES)
    namespace = loaded(call, namespace_name, missing=MISSING)
    for rule in GET_HELD:
        call.enforce(namespace, rule=rule)
    return whole(call.db, namespace, last(call.ask.parameters, "resource_type"))


@routes.put(ONE, rule=MODIFY)
def update_namespace(call: Call, namespace_name: str, body: dict[str, Any]) -> NamespaceView:
    wanted = namespace_in(body)
    namespace = loaded(call, namespace_name)
    return NamespaceView.of(logic.update(call.db, namespace, wanted, call.caller.project_id or ""))


@routes.delete(ONE, rule=DELETE)
def delete_namespace(call: Call, namespace_name: str) -> None:
    logic.delete(call.db, loaded(call, namespace_name))
