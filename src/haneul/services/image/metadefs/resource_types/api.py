from typing import Any

from haneul.kernel.http import Call, Routes
from haneul.services.image.metadefs.access import enforce_own, loaded
from haneul.services.image.metadefs.resource_types import logic
from haneul.services.image.metadefs.resource_types.rules import ADD, GET, LIST, REMOVE
from haneul.services.image.metadefs.resource_types.schemas import (
    AssociationView,
    ResourceTypeView,
    association_in,
)

routes = Routes()

COLLECTION = "/v2/metadefs/namespaces/{namespace_name}/resource_types"


@routes.get("/v2/metadefs/resource_types", rule=LIST)
def list_resource_types(call: Call) -> dict[str, Any]:
    enforce_own(call)
    return {"resource_types": [ResourceTypeView.of(one) for one in logic.list_(call.db)]}


@routes.get(COLLECTION, rule=LIST, quick=True)
def list_associations(call: Call, namespace_name: str) -> dict[str, Any]:
    namespace = loaded(call, namespace_name)
    found = logic.of_namespaces(call.db, [namespace.id]) if call.allows(GET, namespace) else {}
    return {"resource_type_associations": [AssociationView.of(one) for one in found.get(namespace.id, ())]}


@routes.post(COLLECTION, rule=ADD)
def create_association(call: Call, namespace_name: str, body: dict[str, Any]) -> AssociationView:
    wanted = association_in(body)
    return AssociationView.of(logic.associate(call.db, loaded(call, namespace_name), wanted))


@routes.delete(COLLECTION + "/{resource_type}", rule=REMOVE)
def delete_association(call: Call, namespace_name: str, resource_type: str) -> None:
    logic.dissociate(call.db, loaded(call, namespace_name), resource_type)
