"""Whether a certificate hangs on certificates that somebody trusts, judged as cursive does."""

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from haneul.kernel.clock import now
from haneul.services.image.signatures.failures import Failed

NOT_VALID_NOW = "The certificate is outside its valid date range."
NO_ISSUER = (
    "Certificate chain building failed. Could not locate the signing certificate for the base certificate in the set "
    "of trusted certificates."
)
TOO_LONG = (
    "Certificate validation failed. A signing certificate is not configured to support certificate chains of "
    "sufficient length."
)


def refuse_untrusted(certificate: x509.Certificate, trusted: Sequence[x509.Certificate]) -> None:
    """Failed unless the certificate and all above it up to one that signed itself are trusted and valid now.

    Of the trusted ones, only those sign that may sign certificates by their own word. A certificate that signed
    itself has to be trusted itself.
    """
    moment = now()
    if not _is_valid(certificate, moment):
        raise Failed(NOT_VALID_NOW)
    signers = [signer for signer in trusted if _is_valid(signer, moment) and _may_sign(signer)]
    above = _chain(certificate, signers)
    for between, signer in enumerate(above):
        longest = signer.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
        if longest is not None and longest < between:
            raise Failed(TOO_LONG)


def _chain(certificate: x509.Certificate, signers: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """The certificates above this one, the nearest first."""
    chain: list[x509.Certificate] = []
    # Two that signed each other would go round for ever.
    for _ in range(len(signers) + 1):
        issuer = next((signer for signer in signers if _is_issued(certificate, signer)), None)
        if issuer is None:
            break
        if issuer == certificate:
            return chain
        chain.append(issuer)
        certificate = issuer
    raise Failed(NO_ISSUER)


def _is_valid(certificate: x509.Certificate, moment: datetime) -> bool:
    return certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    return constraints.ca and usage.key_cert_sign


def _is_issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
