from typing import Any

import msgspec

from haneul.kernel.schema import UNSET, OpenBody, UnsetType, View


class TokenQuery(OpenBody):
    nocatalog: str | UnsetType = UNSET
    allow_expired: str | UnsetType = UNSET


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
    catalog: msgspec.Raw | UnsetType = UNSET
    trust: dict[str, Any] | UnsetType = msgspec.field(default=UNSET, name="OS-TRUST:trust")
    application_credential: dict[str, Any] | UnsetType = UNSET
