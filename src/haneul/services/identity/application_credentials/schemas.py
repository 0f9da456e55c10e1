from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from haneul.kernel.clock import iso_bare
from haneul.kernel.schema import UNSET, Meta, OpenBody, StrictBody, UnsetType, View
from haneul.services.identity.application_credentials.models import ApplicationCredential, KeptRule
from haneul.services.identity.roles.models import Role
from haneul.services.identity.schemas import Description, Id, Links, Name255, Password, link

RulePath = Annotated[str, Meta(max_length=225, pattern=r"^/")]
Method = Literal["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"]


class RoleReference(StrictBody):
    """One of the two."""

    id: Id | UnsetType = UNSET
    name: Name255 | UnsetType = UNSET


class RuleWanted(OpenBody):
    """The id of a rule that the user has, or a call."""

    id: Id | UnsetType = UNSET
    service: Id | UnsetType = UNSET
    path: RulePath | UnsetType = UNSET
    method: Method | UnsetType = UNSET


class ApplicationCredentialCreate(StrictBody):
    """What makes a credential; `id`, `project_id` and `system` are passed over: clients may send what they were
    shown."""

    name: Name255
    description: Description | None = None
    secret: Password | None = None
    expires_at: str | None = None
    roles: list[RoleReference] = []
    access_rules: list[RuleWanted] = []
    unrestricted: bool | None = None
    id: str | UnsetType = UNSET
    project_id: str | UnsetType = UNSET
    system: str | None | UnsetType = UNSET


class ApplicationCredentialFilters(OpenBody):
    name: str | UnsetType = UNSET


class AccessRuleFilters(OpenBody):
    service: str | UnsetType = UNSET
    path: str | UnsetType = UNSET
    method: str | UnsetType = UNSET


class GivenRole(View):
    """A role as application credentials show it."""

    id: str
    name: str
    domain_id: str | None
    description: str | None
    options: dict[str, Any]

    @classmethod
    def of(cls, role: Role) -> "GivenRole":
        return cls(
            id=role.id,
            name=role.name,
            domain_id=role.target["domain_id"],
            description=role.description,
            options=role.options,
        )


class BoundRule(View):
    """An access rule as application credentials show it."""

    id: str
    service: str
    path: str
    method: str

    @classmethod
    def of(cls, rule: KeptRule) -> "BoundRule":
        return cls(id=rule.id, service=rule.service, path=rule.path, method=rule.method)


class AccessRuleView(BoundRule):
    links: Links


class ApplicationCredentialView(View):
    """`secret` is there in the answer to the creation and never again."""

    id: str
    name: str
    description: str | None
    user_id: str
    project_id: str
    system: None
    expires_at: str | None
    unrestricted: bool
    roles: Sequence[GivenRole]
    links: Links
    access_rules: Sequence[BoundRule] | UnsetType = UNSET
    secret: str | UnsetType = UNSET

    @classmethod
    def of(
        cls, credential: ApplicationCredential, roles: Sequence[Role], rules: Sequence[KeptRule], url: str
    ) -> "ApplicationCredentialView":
        """`url` is where the collection stands."""
        return cls(
            id=credential.id,
            name=credential.name,
            description=credential.description,
            user_id=credential.user_id,
            project_id=credential.project_id,
            system=None,
            expires_at=_written(credential.expires_at),
            unrestricted=credential.is_unrestricted,
            roles=[GivenRole.of(role) for role in roles],
            links=link(url, credential.id),
            access_rules=[BoundRule.of(rule) for rule in rules] if rules else UNSET,
        )


def _written(moment: datetime | None) -> str | None:
    # Alone among Keystone's moments this one is shown without a zone.
    return None if moment is None else iso_bare(moment)
