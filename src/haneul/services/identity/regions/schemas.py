from typing import Annotated

from haneul.kernel.schema import UNSET, Meta, OpenBody, Text255, UnsetType, View
from haneul.services.identity.regions.models import Region
from haneul.services.identity.schemas import Links, link

RegionId = Annotated[str, Meta(min_length=1, max_length=255)]


class RegionCreate(OpenBody):
    """Without an id, or with an empty one, the region gets one."""

    id: Text255 | None = None
    description: Text255 | None = ""
    parent_region_id: RegionId | None = None


class RegionUpdate(OpenBody):
    description: Text255 | None | UnsetType = UNSET
    parent_region_id: RegionId | None | UnsetType = UNSET


class RegionFilters(OpenBody):
    parent_region_id: str | UnsetType = UNSET


class RegionView(View):
    id: str
    description: str
    parent_region_id: str | None
    links: Links

    @classmethod
    def of(cls, region: Region, url: str) -> "RegionView":
        """`url` is where the collection stands."""
        return cls(
            id=region.id,
            description=region.description,
            parent_region_id=region.parent_region_id,
            links=link(url, region.id),
        )
