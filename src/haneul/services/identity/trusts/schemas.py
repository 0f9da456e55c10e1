from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from haneul.kernel.clock import iso_microseconds
from haneul.kernel.schema import UNSET, Meta, OpenBody, StrictBody, UnsetType, View
from haneul.services.identity.schemas import Id, Links, Name255, link
from haneul.services.identity.trusts.models import Trust

UserId = Annotated[str, Meta(max_length=64)]


class RoleNamed(StrictBody):
    """A role by its id or by its name."""

    id: Id | UnsetType = UNSET
    name: Name255 | UnsetType = UNSET

    def __post_init__(self) -> None:
        if (self.id is UNSET) == (self.name is UNSET):
            raise ValueError("a role is given either by its id or by its name")


class TrustCreate(OpenBody):
    trustor_user_id: UserId
    trustee_user_id: UserId
    impersonation: bool
    project_id: Annotated[str, Meta(max_length=64)] | None = None
    roles: list[RoleNamed] = []
    expires_at: Annotated[str, Meta(max_length=64)] | None = None
    remaining_uses: Annotated[int, Meta(ge=1, le=0x7FFFFFFF)] | None = None
    allow_redelegation: bool | None = None
    redelegation_count: Annotated[int, Meta(ge=0, le=0x7FFFFFFF)] | None = None
    redelegated_trust_id: Annotated[str, Meta(max_length=64)] | None = None


class TrustFilters(OpenBody):
    trustor_user_id: str | UnsetType = UNSET
    trustee_user_id: str | UnsetType = UNSET


class PageLinks(View):
    """The links of a list that is always whole."""

    self: str
    next: None = None
    previous: None = None


class TrustView(View):
    id: str
    trustor_user_id: str
    trustee_user_id: str
    project_id: str | None
    impersonation: bool
    expires_at: str | None
    remaining_uses: int | None
    redelegated_trust_id: str | None
    redelegation_count: int
    deleted_at: str | None
    links: Links
    roles: Sequence[Any] | UnsetType = UNSET
    roles_links: PageLinks | UnsetType = UNSET

    @classmethod
    def of(cls, trust: Trust, url: str) -> "TrustView":
        """`url` is where the collection stands."""
        return cls(
            id=trust.id,
            trustor_user_id=trust.trustor_user_id,
            trustee_user_id=trust.trustee_user_id,
            project_id=trust.project_id,
            impersonation=trust.is_impersonated,
            expires_at=_shown(trust.expires_at),
            remaining_uses=trust.remaining_uses,
            redelegated_trust_id=trust.redelegated_trust_id,
            redelegation_count=trust.redelegation_count,
            deleted_at=_shown(trust.deleted_at),
            links=link(url, trust.id),
        )


class TrustRolesView(View):
    roles: Sequence[Any]
    links: PageLinks


def _shown(moment: datetime | None) -> str | None:
    return None if moment is None else iso_microseconds(moment)
