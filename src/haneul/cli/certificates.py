"""Certificates of our own making: an authority per cloud, and one certificate for its APIs."""

import ipaddress
import os
import socket
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from haneul.cli.failures import Failure
from haneul.host.account import Account
from haneul.host.disk import durable
from haneul.kernel.clock import now

AUTHORITY_LIFE = timedelta(days=3650)
# Clients refuse longer ones.
LIFE = timedelta(days=397)
RENEW_BEFORE = timedelta(days=30)
# A client's clock may be a little behind ours.
SKEW = timedelta(hours=1)


class Made(msgspec.Struct, frozen=True):
    """A certificate and its key, PEM files; the account that serves with them may read the key."""

    certificate: Path
    key: Path


def ensure(folder: Path, names: Iterable[str], account: Account) -> Made:
    """Have a certificate for these names and this machine's own, signed by our authority; made anew when it is due."""
    made = Made(folder / "server.pem", folder / "server.key")
    wanted = sorted({"localhost", "127.0.0.1", "::1", socket.gethostname(), *filter(None, names)})
    if not _fits(made, wanted):
        authority, authority_key = _authority(folder)
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder("haneul", key, authority.subject, LIFE)
        certificate = (
            builder.add_extension(x509.SubjectAlternativeName([_name(name) for name in wanted]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
            .sign(authority_key, hashes.SHA256())
        )
        _write_key(made.key, key)
        durable.write(made.certificate, _pem(certificate) + _pem(authority), 0o644)
    if os.geteuid() == 0:
        os.chown(made.key, account.uid, account.gid)
    return made


def refuse_unusable(certificate: Path, key: Path) -> None:
    """Failure unless these files are a certificate and its key."""
    for path in (certificate, key):
        if not path.is_file():
            raise Failure(f"There is no file {path}.", "See tls_certificate and tls_key in [cloud].")
    try:
        public = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
        private = serialization.load_pem_private_key(key.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise Failure(f"{certificate} and {key} are not a PEM certificate and its open key.") from error
    if public != private.public_key():
        raise Failure(f"{key} is not the key of {certificate}.")


def _fits(made: Made, wanted: list[str]) -> bool:
    if not made.certificate.exists() or not made.key.exists():
        return False
    certificate = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    key = serialization.load_pem_private_key(made.key.read_bytes(), None)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    is_due = certificate.not_valid_after_utc - RENEW_BEFORE < now()
    # A crash between the writing of the two leaves a pair that doesn't match.
    is_pair = certificate.public_key() == key.public_key()
    return is_pair and not is_due and set(names) == {_name(name) for name in wanted}


def _authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certificate_file, key_file = folder / "ca.pem", folder / "ca.key"
    if certificate_file.exists() and key_file.exists():
        kept = serialization.load_pem_private_key(key_file.read_bytes(), None)
        assert isinstance(kept, ec.EllipticCurvePrivateKey)
        return x509.load_pem_x509_certificate(certificate_file.read_bytes()), kept
    key = ec.generate_private_key(ec.SECP256R1())
    common = f"haneul's own authority on {socket.gethostname()}"[:64]
    builder = _builder(common, key, _subject(common), AUTHORITY_LIFE)
    usage = {name: name in ("key_cert_sign", "crl_sign") for name in _USAGES}
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write_key(key_file, key)
    durable.write(certificate_file, _pem(certificate), 0o644)
    return certificate, key


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _builder(
    common: str, key: ec.EllipticCurvePrivateKey, issuer: x509.Name, life: timedelta
) -> x509.CertificateBuilder:
    begins = now() - SKEW
    return (
        x509.CertificateBuilder()
        .subject_name(_subject(common))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _subject(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    durable.write(path, encoded, 0o600)
