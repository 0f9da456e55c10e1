"""Signatures that image properties carry, held against the image's bytes while these come."""

from haneul.services.image.signatures.chains import refuse_untrusted
from haneul.services.image.signatures.verifiers import Signed, Verifier, verifier_for

__all__ = ["Signed", "Verifier", "refuse_untrusted", "verifier_for"]
