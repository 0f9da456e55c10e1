"""Signatures of EC2 requests, versions 0, 1, 2 and 4. Source: AWS General Reference, "Signing AWS API requests"."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from haneul.kernel.errors import Unauthorized
from haneul.services.identity.ec2.schemas import Scalar, SignedRequest

INVALID = "Invalid EC2 signature."
V4 = "AWS4-HMAC-SHA256"
# Boto before 2.9.3 signs the host without its port.
SIGNS_NO_PORT = re.compile(r"Boto/2\.[0-9]\.[0-2]")


def refuse_forged(secret: str, request: SignedRequest) -> None:
    """Unauthorized unless the signature is that of the request, or of it without its port, as some clients sign."""
    if not request.signature:
        raise Unauthorized("EC2 signature not supplied.")
    host = request.host or ""
    if is_same(request.signature, signature_of(secret, request, host)):
        return
    if ":" in host and is_same(request.signature, signature_of(secret, request, _without_port(host))):
        return
    raise Unauthorized(INVALID)


def is_same(given: str, known: str) -> bool:
    """Whether two signatures are equal, in a time that tells nothing of where they differ."""
    return hmac.compare_digest(given.encode(), known.encode())


def _without_port(host: str) -> str:
    try:
        return urlsplit("//" + host).hostname or ""
    except ValueError:
        raise Unauthorized(INVALID) from None


def signature_of(secret: str, request: SignedRequest, host: str) -> str:
    """The signature that the request must have; Unauthorized if it lacks what would be signed."""
    match version_of(request):
        case 0:
            return _digest(secret, "sha1", text(request.params, "Action") + text(request.params, "Timestamp"))
        case 1:
            pairs = sorted((request.params or {}).items(), key=lambda pair: pair[0].lower())
            return _digest(secret, "sha1", "".join(f"{name}{value}" for name, value in pairs))
        case 2:
            signed = {**(request.params or {}), "SignatureMethod": "HmacSHA256"}
            lines = (request.verb or "", host, request.path or "", canonical_query(signed))
            return _digest(secret, "sha256", "\n".join(lines))
    return _fourth(secret, request)


def version_of(request: SignedRequest) -> int:
    """Which version the request was signed by; Unauthorized if by none that there is."""
    named = (request.params or {}).get("SignatureVersion")
    if named in ("0", "1", "2"):
        return int(str(named))
    algorithm = (request.params or {}).get("X-Amz-Algorithm")
    if algorithm == V4 or str(lowered(request).get("authorization", "")).startswith(V4):
        return 4
    raise Unauthorized(INVALID)


def text(values: Mapping[str, Scalar] | None, name: str) -> str:
    """What must be there; Unauthorized if it isn't."""
    found = (values or {}).get(name)
    if not isinstance(found, str):
        raise Unauthorized(INVALID)
    return found


def lowered(request: SignedRequest) -> dict[str, Scalar]:
    """The request's headers by their names in small letters."""
    return {name.lower().strip(): value for name, value in (request.headers or {}).items()}


def canonical_query(params: Mapping[str, Scalar]) -> str:
    return "&".join(f"{quote(name, safe='')}={quote(str(params[name]), safe='')}" for name in sorted(params))


def moment_of_fourth(request: SignedRequest) -> str:
    """The moment that a signature of version 4 covers."""
    found = lowered(request).get("x-amz-date", (request.params or {}).get("X-Amz-Date"))
    if not isinstance(found, str):
        raise Unauthorized(INVALID)
    return found


def key_of_fourth(secret: str, scope: list[str]) -> bytes:
    """The key of version 4 for a date, a region and a service."""
    key = f"AWS4{secret}".encode()
    for part in (*scope, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _fourth(secret: str, request: SignedRequest) -> str:
    scope = _named(request, "Credential").split("/")[1:]
    moment = moment_of_fourth(request)
    if len(scope) < 3 or not scope[0] or not moment.startswith(scope[0]):
        raise Unauthorized(INVALID)
    digest = hashlib.sha256(_canonical_request(request).encode()).hexdigest()
    signed = "\n".join((V4, moment, "/".join(scope), digest))
    return hmac.digest(key_of_fourth(secret, scope[:3]), signed.encode(), "sha256").hex()


def _named(request: SignedRequest, name: str) -> str:
    """A part of the signature, from the header Authorization or else from the query."""
    authorization = lowered(request).get("authorization")
    if isinstance(authorization, str):
        return authorization.partition(f"{name}=")[2].split(",")[0].strip()
    return text(request.params, f"X-Amz-{name}")


def _canonical_request(request: SignedRequest) -> str:
    headers, names = lowered(request), _named(request, "SignedHeaders")
    strips_port = SIGNS_NO_PORT.match(str(headers.get("user-agent", "")))
    lines = []
    for name in names.split(";"):
        if name in headers:
            value = str(headers[name]).strip()
            lines.append(f"{name}:{value.split(':')[0] if name == 'host' and strips_port else value}")
    verb = (request.verb or "").upper()
    # What POST sends is in its body, and so in the body's hash.
    query = "" if verb == "POST" else canonical_query(request.params or {})
    return "\n".join((verb, request.path or "", query, "\n".join(lines) + "\n", names, request.body_hash or ""))


def _digest(secret: str, algorithm: str, signed: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), signed.encode(), algorithm)).decode()
