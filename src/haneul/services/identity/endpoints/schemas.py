from typing import Annotated, Literal

from haneul.kernel.schema import UNSET, Meta, OpenBody, UnsetType, View
from haneul.services.identity.endpoints.models import Endpoint
from haneul.services.identity.schemas import Links, link

Interface = Literal["admin", "internal", "public"]
Url = Annotated[str, Meta(max_length=225, pattern=r"^[a-zA-Z0-9+.-]+:.+")]
RegionName = Annotated[str, Meta(min_length=1, max_length=255)]


class EndpointCreate(OpenBody):
    """`region` is the older name of `region_id`; a region that is named by it is made if it isn't there."""

    service_id: str
    interface: Interface
    url: Url
    region_id: RegionName | None = None
    region: RegionName | None = None
    enabled: bool = True
    name: str | UnsetType = UNSET
    description: str | None | UnsetType = UNSET


class EndpointUpdate(OpenBody):
    service_id: str | UnsetType = UNSET
    interface: Interface | UnsetType = UNSET
    url: Url | UnsetType = UNSET
    region_id: RegionName | None | UnsetType = UNSET
    region: RegionName | None | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    name: str | UnsetType = UNSET
    description: str | None | UnsetType = UNSET


class EndpointFilters(OpenBody):
    service_id: str | UnsetType = UNSET
    interface: Interface | UnsetType = UNSET
    region_id: str | UnsetType = UNSET


class EndpointView(View):
    id: str
    service_id: str
    interface: str
    region_id: str | None
    region: str | None
    url: str
    enabled: bool
    links: Links

    @classmethod
    def of(cls, endpoint: Endpoint, url: str) -> "EndpointView":
        """`url` is where the collection stands."""
        return cls(
            id=endpoint.id,
            service_id=endpoint.service_id,
            interface=endpoint.interface,
            region_id=endpoint.region_id,
            region=endpoint.region_id,
            url=endpoint.url,
            enabled=endpoint.enabled,
            links=link(url, endpoint.id),
        )
