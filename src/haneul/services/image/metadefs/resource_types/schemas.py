from collections.abc import Mapping
from typing import Any

from haneul.kernel.clock import iso_seconds
from haneul.kernel.schema import UNSET, UnsetType, View
from haneul.services.image.metadefs.definitions import AssociationDefinition, converted, refuse_ours
from haneul.services.image.metadefs.documents import ASSOCIATION
from haneul.services.image.metadefs.fitting import refuse_unfit
from haneul.services.image.metadefs.resource_types.models import Association, ResourceType


class ResourceTypeView(View):
    name: str
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, found: ResourceType) -> "ResourceTypeView":
        return cls(name=found.name, created_at=iso_seconds(found.created_at), updated_at=iso_seconds(found.updated_at))


class AssociationView(View):
    name: str
    created_at: str
    updated_at: str
    prefix: str | UnsetType = UNSET
    properties_target: str | UnsetType = UNSET

    @classmethod
    def of(cls, found: Association) -> "AssociationView":
        return cls(
            name=found.name,
            prefix=UNSET if found.prefix is None else found.prefix,
            properties_target=UNSET if found.properties_target is None else found.properties_target,
            created_at=iso_seconds(found.created_at),
            updated_at=iso_seconds(found.updated_at),
        )


def association_in(body: Mapping[str, Any]) -> AssociationDefinition:
    """The association that a body describes."""
    refuse_ours(body, "created_at", "updated_at")
    refuse_unfit(ASSOCIATION, body)
    wanted: AssociationDefinition = converted("resource_type_association", body, AssociationDefinition)
    return wanted
