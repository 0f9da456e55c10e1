"""Where the certificates lie by which images are signed: a folder, until a key manager answers in its place."""

from haneul.services.image.keys.base import Certificates, NoCertificate, NotReadable
from haneul.services.image.keys.folder import CertificateFolder

__all__ = ["CertificateFolder", "Certificates", "NoCertificate", "NotReadable"]
