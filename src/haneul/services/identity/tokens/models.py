from typing import Literal

import msgspec

ScopeKind = Literal["", "project", "domain", "system"]


class Payload(msgspec.Struct, frozen=True):
    """What a token holds, encrypted or signed; moments in microseconds. `audit_ids`: its own, its first ancestor's."""

    user_id: str
    methods: tuple[str, ...]
    scope_kind: ScopeKind
    scope_id: str
    issued_at: int
    expires_at: int
    audit_ids: tuple[str, ...]
    trust_id: str = ""
    application_credential_id: str = ""
