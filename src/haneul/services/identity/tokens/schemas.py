from typing import Annotated, Any

from haneul.kernel.schema import UNSET, Meta, OpenBody, UnsetType, View

Word = Annotated[str, Meta(max_length=255)]


class DomainReference(OpenBody):
    id: Word | None = None
    name: Word | None = None


class UserReference(OpenBody):
    password: Annotated[str, Meta(max_length=4096)]
    id: Word | None = None
    name: Word | None = None
    domain: DomainReference | None = None


class PasswordMethod(OpenBody):
    user: UserReference


class TokenMethod(OpenBody):
    id: Annotated[str, Meta(max_length=4096)]


class Identity(OpenBody):
    methods: Annotated[list[str], Meta(min_length=1, max_length=8)]
    password: PasswordMethod | UnsetType = UNSET
    token: TokenMethod | UnsetType = UNSET


class ProjectReference(OpenBody):
    id: Word | None = None
    name: Word | None = None
    domain: DomainReference | None = None


class SystemReference(OpenBody):
    all: bool


class Scope(OpenBody):
    project: ProjectReference | UnsetType = UNSET
    domain: DomainReference | UnsetType = UNSET
    system: SystemReference | UnsetType = UNSET


class Auth(OpenBody):
    identity: Identity
    scope: Scope | str | UnsetType = UNSET


class TokenQuery(OpenBody):
    nocatalog: str | UnsetType = UNSET


class TokenView(View):
    """A token's document, as validated. Source: Identity API v3, "Authentication and token management"."""

    methods: list[str]
    user: dict[str, Any]
    audit_ids: list[str]
    expires_at: str
    issued_at: str
    project: dict[str, Any] | UnsetType = UNSET
    is_domain: bool | UnsetType = UNSET
    domain: dict[str, Any] | UnsetType = UNSET
    system: dict[str, Any] | UnsetType = UNSET
    roles: list[dict[str, Any]] | UnsetType = UNSET
    catalog: list[dict[str, Any]] | UnsetType = UNSET
