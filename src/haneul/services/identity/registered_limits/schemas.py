from typing import Annotated

from haneul.kernel.schema import UNSET, Meta, OpenBody, StrictBody, UnsetType, Uuid, View
from haneul.services.identity.registered_limits.models import RegisteredLimit
from haneul.services.identity.schemas import Links, Name255, link

RegionId = Annotated[str, Meta(min_length=1, max_length=255)]
Note = Annotated[str, Meta(max_length=255)]
Most = Annotated[int, Meta(ge=-1, le=0x7FFFFFFF)]


class RegisteredLimitCreate(StrictBody):
    service_id: Uuid
    resource_name: Name255
    default_limit: Most
    region_id: RegionId | None = None
    description: Note | None = None


class RegisteredLimitUpdate(StrictBody):
    service_id: Uuid | UnsetType = UNSET
    resource_name: Name255 | UnsetType = UNSET
    default_limit: Most | UnsetType = UNSET
    region_id: RegionId | None | UnsetType = UNSET
    description: Note | None | UnsetType = UNSET


class RegisteredLimitQuery(OpenBody):
    service_id: Uuid | UnsetType = UNSET
    region_id: RegionId | UnsetType = UNSET
    resource_name: Name255 | UnsetType = UNSET


class RegisteredLimitView(View):
    id: str
    service_id: str
    region_id: str | None
    resource_name: str
    default_limit: int
    description: str | None
    links: Links

    @classmethod
    def of(cls, limit: RegisteredLimit, url: str) -> "RegisteredLimitView":
        """`url` is where the collection stands."""
        return cls(
            id=limit.id,
            service_id=limit.service_id,
            region_id=limit.region_id,
            resource_name=limit.resource_name,
            default_limit=limit.default_limit,
            description=limit.description,
            links=link(url, limit.id),
        )
