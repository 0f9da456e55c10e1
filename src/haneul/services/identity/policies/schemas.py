from haneul.kernel.schema import UNSET, OpenBody, Text255, UnsetType, View
from haneul.services.identity.policies.models import Policy
from haneul.services.identity.schemas import Links, link


class PolicyCreate(OpenBody):
    blob: str
    type: Text255


class PolicyUpdate(OpenBody):
    blob: str | UnsetType = UNSET
    type: Text255 | UnsetType = UNSET


class PolicyFilters(OpenBody):
    type: str | UnsetType = UNSET


class PolicyView(View):
    id: str
    blob: str
    type: str
    links: Links

    @classmethod
    def of(cls, policy: Policy, url: str) -> "PolicyView":
        """`url` is where the collection stands."""
        return cls(id=policy.id, blob=policy.blob, type=policy.type, links=link(url, policy.id))
