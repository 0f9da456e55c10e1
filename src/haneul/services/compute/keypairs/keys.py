"""Making keys and certificates, and their fingerprints. Pure computing: a key of 2048 bits takes some 100 ms."""

import base64
import hashlib
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from haneul.kernel.clock import now
from haneul.kernel.errors import BadRequest
from haneul.services.compute.keypairs.material import Material

KEY_BITS = 2048
CERTIFICATE_LIFE = timedelta(days=3650)
# Windows looks a user up by this name in his certificate (Microsoft's "User Principal Name").
PRINCIPAL_NAME = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")


def imported(key_type: str, public_key: str) -> Material:
    """A key that the user brings; BadRequest if it is none of its type."""
    fingerprint = ssh_fingerprint if key_type == "ssh" else x509_fingerprint
    return Material(key_type, public_key, fingerprint(public_key))


def generated(key_type: str, user_id: str) -> Material:
    """A new key: OpenSSH's RSA, or a certificate that a Windows guest takes in place of the user's password."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    return _ssh(key) if key_type == "ssh" else _x509(key, user_id)


def ssh_fingerprint(public_key: str) -> str:
    """MD5 over the key's bytes, as Nova and the older OpenSSH write it."""
    try:
        serialization.load_ssh_public_key(public_key.encode())
        raw = base64.b64decode(public_key.split(" ")[1])
    except Exception:
        # Whatever the parser stumbles over, the user is told one thing: this is no key.
        raise BadRequest("Keypair data is invalid: failed to generate fingerprint") from None
    return _colons(hashlib.md5(raw, usedforsecurity=False).digest())


def x509_fingerprint(certificate: str) -> str:
    """SHA-1 over the certificate."""
    try:
        loaded = x509.load_pem_x509_certificate(certificate.encode())
    except ValueError as error:
        raise BadRequest(
            "Keypair data is invalid: failed to generate X509 fingerprint. Error message: {problem}",
            problem=str(error)[:255],
        ) from None
    return _colons(loaded.fingerprint(hashes.SHA1()))


def _colons(raw: bytes) -> str:
    return raw.hex(":")


def _ssh(key: rsa.RSAPrivateKey) -> Material:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    text = f"{public.decode()} Generated-by-Nova"
    return Material("ssh", text, ssh_fingerprint(text), private.decode())


def _x509(key: rsa.RSAPrivateKey, user_id: str) -> Material:
    certificate = _certificate(key, user_id)
    bundle = pkcs12.serialize_key_and_certificates(None, key, certificate, None, serialization.NoEncryption())
    text = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return Material("x509", text, x509_fingerprint(text), base64.b64encode(bundle).decode())


def _certificate(key: rsa.RSAPrivateKey, user_id: str) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, user_id)])
    principal = f"{user_id}@localhost".encode()
    # A UTF8String in DER: its tag, its length, its bytes.
    names = x509.SubjectAlternativeName([x509.OtherName(PRINCIPAL_NAME, bytes([0x0C, len(principal)]) + principal)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now())
        .not_valid_after(now() + CERTIFICATE_LIFE)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
