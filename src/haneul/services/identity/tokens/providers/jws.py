"""Tokens that anybody with the public key can read and nobody can forge: JSON Web Signatures with ES256.

The claims' names are Keystone's, so that its JWS tokens and ours look alike.
"""

from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.types import Options

from haneul.host.disk import durable
from haneul.services.identity.keys.ring import settled, stamp_of
from haneul.services.identity.tokens.models import Payload, ScopeKind
from haneul.services.identity.tokens.providers.base import TOKEN_MOST

ALGORITHM = "ES256"
PRIVATE, PUBLIC = "private.pem", "public"
SCOPE_CLAIMS: dict[ScopeKind, str] = {
    "project": "openstack_project_id",
    "domain": "openstack_domain_id",
    "system": "openstack_system",
}


class SignedTokens:
    """Tokens signed by the repository's private key; those by any of its public keys are believed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._private = (folder / PRIVATE).read_bytes()
        self._stamp = -1
        self._public: list[Any] = []

    def write(self, payload: Payload) -> str:
        """A token of this content."""
        claims: dict[str, Any] = {
            "sub": payload.user_id,
            "iat": payload.issued_at / 1e6,
            "exp": payload.expires_at / 1e6,
            "openstack_methods": payload.methods,
            "openstack_audit_ids": payload.audit_ids,
        }
        if payload.scope_kind:
            claims[SCOPE_CLAIMS[payload.scope_kind]] = payload.scope_id
        if payload.trust_id:
            claims["openstack_trust_id"] = payload.trust_id
        if payload.application_credential_id:
            claims["openstack_app_cred_id"] = payload.application_credential_id
        return jwt.encode(claims, self._private, algorithm=ALGORITHM)

    def read(self, token: str) -> Payload | None:
        """What the token says; None for whatever we haven't made."""
        if len(token) >= TOKEN_MOST:
            return None
        for key in self._keys():
            try:
                # Whether it is still time is asked where revocation is.
                unchecked: Options = {"verify_exp": False, "verify_iat": False}
                return _payload(jwt.decode(token, key, algorithms=[ALGORITHM], options=unchecked))
            except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
                continue
        return None

    def stamp(self) -> int:
        """What changes whenever a public key comes or goes."""
        return stamp_of(self._folder / PUBLIC)

    def _keys(self) -> list[Any]:
        stamp = self.stamp()
        if stamp != self._stamp:
            found = sorted((self._folder / PUBLIC).glob("*.pem"))
            self._public = [key for path in found for key in _usable(path)]
            self._stamp = settled(stamp)
        return self._public


def _usable(path: Path) -> list[Any]:
    """The key in a file; none in one that has just gone, or that is being copied and is not whole yet."""
    try:
        return [serialization.load_pem_public_key(path.read_bytes())]
    except (FileNotFoundError, ValueError, UnsupportedAlgorithm):
        return []


def _payload(claims: dict[str, Any]) -> Payload:
    scopes = [(kind, claims[name]) for kind, name in SCOPE_CLAIMS.items() if name in claims]
    none: tuple[ScopeKind, str] = ("", "")
    kind, scope_id = scopes[0] if scopes else none
    return Payload(
        claims["sub"],
        tuple(claims["openstack_methods"]),
        kind,
        scope_id,
        round(claims["iat"] * 1e6),
        round(claims["exp"] * 1e6),
        tuple(claims["openstack_audit_ids"]),
        claims.get("openstack_trust_id", ""),
        claims.get("openstack_app_cred_id", ""),
    )


def set_up_key_pair(folder: Path) -> None:
    """Make a key pair where there is none; the public half first, so that no token is ever signed without it."""
    if (folder / PRIVATE).exists():
        return
    (folder / PUBLIC).mkdir(parents=True, exist_ok=True, mode=0o700)
    private, public = new_key_pair()
    durable.write(folder / PUBLIC / "public.pem", public)
    durable.write(folder / PRIVATE, private)


def new_key_pair() -> tuple[bytes, bytes]:
    """A private key that signs tokens and the public one that reads them, both as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return private, key.public_key().public_bytes(serialization.Encoding.PEM, form)
