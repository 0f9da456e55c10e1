from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from haneul.kernel.clock import iso_seconds
from haneul.kernel.schema import UNSET, UnsetType, View
from haneul.services.image.metadefs.definitions import (
    NamespaceDefinition,
    converted,
    properties_by_name,
    refuse_ours,
)
from haneul.services.image.metadefs.documents import NAMESPACE
from haneul.services.image.metadefs.fitting import refuse_unfit
from haneul.services.image.metadefs.namespaces.models import Namespace
from haneul.services.image.metadefs.objects.schemas import ObjectView
from haneul.services.image.metadefs.resource_types.schemas import AssociationView

HELD = ("resource_type_associations", "properties", "objects", "tags")


class NamespaceView(View):
    namespace: str
    visibility: str
    protected: bool
    owner: str
    created_at: str
    updated_at: str
    self: str
    display_name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    resource_type_associations: list[AssociationView] | UnsetType = UNSET
    properties: dict[str, dict[str, Any]] | UnsetType = UNSET
    objects: list[ObjectView] | UnsetType = UNSET
    tags: list[dict[str, str]] | UnsetType = UNSET
    schema: str = "/v2/schemas/metadefs/namespace"

    @classmethod
    def of(cls, found: Namespace, **held: Any) -> "NamespaceView":
        """The namespace with what it holds of each kind; a kind that it holds nothing of does not appear."""
        return cls(
            namespace=found.namespace,
            display_name=UNSET if found.display_name is None else found.display_name,
            description=UNSET if found.description is None else found.description,
            visibility=found.visibility,
            protected=found.protected,
            owner=found.project_id,
            created_at=iso_seconds(found.created_at),
            updated_at=iso_seconds(found.updated_at),
            self=f"/v2/metadefs/namespaces/{found.namespace}",
            **{kind: things for kind, things in held.items() if things},
        )


def namespace_in(body: Mapping[str, Any]) -> NamespaceDefinition:
    """The namespace that a body describes, with all that it shall hold."""
    refuse_ours(body, "self", "schema", "created_at", "updated_at")
    refuse_unfit(NAMESPACE, body)
    wanted: NamespaceDefinition = converted("namespace", body, NamespaceDefinition)
    return wanted


def as_given(wanted: NamespaceDefinition, body: Mapping[str, Any]) -> dict[str, Any]:
    """What a new namespace holds as its maker said it, which is what Glance answers him."""
    plain: dict[str, Any] = msgspec.to_builtins(wanted)
    plain["properties"] = properties_by_name(wanted.properties)
    for shown, one in zip(plain["objects"], wanted.objects, strict=True):
        if one.properties is not UNSET:
            shown["properties"] = properties_by_name(one.properties)
    return {kind: plain[kind] for kind in HELD if kind in body}


def prefixed(
    prefix: str, properties: Mapping[str, Any], objects: Sequence[ObjectView]
) -> tuple[dict[str, Any], list[ObjectView]]:
    """Properties and objects with the names that they have on a resource type."""

    def renamed(one: ObjectView) -> ObjectView:
        assert isinstance(one.properties, dict)
        assert isinstance(one.required, list)
        named = {prefix + name: value for name, value in one.properties.items()}
        return msgspec.structs.replace(one, properties=named, required=[prefix + name for name in one.required])

    return {prefix + name: value for name, value in properties.items()}, [renamed(one) for one in objects]
