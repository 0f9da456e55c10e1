"""Verifying while the bytes come: they are hashed on their way, and the hash is held against the signature."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from haneul.kernel.errors import BadRequest
from haneul.services.image.keys import Certificates
from haneul.services.image.signatures.certificates import loaded, public_key, those_of
from haneul.services.image.signatures.chains import refuse_untrusted
from haneul.services.image.signatures.failures import MOST_SAID_CHARS, Failed, unmade
from haneul.services.image.signatures.key_types import HASHES, KEY_TYPES, KeyType

SIGNATURE, HASH_METHOD = "img_signature", "img_signature_hash_method"
KEY_TYPE, CERTIFICATE = "img_signature_key_type", "img_signature_certificate_uuid"
PROPERTIES = (SIGNATURE, HASH_METHOD, KEY_TYPE, CERTIFICATE)
FAILED = "Signature verification failed for image {id}: {reason}"


class Signed(Protocol):
    """An image that is said to be signed."""

    @property
    def id(self) -> str: ...
    @property
    def project_id(self) -> str | None: ...
    @property
    def properties(self) -> Mapping[str, str]: ...


class Verifier:
    """Holds one image's bytes against its signature: `update` takes them in their order, and then `verify` judges."""

    def __init__(self, image: Signed, certificates: Certificates, trusted_ids: Sequence[str]) -> None:
        said = image.properties
        self._image_id, self._signature = image.id, _decoded(said[SIGNATURE])
        if said[HASH_METHOD] not in HASHES:
            raise unmade(f"Invalid signature hash method: {said[HASH_METHOD][:MOST_SAID_CHARS]}")
        name, self._method = HASHES[said[HASH_METHOD]]
        self._hash = hashlib.new(name)
        self._type = _key_type(said[KEY_TYPE])
        self._key = _key(image, certificates, trusted_ids)
        if not isinstance(self._key, self._type.key):
            raise unmade(f"Invalid public key type for signature key type: {said[KEY_TYPE]}")
        if not self._signature:
            raise unmade("Error occurred while creating the verifier")

    def update(self, chunk: bytes | bytearray | memoryview) -> None:
        """The image's next bytes."""
        self._hash.update(chunk)

    def verify(self) -> None:
        """BadRequest unless the bytes that came are the signed ones."""
        try:
            self._type.verify(self._key, self._signature, self._hash.digest(), self._method)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError):
            # What a key can't verify at all, such as a hash longer than itself, it can't have signed.
            raise BadRequest(FAILED, id=self._image_id, reason="Signature verification failed") from None


def verifier_for(image: Signed, certificates: Certificates, trusted_ids: Sequence[str] = ()) -> Verifier | None:
    """What verifies the image, None unless it has all properties of a signature; BadRequest if they are wrong.

    With `trusted_ids`, its certificate has to hang on those of these ids and to be valid now; without, as in Glance,
    it only has to be there. Asks for the certificates: call it in a thread, outside transactions.
    """
    if not all(name in image.properties for name in PROPERTIES):
        return None
    try:
        return Verifier(image, certificates, trusted_ids)
    except Failed as failed:
        raise BadRequest(FAILED, id=image.id, reason=str(failed)) from None


def _decoded(text: str) -> bytes:
    try:
        # Many tools break the lines; what isn't base64 in between is passed over, as Glance does.
        return base64.b64decode(text)
    except ValueError:
        raise unmade("The signature data was not properly encoded using base64") from None


def _key_type(name: str) -> KeyType:
    if name not in KEY_TYPES:
        raise unmade(f"Invalid signature key type: {name[:MOST_SAID_CHARS]}")
    return KEY_TYPES[name]


def _key(image: Signed, certificates: Certificates, trusted_ids: Sequence[str]) -> object:
    project_id = image.project_id or ""
    certificate = loaded(certificates, image.properties[CERTIFICATE], project_id)
    if trusted_ids:
        refuse_untrusted(certificate, those_of(certificates, trusted_ids, project_id))
    return public_key(certificate)
