from typing import Annotated

from haneul.kernel.schema import UNSET, Meta, OpenBody, UnsetType, View
from haneul.services.identity.schemas import Description, Links, link
from haneul.services.identity.services.models import CatalogService

ServiceType = Annotated[str, Meta(min_length=1, max_length=255)]


class ServiceCreate(OpenBody):
    type: ServiceType
    name: ServiceType | UnsetType = UNSET
    description: Description | None = ""
    enabled: bool = True


class ServiceUpdate(OpenBody):
    type: ServiceType | UnsetType = UNSET
    name: ServiceType | UnsetType = UNSET
    description: Description | None | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class ServiceFilters(OpenBody):
    type: str | UnsetType = UNSET
    name: str | UnsetType = UNSET


class ServiceView(View):
    id: str
    type: str
    name: str
    description: str
    enabled: bool
    links: Links

    @classmethod
    def of(cls, service: CatalogService, url: str) -> "ServiceView":
        """`url` is where the collection stands."""
        return cls(
            id=service.id,
            type=service.type,
            name=service.name,
            description=service.description,
            enabled=service.enabled,
            links=link(url, service.id),
        )
