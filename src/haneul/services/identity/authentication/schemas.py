"""The body of `POST /v3/auth/tokens`. Source: Identity API v3, "Authentication and token management"."""

from typing import Annotated, Any

import msgspec

from haneul.kernel.schema import UNSET, Meta, OpenBody, UnsetType

Word = Annotated[str, Meta(max_length=255)]
Secret = Annotated[str, Meta(max_length=4096)]


class DomainReference(OpenBody):
    id: Word | None = None
    name: Word | None = None


class UserReference(OpenBody):
    id: Word | None = None
    name: Word | None = None
    domain: DomainReference | None = None


class PasswordUser(UserReference, kw_only=True):
    password: Secret


class PasswordMethod(OpenBody):
    user: PasswordUser


class TokenMethod(OpenBody):
    id: Secret


class PasscodeUser(UserReference, kw_only=True):
    passcode: Word


class PasscodeMethod(OpenBody):
    user: PasscodeUser


class ApplicationCredentialMethod(OpenBody):
    secret: Secret
    id: Word | None = None
    name: Word | None = None
    user: UserReference | None = None


class Identity(OpenBody):
    methods: Annotated[list[Word], Meta(min_length=1, max_length=8)]
    password: PasswordMethod | UnsetType = UNSET
    token: TokenMethod | UnsetType = UNSET
    totp: PasscodeMethod | UnsetType = UNSET
    application_credential: ApplicationCredentialMethod | UnsetType = UNSET


class ProjectReference(OpenBody):
    id: Word | None = None
    name: Word | None = None
    domain: DomainReference | None = None


class SystemReference(OpenBody):
    all: bool


class TrustReference(OpenBody):
    id: Word | None = None


class Scope(OpenBody):
    """`unscoped` is what old clients send for the text "unscoped"."""

    project: ProjectReference | UnsetType = UNSET
    domain: DomainReference | UnsetType = UNSET
    system: SystemReference | UnsetType = UNSET
    trust: TrustReference | UnsetType = msgspec.field(default=UNSET, name="OS-TRUST:trust")
    unscoped: dict[str, Any] | UnsetType = UNSET


class Auth(OpenBody):
    identity: Identity
    scope: Scope | str | UnsetType = UNSET
