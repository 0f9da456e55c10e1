"""How secrets are kept: long random ones by a quick digest, chosen ones like passwords. See docs/adr/0010."""

import hashlib
import hmac
import secrets

from haneul.services.identity.users import hashing

QUICK = "sha512"
SALT_BYTES = 16
SECRET_BYTES = 64


def generated() -> str:
    """A new secret of 512 random bits, in the form that Keystone gives them: 86 characters fit for a URL."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hashed(secret: str, *, generated: bool, bcrypt_cost: int) -> str:
    """What is kept of a secret; a chosen one takes as long as a password, so do that in `users.hashing`'s pool."""
    if not generated:
        return hashing.hashed(secret, bcrypt_cost)
    salt = secrets.token_hex(SALT_BYTES)
    return f"{QUICK}${salt}${_digest(salt, secret)}"


def is_slow(kept: str) -> bool:
    """Whether checking against this takes a password's time, so that it belongs into `users.hashing`'s pool."""
    return not kept.startswith(f"{QUICK}$")


def check(secret: str, kept: str) -> bool:
    """Whether this is the secret; time tells nothing of how much of it is right.

    A slow one is checked in the passwords' pool, for which this waits: never on the event loop.
    """
    if is_slow(kept):
        return hashing.submit_check(secret, kept, 0).result()
    _, salt, digest = kept.split("$")
    return hmac.compare_digest(_digest(salt, secret), digest)


def _digest(salt: str, secret: str) -> str:
    return hashlib.sha512(f"{salt}${secret}".encode("utf-8", "surrogatepass")).hexdigest()
