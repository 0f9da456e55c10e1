from typing import Any

from haneul.kernel.schema import UNSET, OpenBody, StrictBody, UnsetType, View
from haneul.services.identity.endpoint_groups.models import EndpointGroup
from haneul.services.identity.endpoints.schemas import Interface
from haneul.services.identity.schemas import Description, Links, Name255, link


class GroupFilters(StrictBody):
    """By which attributes a group takes endpoints; a null region takes those that stand in none."""

    service_id: str | UnsetType = UNSET
    region_id: str | None | UnsetType = UNSET
    interface: Interface | UnsetType = UNSET


class EndpointGroupCreate(StrictBody):
    name: Name255
    filters: GroupFilters
    description: Description | None = None


class EndpointGroupUpdate(StrictBody):
    """A null name or null filters stay as they were: the `openstack` client sends them for what it wasn't told."""

    name: Name255 | None | UnsetType = UNSET
    filters: GroupFilters | None | UnsetType = UNSET
    description: Description | None | UnsetType = UNSET


class EndpointGroupQuery(OpenBody):
    name: str | UnsetType = UNSET


class EndpointGroupView(View):
    id: str
    name: str
    description: str | None
    filters: dict[str, Any]
    links: Links

    @classmethod
    def of(cls, group: EndpointGroup, url: str) -> "EndpointGroupView":
        """`url` is where the collection stands."""
        return cls(
            id=group.id,
            name=group.name,
            description=group.description,
            filters=group.filters,
            links=link(url, group.id),
        )
