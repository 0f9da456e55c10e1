"""Tokens as they are issued, validated and revoked.

What one stands for is worked out from the rows each time: a changed role counts at once.
"""

import base64
import secrets
import time

import msgspec

from haneul.kernel.clock import from_microseconds
from haneul.kernel.db import Db
from haneul.kernel.errors import NotFound, Unauthorized
from haneul.services.identity.audit.logic import record
from haneul.services.identity.revocation.logic import is_revoked, revoke_token
from haneul.services.identity.tokens.models import Payload, ScopeKind
from haneul.services.identity.tokens.providers import TokenProvider
from haneul.services.identity.tokens.standing import REFUSED, Validated

__all__ = ["REFUSED", "Grant", "payload_of", "readable", "refuse_revoked", "revoke"]

# How long after its end a token may still be asked about by services that go on with long work.
EXPIRED_WINDOW_S = 48 * 3600


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a new token shall say; moments in microseconds. `issued_at` is when the proof of who asks began: what ends
    tokens after that moment, such as a new password, ends this one too."""

    user_id: str
    methods: tuple[str, ...]
    issued_at: int
    expires_at: int
    scope_kind: ScopeKind = ""
    scope_id: str = ""
    parent_audit_id: str = ""
    trust_id: str = ""
    application_credential_id: str = ""


def payload_of(grant: Grant) -> Payload:
    """What a new token of this content holds; whether its user may have it is another matter."""
    audit_ids = (_new_audit_id(), *filter(None, (grant.parent_audit_id,)))
    return Payload(
        grant.user_id,
        grant.methods,
        grant.scope_kind,
        grant.scope_id,
        grant.issued_at,
        grant.expires_at,
        audit_ids,
        grant.trust_id,
        grant.application_credential_id,
    )


def readable(provider: TokenProvider, token: str, *, expired_too: bool = False) -> Payload:
    """What one of our tokens holds; Unauthorized if it is forged or expired, but for lately with `expired_too`."""
    payload = provider.read(token)
    if payload is None:
        raise Unauthorized(REFUSED)
    if payload.expires_at + expired_too * EXPIRED_WINDOW_S * 1_000_000 <= time.time() * 1e6:
        raise Unauthorized(REFUSED)
    return payload


def refuse_revoked(db: Db, found: Validated) -> None:
    """Unauthorized for a token that an event has ended before its time."""
    payload, caller = found.payload, found.caller
    if is_revoked(
        db,
        audit_ids=payload.audit_ids,
        # A token by a trust counts for the one who acts and for the one in whose name he does.
        user_ids=(payload.user_id, caller.user_id),
        project_id=caller.project_id,
        domain_ids=(caller.user_domain_id, caller.project_domain_id, caller.domain_id),
        trust_id=payload.trust_id,
        issued_at=from_microseconds(payload.issued_at),
    ):
        raise Unauthorized(REFUSED)


def revoke(db: Db, provider: TokenProvider, token: str) -> None:
    """The token, and no other of its chain, counts no longer. NotFound if it is none of ours."""
    payload = provider.read(token)
    if payload is None:
        raise NotFound("Could not find token.")
    revoke_token(db, payload.audit_ids[0], from_microseconds(payload.expires_at))
    project_id = payload.scope_id if payload.scope_kind == "project" else ""
    record(db, "token", "revoked", payload.audit_ids[0], project_id=project_id, of_user=payload.user_id)


def _new_audit_id() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
