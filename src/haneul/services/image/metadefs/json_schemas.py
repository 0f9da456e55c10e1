"""`/v2/schemas/metadefs/*`: the schemas of metadata definitions, for clients to read."""

from haneul.kernel.http import Call, Routes
from haneul.services.image.metadefs.documents import (
    ASSOCIATION,
    NAMESPACE,
    OBJECT,
    PROPERTY,
    PROPERTY_INSIDE,
    TAG,
    Document,
    collection,
)
from haneul.services.image.stores.api import ANYONE

routes = Routes()

NAMESPACES = collection("namespaces", NAMESPACE)
ASSOCIATIONS = collection("resource_type_associations", ASSOCIATION)
OBJECTS = collection("objects", OBJECT)
PROPERTIES = collection("properties", PROPERTY_INSIDE, by_name=True)
TAGS = collection("tags", TAG)


@routes.get("/v2/schemas/metadefs/namespace", rule=ANYONE, quick=True)
def show_namespace_schema(call: Call) -> Document:
    call.enforce()
    return NAMESPACE


@routes.get("/v2/schemas/metadefs/namespaces", rule=ANYONE, quick=True)
def show_namespaces_schema(call: Call) -> Document:
    call.enforce()
    return NAMESPACES


@routes.get("/v2/schemas/metadefs/resource_type", rule=ANYONE, quick=True)
def show_resource_type_schema(call: Call) -> Document:
    call.enforce()
    return ASSOCIATION


@routes.get("/v2/schemas/metadefs/resource_types", rule=ANYONE, quick=True)
def show_resource_types_schema(call: Call) -> Document:
    call.enforce()
    return ASSOCIATIONS


@routes.get("/v2/schemas/metadefs/object", rule=ANYONE, quick=True)
def show_object_schema(call: Call) -> Document:
    call.enforce()
    return OBJECT


@routes.get("/v2/schemas/metadefs/objects", rule=ANYONE, quick=True)
def show_objects_schema(call: Call) -> Document:
    call.enforce()
    return OBJECTS


@routes.get("/v2/schemas/metadefs/property", rule=ANYONE, quick=True)
def show_property_schema(call: Call) -> Document:
    call.enforce()
    return PROPERTY


@routes.get("/v2/schemas/metadefs/properties", rule=ANYONE, quick=True)
def show_properties_schema(call: Call) -> Document:
    call.enforce()
    return PROPERTIES


@routes.get("/v2/schemas/metadefs/tag", rule=ANYONE, quick=True)
def show_tag_schema(call: Call) -> Document:
    call.enforce()
    return TAG


@routes.get("/v2/schemas/metadefs/tags", rule=ANYONE, quick=True)
def show_tags_schema(call: Call) -> Document:
    call.enforce()
    return TAGS
