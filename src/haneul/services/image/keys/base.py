from typing import Protocol


class NoCertificate(Exception):
    """There is no certificate of this id that the project may use."""


class NotReadable(Exception):
    """The certificate can't be read at this moment."""


class Certificates(Protocol):
    """Who keeps X.509 certificates. May wait: call it in threads."""

    def get(self, certificate_id: str, project_id: str) -> bytes:
        """The certificate, PEM or DER, as the project may use it; NoCertificate or NotReadable."""
        ...
