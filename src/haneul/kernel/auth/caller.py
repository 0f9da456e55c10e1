from typing import TYPE_CHECKING, Protocol

import msgspec

from haneul.kernel.auth.access_rules import AccessRule

if TYPE_CHECKING:
    from haneul.kernel.db import Db


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The credentials behind one request, as policy rules see them.

    Exactly one of `project_id`, `domain_id` and `system_scope` is set for a scoped token, none for an unscoped one.
    Role names are lower-cased; `expires_at` and `issued_at` are seconds since the epoch. `trust_id` and
    `application_credential_id` say by what delegation the caller acts; `is_restricted`: he may make no further ones.
    With `access_rules`, nothing but the calls that they name may be made.
    """

    user_id: str = ""
    user_name: str = ""
    user_domain_id: str = ""
    user_domain_name: str = ""
    project_id: str | None = None
    project_name: str | None = None
    project_domain_id: str | None = None
    project_domain_name: str | None = None
    domain_id: str | None = None
    domain_name: str | None = None
    system_scope: str | None = None
    roles: frozenset[str] = frozenset()
    audit_id: str = ""
    expires_at: float = 0.0
    issued_at: float = 0.0
    methods: tuple[str, ...] = ()
    trust_id: str = ""
    application_credential_id: str = ""
    is_restricted: bool = False
    access_rules: tuple[AccessRule, ...] | None = None

    @property
    def is_anonymous(self) -> bool:
        return not self.user_id


ANONYMOUS = Caller()


class TokenChecker(Protocol):
    """What the kernel needs of identity; `cloud.py` hands it over."""

    def known(self, token: str) -> Caller | None:
        """The caller, if it can be told at once and for certain; None sends to `look_up`."""
        ...

    def look_up(self, db: "Db", token: str) -> Caller:
        """The caller that a token stands for; Unauthorized when it is malformed, expired or revoked."""
        ...
