"""One-time passwords by time: six digits of HMAC-SHA1 over steps of 30 seconds. Source: RFC 6238."""

import base64
import binascii
import hmac
from collections.abc import Iterable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.twofactor.totp import TOTP

DIGITS, STEP_S = 6, 30


def fits(passcode: str, secrets: Iterable[str], moment: float) -> bool:
    """Whether this is the passcode of one of the secrets (base32), now or one step ago."""
    wanted = passcode.encode()
    found = [hmac.compare_digest(code, wanted) for secret in secrets for code in _codes(secret, moment)]
    return any(found)


def _codes(secret: str, moment: float) -> list[bytes]:
    """The present code and the one before; none of a secret that is no base32 or too short to be one."""
    try:
        key = base64.b32decode(secret.strip() + "=" * (-len(secret.strip()) % 8))
        totp = TOTP(key, DIGITS, hashes.SHA1(), STEP_S)
    except (binascii.Error, ValueError):
        return []
    return [totp.generate(int(moment)), totp.generate(int(moment) - STEP_S)]
