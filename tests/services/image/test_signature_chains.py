"""Which certificates hang on trusted ones."""

from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from tests.services.image.signing import CA, Image, certificate, key_of, properties, put, signature

from haneul.kernel.errors import BadRequest
from haneul.services.image.keys import CertificateFolder
from haneul.services.image.signatures import refuse_untrusted, verifier_for
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
ROOT, MIDDLE, LEAF = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))


def middle(*extensions: Any, **told: Any) -> x509.Certificate:
    return certificate(MIDDLE, "middle", *(extensions or CA), by=(ROOT, "root"), **told)


def leaf(**told: Any) -> x509.Certificate:
    return certificate(LEAF, "leaf", by=told.pop("by", (MIDDLE, "middle")), **told)


def root(*extensions: Any, **told: Any) -> x509.Certificate:
    return certificate(ROOT, "root", *(extensions or CA), **told)


def limited(path_length: int) -> tuple[Any, ...]:
    return (x509.BasicConstraints(ca=True, path_length=path_length), CA[1])


def test_a_whole_chain_is_trusted() -> None:
    refuse_untrusted(leaf(), [middle(), root()])
    refuse_untrusted(leaf(), [root(), middle(), root(days=(-9, -8))])
    refuse_untrusted(leaf(by=(ROOT, "root")), [root(*limited(0))])
    refuse_untrusted(leaf(), [middle(*limited(0)), root(*limited(1))])
    alone = root()
    refuse_untrusted(alone, [alone])


@pytest.mark.parametrize(
    ("made", "trusted", "reason"),
    [
        (leaf(days=(-3, -1)), [middle(), root()], NOT_VALID_NOW),
        (leaf(days=(1, 2)), [middle(), root()], NOT_VALID_NOW),
        (leaf(), [], NO_ISSUER),
        (leaf(), [root()], NO_ISSUER),
        (leaf(), [middle()], NO_ISSUER),
        (leaf(), [middle(days=(-3, -1)), root()], NO_ISSUER),
        (leaf(), [middle(), root(days=(1, 2))], NO_ISSUER),
        (leaf(by=(LEAF, "middle")), [middle(), root()], NO_ISSUER),
        (leaf(by=(MIDDLE, "other")), [middle(), root()], NO_ISSUER),
        (certificate(LEAF, "leaf"), [middle(), root()], NO_ISSUER),
        (leaf(), [middle(CA[1]), root()], NO_ISSUER),
        (leaf(), [middle(CA[0]), root()], NO_ISSUER),
        (leaf(), [middle(x509.BasicConstraints(ca=False, path_length=None), CA[1]), root()], NO_ISSUER),
        (leaf(), [middle(), root(*limited(0))], TOO_LONG),
    ],
)
def test_what_is_not(made: x509.Certificate, trusted: list[x509.Certificate], reason: str) -> None:
    with pytest.raises(Failed) as caught:
        refuse_untrusted(made, trusted)
    assert str(caught.value) == reason


def test_two_that_signed_each_other_are_no_root() -> None:
    ring = [middle(), certificate(ROOT, "root", *CA, by=(MIDDLE, "middle"))]
    with pytest.raises(Failed, match="Certificate chain building failed"):
        refuse_untrusted(leaf(), ring)


def test_trust_that_is_asked_for_by_ids(tmp_path: Path) -> None:
    key = key_of("RSA-PSS")
    made = certificate(key, "leaf", by=(ROOT, "root"))
    said = properties(put(tmp_path, made), signature(key, b"image"))
    trusted = ["11111111-1111-1111-1111-111111111111", put(tmp_path, root())]
    verifier = verifier_for(Image(said), CertificateFolder(tmp_path), trusted)
    assert verifier
    verifier.update(b"image")
    verifier.verify()
    (tmp_path / f"{trusted[1]}.pem").unlink()
    with pytest.raises(BadRequest) as caught:
        verifier_for(Image(said), CertificateFolder(tmp_path), trusted)
    assert str(caught.value) == f"Signature verification failed for image 4f2a: {NO_ISSUER}"
