"""The certificates that signatures name, as they lie with whoever keeps them."""

import logging
from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from haneul.services.image.keys import Certificates, NoCertificate, NotReadable
from haneul.services.image.signatures.failures import MOST_SAID_CHARS, Failed, unmade

log = logging.getLogger("haneul.image")

PEM = b"-----BEGIN CERTIFICATE-----"


def loaded(certificates: Certificates, certificate_id: str, project_id: str) -> x509.Certificate:
    """The certificate of this id; Failed if there is none or none that can be read."""
    said = certificate_id[:MOST_SAID_CHARS]
    try:
        content = certificates.get(certificate_id, project_id)
        return x509.load_pem_x509_certificate(content) if PEM in content else x509.load_der_x509_certificate(content)
    except NoCertificate:
        raise unmade(f"Certificate not found with ID: {said}") from None
    except (NotReadable, ValueError):
        raise unmade(f"Unable to retrieve certificate with ID: {said}") from None


def those_of(certificates: Certificates, ids: Sequence[str], project_id: str) -> list[x509.Certificate]:
    """Those of these certificates that can be had: one that is lost is one less to trust."""
    found = []
    for certificate_id in ids:
        try:
            found.append(loaded(certificates, certificate_id, project_id))
        except Failed as failed:
            log.warning("A trusted certificate is passed over. %s", failed)
    return found


def public_key(certificate: x509.Certificate) -> object:
    """The key that the certificate is for, None if it is of a kind that nothing here can verify with."""
    try:
        return certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return None
