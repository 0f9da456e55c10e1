from haneul.kernel.schema import UNSET, OpenBody, StrictBody, UnsetType, Uuid, View
from haneul.services.identity.limits.models import Limit
from haneul.services.identity.registered_limits.schemas import Most, Note, RegionId
from haneul.services.identity.schemas import Id, Links, Name255, link


class LimitCreate(StrictBody):
    """Names a project or a domain, one of the two."""

    service_id: Uuid
    resource_name: Name255
    resource_limit: Most
    project_id: Id | None | UnsetType = UNSET
    domain_id: Id | None | UnsetType = UNSET
    region_id: RegionId | None = None
    description: Note | None = None


class LimitUpdate(StrictBody):
    resource_limit: Most | UnsetType = UNSET
    description: Note | None | UnsetType = UNSET


class LimitQuery(OpenBody):
    service_id: Uuid | UnsetType = UNSET
    region_id: RegionId | UnsetType = UNSET
    resource_name: Name255 | UnsetType = UNSET
    project_id: Id | UnsetType = UNSET
    domain_id: Id | UnsetType = UNSET


class ModelView(View):
    """How limits of parent and child projects bind each other."""

    name: str
    description: str


class LimitView(View):
    id: str
    project_id: str | None
    domain_id: str | None
    service_id: str
    region_id: str | None
    resource_name: str
    resource_limit: int
    description: str | None
    links: Links

    @classmethod
    def of(cls, limit: Limit, url: str) -> "LimitView":
        """`url` is where the collection stands."""
        return cls(
            id=limit.id,
            project_id=limit.project_id,
            domain_id=limit.domain_id,
            service_id=limit.service_id,
            region_id=limit.region_id,
            resource_name=limit.resource_name,
            resource_limit=limit.resource_limit,
            description=limit.description,
            links=link(url, limit.id),
        )
