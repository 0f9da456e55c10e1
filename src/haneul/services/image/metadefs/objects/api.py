from typing import Any

from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.image.metadefs.access import ADMIN, DELETE, MISSING, READER, loaded
from haneul.services.image.metadefs.namespaces.logic import refuse_protected
from haneul.services.image.metadefs.objects import logic
from haneul.services.image.metadefs.objects.schemas import ObjectView, object_in
from haneul.services.image.metadefs.paging import refuse_odd_page

routes = Routes()

GET = Rule("get_metadef_object", READER, "Show an object of a namespace.")
LIST = Rule("get_metadef_objects", READER, "List the objects of a namespace.")
ADD = Rule("add_metadef_object", ADMIN, "Add an object to a namespace.")
MODIFY = Rule("modify_metadef_object", ADMIN, "Change an object of a namespace.")
REMOVE = Rule("delete_metadef_object", ADMIN, "Delete an object of a namespace.")
COLLECTION = "/v2/metadefs/namespaces/{namespace_name}/objects"
ONE = COLLECTION + "/{object_name}"


@routes.post(COLLECTION, rule=ADD)
def create_object(call: Call, namespace_name: str, body: dict[str, Any]) -> ObjectView:
    wanted = object_in(body, is_new=True)
    namespace = loaded(call, namespace_name, missing=MISSING)
    return ObjectView.of(namespace_name, logic.create(call.db, namespace, wanted), shown=body)


@routes.get(COLLECTION, rule=LIST)
def list_objects(call: Call, namespace_name: str) -> dict[str, Any]:
    refuse_odd_page(call.ask.parameters, least=1)
    namespace = loaded(call, namespace_name, missing=MISSING)
    found = logic.list_(call.db, namespace) if call.allows(GET, namespace) else []
    # Glance itself forgets this link's first slash.
    return {"objects": [ObjectView.of(namespace_name, one) for one in found], "schema": "v2/schemas/metadefs/objects"}


@routes.delete(COLLECTION, rule=DELETE)
def delete_objects(call: Call, namespace_name: str) -> None:
    namespace = loaded(call, namespace_name)
    refuse_protected(namespace)
    logic.delete_all(call.db, namespace)


@routes.get(ONE, rule=GET, quick=True)
def get_object(call: Call, namespace_name: str, object_name: str) -> ObjectView:
    namespace = loaded(call, namespace_name, missing=MISSING)
    return ObjectView.of(namespace_name, logic.get(call.db, namespace, object_name))


@routes.put(ONE, rule=MODIFY)
def update_object(call: Call, namespace_name: str, object_name: str, body: dict[str, Any]) -> ObjectView:
    wanted = object_in(body, is_new=False)
    namespace = loaded(call, namespace_name, missing=MISSING)
    return ObjectView.of(namespace_name, logic.update(call.db, namespace, object_name, wanted), shown=body)


@routes.delete(ONE, rule=REMOVE)
def delete_object(call: Call, namespace_name: str, object_name: str) -> None:
    logic.delete(call.db, loaded(call, namespace_name, missing=MISSING), object_name)
