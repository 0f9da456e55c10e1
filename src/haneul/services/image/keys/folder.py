from pathlib import Path
from uuid import UUID

from haneul.services.image.keys.base import NoCertificate, NotReadable

MOST_BYTES = 1 << 16


class CertificateFolder:
    """Certificates as files `<uuid>.pem` in a folder of the operator's; every project may use all of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, certificate_id: str, project_id: str) -> bytes:
        try:
            # Only what is an id in its plain form becomes a part of a path.
            name = str(UUID(certificate_id))
        except ValueError:
            raise NoCertificate(certificate_id) from None
        try:
            with (self._folder / f"{name}.pem").open("rb") as file:
                content = file.read(MOST_BYTES + 1)
        except FileNotFoundError:
            raise NoCertificate(certificate_id) from None
        except OSError:
            raise NotReadable(certificate_id) from None
        if len(content) > MOST_BYTES:
            raise NotReadable(certificate_id)
        return content
