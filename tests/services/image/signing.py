"""Keys, certificates and signatures for tests, as their owners make them."""

import base64
import datetime
import uuid
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.x509.oid import NameOID

METHODS = {
    "SHA-224": hashes.SHA224(),
    "SHA-256": hashes.SHA256(),
    "SHA-384": hashes.SHA384(),
    "SHA-512": hashes.SHA512(),
}
BINARY_CURVES = [f"ECC_SECT{name}" for name in ("571K1", "409K1", "571R1", "409R1")]
TYPES = ["RSA-PSS", "DSA", "ECC_SECP521R1", "ECC_SECP384R1"]
TYPES += [name for name in BINARY_CURVES if hasattr(ec, name.removeprefix("ECC_"))]
DAY = datetime.timedelta(days=1)
CA = (
    x509.BasicConstraints(ca=True, path_length=None),
    x509.KeyUsage(False, False, False, False, False, True, True, False, False),
)


@cache
def key_of(key_type: str, which: int = 0) -> Any:
    """A private key of the type; the same for the same number."""
    if key_type == "RSA-PSS":
        return rsa.generate_private_key(65537, 2048)
    if key_type == "DSA":
        return dsa.generate_private_key(1024)
    return ec.generate_private_key(getattr(ec, key_type.removeprefix("ECC_"))())


def signature(key: Any, content: bytes, method: str = "SHA-256") -> str:
    """Base64 of the key's signature, made as `openstack image create --sign-key-path` and openssl make it."""
    by = METHODS[method]
    if isinstance(key, rsa.RSAPrivateKey):
        signed = key.sign(content, padding.PSS(padding.MGF1(by), padding.PSS.MAX_LENGTH), by)
    elif isinstance(key, dsa.DSAPrivateKey):
        signed = key.sign(content, by)
    else:
        signed = key.sign(content, ec.ECDSA(by))
    return base64.b64encode(signed).decode()


def certificate(
    key: Any, name: str = "signer", *extensions: Any, by: tuple[Any, str] | None = None, days: tuple[int, int] = (-1, 1)
) -> x509.Certificate:
    """A certificate of the key for so many days around now, signed by another key and name or by itself."""
    today = datetime.datetime.now(datetime.UTC)
    signer, issuer = by or (key, name)
    builder = x509.CertificateBuilder(
        _named(issuer),
        _named(name),
        key.public_key(),
        x509.random_serial_number(),
        today + days[0] * DAY,
        today + days[1] * DAY,
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(signer, hashes.SHA256())


class Image(msgspec.Struct, frozen=True):
    """What a verifier asks of an image."""

    properties: dict[str, str]
    id: str = "4f2a"
    project_id: str | None = None


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def put(folder: Path, made: x509.Certificate, form: serialization.Encoding = serialization.Encoding.PEM) -> str:
    """Lay the certificate where an operator lays it; its id."""
    certificate_id = str(uuid.uuid4())
    content = made.public_bytes(form)
    (folder / f"{certificate_id}.pem").write_bytes(content)
    return certificate_id


def properties(certificate_id: str, signed: str, key_type: str = "RSA-PSS", method: str = "SHA-256") -> dict[str, str]:
    return {
        "img_signature": signed,
        "img_signature_hash_method": method,
        "img_signature_key_type": key_type,
        "img_signature_certificate_uuid": certificate_id,
    }
