from haneul.kernel.schema import UNSET, OpenBody, UnsetType, View
from haneul.services.identity.groups.models import Group
from haneul.services.identity.schemas import Description, Id, Links, Name64, link


class GroupCreate(OpenBody):
    name: Name64
    domain_id: Id | None = None
    description: Description | None = ""


class GroupUpdate(OpenBody):
    name: Name64 | UnsetType = UNSET
    domain_id: Id | UnsetType = UNSET
    description: Description | None | UnsetType = UNSET


class GroupFilters(OpenBody):
    domain_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET


class MembershipFilters(OpenBody):
    name: str | UnsetType = UNSET


class GroupView(View):
    id: str
    name: str
    domain_id: str
    description: str
    links: Links

    @classmethod
    def of(cls, group: Group, url: str) -> "GroupView":
        """`url` is where the collection stands."""
        return cls(
            id=group.id,
            name=group.name,
            domain_id=group.domain_id,
            description=group.description,
            links=link(url, group.id),
        )
