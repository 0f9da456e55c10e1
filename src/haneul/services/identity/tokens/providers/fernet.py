import base64
import re
from typing import get_args

import msgspec

from haneul.services.identity.keys.ring import KeyRing, stamp_of
from haneul.services.identity.tokens.models import Payload, ScopeKind
from haneul.services.identity.tokens.providers.base import TOKEN_MOST

# Their places are what tokens hold: new ones come at the end.
METHODS = ("password", "token", "totp", "application_credential", "ec2credential")
KINDS: tuple[ScopeKind, ...] = get_args(ScopeKind)
HEX_ID = re.compile(r"[0-9a-f]{32}")
AUDIT_ID = re.compile(r"[\w-]{21}[AQgw]", re.ASCII)

# What stands before an id that is written as bytes, and before one that is written as text.
AS_BYTES, AS_TEXT = b"\0", b"\1"


class Written(msgspec.Struct, frozen=True, array_like=True):
    """A payload as short as it can be: clients and their databases expect fernet tokens of less than 255 characters."""

    user_id: bytes
    methods: tuple[int | str, ...]
    kind: int
    scope_id: bytes
    issued_at: int
    expires_at: int
    audit_ids: tuple[bytes, ...]
    trust_id: bytes = b""
    application_credential_id: bytes = b""


class FernetTokens:
    """Tokens encrypted by the key repository's primary key."""

    def __init__(self, keys: KeyRing) -> None:
        self.keys = keys

    def write(self, payload: Payload) -> str:
        """A token of this content."""
        return self.keys.encrypt(msgspec.msgpack.encode(_packed(payload)))

    def read(self, token: str) -> Payload | None:
        """What the token says; None for whatever we haven't made."""
        raw = self.keys.decrypt(token) if len(token) < TOKEN_MOST else None
        try:
            return _unpacked(msgspec.msgpack.decode(raw, type=Written)) if raw else None
        except (msgspec.DecodeError, IndexError, UnicodeDecodeError):
            return None

    def stamp(self) -> int:
        """What changes whenever a key comes or goes."""
        return stamp_of(self.keys.folder)


def _packed(payload: Payload) -> Written:
    return Written(
        _short(payload.user_id),
        tuple(METHODS.index(one) if one in METHODS else one for one in payload.methods),
        KINDS.index(payload.scope_kind),
        _short(payload.scope_id),
        payload.issued_at,
        payload.expires_at,
        tuple(_short_audit(one) for one in payload.audit_ids),
        _short(payload.trust_id),
        _short(payload.application_credential_id),
    )


def _unpacked(written: Written) -> Payload:
    return Payload(
        _long(written.user_id),
        tuple(METHODS[one] if isinstance(one, int) else one for one in written.methods),
        KINDS[written.kind],
        _long(written.scope_id),
        written.issued_at,
        written.expires_at,
        tuple(_long_audit(one) for one in written.audit_ids),
        _long(written.trust_id),
        _long(written.application_credential_id),
    )


def _short(own_id: str) -> bytes:
    if not own_id:
        return b""
    return AS_BYTES + bytes.fromhex(own_id) if HEX_ID.fullmatch(own_id) else AS_TEXT + own_id.encode()


def _long(written: bytes) -> str:
    return written[1:].hex() if written.startswith(AS_BYTES) else written[1:].decode()


def _short_audit(audit_id: str) -> bytes:
    is_ours = AUDIT_ID.fullmatch(audit_id) is not None
    return AS_BYTES + base64.urlsafe_b64decode(audit_id + "==") if is_ours else AS_TEXT + audit_id.encode()


def _long_audit(written: bytes) -> str:
    if written.startswith(AS_BYTES):
        return base64.urlsafe_b64encode(written[1:]).decode().rstrip("=")
    return written[1:].decode()
