"""What credentials hold: sealed in the database, and in EC2 credentials JSON whose bounds nobody but us writes."""

import hashlib
from typing import Any

import msgspec

from haneul.kernel.auth import Caller
from haneul.kernel.errors import ApiError, BadRequest
from haneul.services.identity.credentials.models import Credential
from haneul.services.identity.keys.ring import KeyRing

# Encrypted, it still fits the column of every database.
BYTES_MOST = 48_000
BOUNDS = ("trust_id", "app_cred_id", "access_token_id", "access_id")
"""What bounds an EC2 credential, as its blob names it. Source: Keystone, CVE-2020-12689 and CVE-2020-12691."""


class Pair(msgspec.Struct, frozen=True):
    """EC2's access key and secret."""

    access: str
    secret: str


def sealed(keys: KeyRing, blob: str) -> tuple[str, str]:
    """The blob encrypted, and the hash that names the key; BadRequest if it is too long."""
    written = blob.encode()
    if len(written) > BYTES_MOST:
        raise BadRequest("The blob of a credential is at most {most} bytes long.", most=BYTES_MOST)
    return keys.encrypt_named(written)


def opened(keys: KeyRing, credential: Credential) -> str:
    """The blob as it was written; an error that is the cloud's own if none of its keys opens it."""
    written = keys.decrypt(credential.encrypted_blob)
    if written is None:
        raise ApiError("Credential could not be decrypted. Please contact the administrator.")
    return written.decode()


def ec2_content(blob: str) -> dict[str, Any]:
    """An EC2 credential's blob, read; BadRequest if it isn't an object with an access key and a secret."""
    try:
        found = msgspec.json.decode(blob)
    except (msgspec.DecodeError, RecursionError):
        raise BadRequest("Invalid blob in credential") from None
    if not isinstance(found, dict) or not found:
        raise _lacking("blob")
    for name in ("access", "secret"):
        if not isinstance(found.get(name), str) or not found[name]:
            raise _lacking(name)
    return found


def pair_of(blob: str) -> Pair:
    """The keys in an EC2 credential's blob."""
    content = ec2_content(blob)
    return Pair(content["access"], content["secret"])


def bounded(blob: str, content: dict[str, Any], caller: Caller) -> str:
    """A new EC2 credential's blob with the delegation by which its maker acts; BadRequest if it claims another."""
    own = {"trust_id": caller.trust_id, "app_cred_id": caller.application_credential_id}
    for name in BOUNDS:
        if content.get(name) not in (None, own.get(name)):
            raise BadRequest("{name} can not be chosen for credential", name=name)
    by = {name: value for name, value in own.items() if value}
    return msgspec.json.encode({**content, **by}).decode() if by else blob


def refuse_other_bounds(before: str, after: dict[str, Any]) -> None:
    """BadRequest if an EC2 credential would leave the bounds within which it was made."""
    kept = ec2_content(before)
    for name in BOUNDS:
        if kept.get(name) != after.get(name):
            raise BadRequest("{name} can not be updated for credential", name=name)


def id_of_access(access: str) -> str:
    """The id of the EC2 credential with this access key: who knows it finds it without looking into any blob."""
    return hashlib.sha256(access.encode()).hexdigest()


def _lacking(attribute: str) -> BadRequest:
    return BadRequest(
        "Expecting to find {attribute} in credential. The server could not comply with the request since it is either "
        "malformed or otherwise incorrect. The client is assumed to be in error.",
        attribute=attribute,
    )
