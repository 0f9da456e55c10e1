"""The kinds of keys that sign images, by the names that image properties use (those of cursive)."""

from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from msgspec import Struct

# By the name in properties: what hashes the bytes, and what the key is told of it.
HASHES: Mapping[str, tuple[str, hashes.HashAlgorithm]] = {
    "SHA-224": ("sha224", hashes.SHA224()),
    "SHA-256": ("sha256", hashes.SHA256()),
    "SHA-384": ("sha384", hashes.SHA384()),
    "SHA-512": ("sha512", hashes.SHA512()),
}
# Newer versions of the library know no binary curves any more; there the names are unknown, as they are in Glance.
CURVES = ("SECT571K1", "SECT409K1", "SECT571R1", "SECT409R1", "SECP521R1", "SECP384R1")

# Raises InvalidSignature unless the signature is the key's for this digest.
Verify = Callable[[Any, bytes, bytes, hashes.HashAlgorithm], None]


class KeyType(Struct, frozen=True):
    """Which keys are of the type, and how one of them verifies."""

    key: type
    verify: Verify


def _verify_pss(key: rsa.RSAPublicKey, signature: bytes, digest: bytes, method: hashes.HashAlgorithm) -> None:
    form = padding.PSS(padding.MGF1(method), padding.PSS.MAX_LENGTH)
    key.verify(signature, digest, form, Prehashed(method))


def _verify_dsa(key: dsa.DSAPublicKey, signature: bytes, digest: bytes, method: hashes.HashAlgorithm) -> None:
    key.verify(signature, digest, Prehashed(method))


def _verify_ecdsa(
    key: ec.EllipticCurvePublicKey, signature: bytes, digest: bytes, method: hashes.HashAlgorithm
) -> None:
    key.verify(signature, digest, ec.ECDSA(Prehashed(method)))


KEY_TYPES: Mapping[str, KeyType] = {
    "RSA-PSS": KeyType(rsa.RSAPublicKey, _verify_pss),
    "DSA": KeyType(dsa.DSAPublicKey, _verify_dsa),
    # As in Glance, any key on a curve is a key of each curve's type.
    **{f"ECC_{name}": KeyType(ec.EllipticCurvePublicKey, _verify_ecdsa) for name in CURVES if hasattr(ec, name)},
}
