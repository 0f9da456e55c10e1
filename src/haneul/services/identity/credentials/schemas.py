from typing import Annotated

from haneul.kernel.schema import UNSET, Meta, OpenBody, UnsetType, View
from haneul.services.identity.credentials.models import Credential
from haneul.services.identity.schemas import Id, Links, link

Type = Annotated[str, Meta(max_length=255)]


class CredentialCreate(OpenBody):
    blob: str
    type: Type
    user_id: Id
    project_id: Id | None = None


class CredentialUpdate(OpenBody):
    """Whose it is may only be said again as it is, as clients do that send all that they know."""

    blob: str | UnsetType = UNSET
    type: Type | UnsetType = UNSET
    user_id: Id | UnsetType = UNSET
    project_id: Id | None | UnsetType = UNSET


class CredentialFilters(OpenBody):
    user_id: str | UnsetType = UNSET
    type: str | UnsetType = UNSET


class CredentialView(View):
    id: str
    user_id: str
    project_id: str | None
    type: str
    blob: str
    links: Links

    @classmethod
    def of(cls, credential: Credential, blob: str, url: str) -> "CredentialView":
        """`blob` is the secret as its owner wrote it, `url` where the collection stands."""
        return cls(
            id=credential.id,
            user_id=credential.user_id,
            project_id=credential.project_id,
            type=credential.type,
            blob=blob,
            links=link(url, credential.id),
        )
