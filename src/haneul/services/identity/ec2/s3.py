"""Signatures of S3 requests, versions 1 and 4, over the text that the gateway says was signed.

Source: Amazon S3 API Reference, "Signing and authenticating REST requests".
"""

import base64
import binascii
import hmac
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from haneul.kernel.clock import from_microseconds
from haneul.kernel.errors import Unauthorized
from haneul.services.identity.ec2.freshness import EXPIRED, moment_in, refuse_outside
from haneul.services.identity.ec2.schemas import SignedRequest
from haneul.services.identity.ec2.signatures import INVALID, V4, is_same, key_of_fourth

SERVICES = ("s3", "iam", "sts")
MISMATCH = "Credential signature mismatch"
# A link that was signed beforehand is good for a week at most.
LINK_LIFE = timedelta(days=7)
# 9999-12-31: digits beyond are no moment.
LAST_SECOND = 253_402_300_799


def refuse_forged(secret: str, request: SignedRequest) -> None:
    """Unauthorized unless the signature is that of the text."""
    if not request.signature or not is_same(request.signature, signature_of(secret, signed_text(request))):
        raise Unauthorized(MISMATCH)


def signed_text(request: SignedRequest) -> str:
    """The text that was signed."""
    try:
        return base64.urlsafe_b64decode(request.token or "").decode()
    except (binascii.Error, ValueError):
        raise Unauthorized(INVALID) from None


def signature_of(secret: str, signed: str) -> str:
    """The signature that the text must have; Unauthorized for a text of version 4 that isn't for S3."""
    if not signed.startswith("AWS4"):
        return base64.b64encode(hmac.digest(secret.encode(), signed.encode(), "sha1")).decode()
    lines = signed.split("\n")
    scope = lines[2].split("/") if len(lines) == 4 and lines[0] == V4 else []
    if len(scope) != 4 or scope[3] != "aws4_request" or scope[2] not in SERVICES:
        raise Unauthorized(INVALID)
    return hmac.digest(key_of_fourth(secret, scope[:3]), signed.encode(), "sha256").hex()


def refuse_stale(request: SignedRequest, moment: datetime, life: timedelta) -> None:
    """Unauthorized if the signed text says that its time is over.

    Text of version 4 does not tell a link from a request, so a link's life is what bounds it.
    """
    lines = signed_text(request).split("\n")
    if lines[0] == V4:
        refuse_outside(moment_in(lines[1]), moment, behind=LINK_LIFE, ahead=life)
        return
    written = lines[3] if len(lines) > 3 else ""
    if written.isascii() and written.isdigit():
        if from_microseconds(min(int(written[:18]), LAST_SECOND) * 1_000_000) < moment:
            raise Unauthorized(EXPIRED)
        return
    sent = _date(written)
    if sent is not None:
        refuse_outside(sent, moment, behind=life, ahead=life)


def _date(written: str) -> datetime | None:
    """The header Date; None where it is empty, since the date then stands in a header of S3's own."""
    try:
        found = parsedate_to_datetime(written)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
