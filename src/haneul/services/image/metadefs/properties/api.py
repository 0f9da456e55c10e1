from typing import Any

from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.image.metadefs.access import ADMIN, DELETE, READER, loaded
from haneul.services.image.metadefs.namespaces.logic import refuse_protected
from haneul.services.image.metadefs.paging import last
from haneul.services.image.metadefs.properties import logic
from haneul.services.image.metadefs.properties.models import Property
from haneul.services.image.metadefs.properties.schemas import property_in
from haneul.services.image.metadefs.resource_types import rules

routes = Routes()

GET = Rule("get_metadef_property", READER, "Show a property that a namespace defines.")
LIST = Rule("get_metadef_properties", READER, "List the properties that a namespace defines.")
ADD = Rule("add_metadef_property", ADMIN, "Define a property in a namespace.")
MODIFY = Rule("modify_metadef_property", ADMIN, "Change the definition of a property.")
REMOVE = Rule("remove_metadef_property", ADMIN, "Remove the definition of a property.")
COLLECTION = "/v2/metadefs/namespaces/{namespace_name}/properties"
ONE = COLLECTION + "/{property_name}"


def view(found: Property) -> dict[str, Any]:
    return {**found.definition, "name": found.name}


@routes.post(COLLECTION, rule=ADD)
def create_property(call: Call, namespace_name: str, body: dict[str, Any]) -> dict[str, Any]:
    definition = property_in(body)
    return view(logic.create(call.db, loaded(call, namespace_name), definition))


@routes.get(COLLECTION, rule=LIST)
def list_properties(call: Call, namespace_name: str) -> dict[str, Any]:
    return {"properties": logic.list_(call.db, loaded(call, namespace_name))}


@routes.delete(COLLECTION, rule=DELETE)
def delete_properties(call: Call, namespace_name: str) -> None:
    namespace = loaded(call, namespace_name)
    refuse_protected(namespace)
    logic.delete_all(call.db, namespace)


@routes.get(ONE, rule=GET, quick=True)
def get_property(call: Call, namespace_name: str, property_name: str) -> dict[str, Any]:
    namespace = loaded(call, namespace_name)
    if resource_type := last(call.ask.parameters, "resource_type"):
        call.enforce(namespace, rule=rules.GET)
        property_name = logic.bare_name(call.db, namespace, property_name, resource_type)
    return view(logic.get(call.db, namespace, property_name))


@routes.put(ONE, rule=MODIFY)
def update_property(call: Call, namespace_name: str, property_name: str, body: dict[str, Any]) -> dict[str, Any]:
    definition = property_in(body)
    return view(logic.update(call.db, loaded(call, namespace_name), property_name, definition))


@routes.delete(ONE, rule=REMOVE)
def delete_property(call: Call, namespace_name: str, property_name: str) -> None:
    logic.delete(call.db, loaded(call, namespace_name), property_name)
