from collections.abc import Collection, Mapping
from typing import Any

from haneul.kernel.clock import iso_seconds
from haneul.kernel.schema import UNSET, UnsetType, View
from haneul.services.image.metadefs.definitions import ObjectDefinition, converted, refuse_ours
from haneul.services.image.metadefs.documents import OBJECT, PROPERTY_INSIDE
from haneul.services.image.metadefs.fitting import refuse_unfit
from haneul.services.image.metadefs.objects.models import MetadefObject

ALL = ("required", "properties")


class ObjectView(View):
    name: str
    created_at: str
    updated_at: str
    self: str
    description: str | UnsetType = UNSET
    required: list[str] | UnsetType = UNSET
    properties: dict[str, dict[str, Any]] | UnsetType = UNSET
    schema: str = "/v2/schemas/metadefs/object"

    @classmethod
    def of(cls, namespace: str, found: MetadefObject, *, shown: Collection[str] = ALL) -> "ObjectView":
        """The object, of its lists those that are to be `shown`."""
        return cls(
            name=found.name,
            description=UNSET if found.description is None else found.description,
            required=found.required if "required" in shown else UNSET,
            properties=found.properties if "properties" in shown else UNSET,
            created_at=iso_seconds(found.created_at),
            updated_at=iso_seconds(found.updated_at),
            self=f"/v2/metadefs/namespaces/{namespace}/objects/{found.name}",
        )


def object_in(body: Mapping[str, Any], *, is_new: bool) -> ObjectDefinition:
    """The object that a body describes; of a new one each property is checked against the property's own schema."""
    refuse_ours(body, "self", "schema", "created_at", "updated_at")
    refuse_unfit(OBJECT, body)
    if is_new:
        for one in body.get("properties", {}).values():
            refuse_unfit(PROPERTY_INSIDE, one)
    wanted: ObjectDefinition = converted("object", body, ObjectDefinition)
    return wanted
