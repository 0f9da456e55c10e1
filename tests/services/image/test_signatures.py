"""Signatures of image bytes, of every kind of key, and the words in which they fail."""

import itertools
import textwrap
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from tests.services.image.signing import (
    BINARY_CURVES,
    METHODS,
    TYPES,
    Image,
    certificate,
    key_of,
    properties,
    put,
    signature,
)

from haneul.kernel.errors import BadRequest
from haneul.services.image.keys import CertificateFolder
from haneul.services.image.signatures import Verifier, verifier_for

IMAGE = b"an image's bytes" * 1000
WRONG = "Signature verification failed for image 4f2a: Signature verification failed"
UNMADE = "Signature verification failed for image 4f2a: Signature verification for the image failed: {}."


def verifier(folder: Path, said: dict[str, str], trusted_ids: Sequence[str] = ()) -> Verifier | None:
    return verifier_for(Image(said), CertificateFolder(folder), trusted_ids)


def verified(folder: Path, said: dict[str, str], content: bytes = IMAGE, trusted_ids: Sequence[str] = ()) -> None:
    made = verifier(folder, said, trusted_ids)
    assert made
    for start in range(0, len(content), 777):
        made.update(memoryview(content)[start : start + 777])
    made.verify()


def refusal(folder: Path, said: dict[str, str], content: bytes = IMAGE, trusted_ids: Sequence[str] = ()) -> str:
    with pytest.raises(BadRequest) as caught:
        verified(folder, said, content, trusted_ids)
    return str(caught.value)


def good(folder: Path, **changed: str) -> dict[str, str]:
    key = key_of("RSA-PSS")
    return properties(put(folder, certificate(key)), signature(key, IMAGE)) | changed


@pytest.mark.parametrize(("key_type", "method"), list(itertools.product(TYPES, METHODS)))
def test_every_key_and_hash(tmp_path: Path, key_type: str, method: str) -> None:
    key = key_of(key_type)
    said = properties(put(tmp_path, certificate(key)), signature(key, IMAGE, method), key_type, method)
    verified(tmp_path, said)
    assert refusal(tmp_path, said, IMAGE[:-1] + b"!") == WRONG
    assert refusal(tmp_path, said, IMAGE[:-1]) == WRONG
    assert refusal(tmp_path, said | {"img_signature": signature(key_of(key_type, 1), IMAGE, method)}) == WRONG
    other = next(name for name in METHODS if name != method)
    assert refusal(tmp_path, said | {"img_signature_hash_method": other}) == WRONG


@pytest.mark.parametrize("missing", list(properties("", "")))
def test_properties_that_are_not_all_there_are_passed_over(tmp_path: Path, missing: str) -> None:
    said = good(tmp_path, img_signature="wrong")
    del said[missing]
    assert verifier(tmp_path, said) is None


def test_certificates_in_either_form_and_signatures_in_lines(tmp_path: Path) -> None:
    key = key_of("RSA-PSS")
    lines = "\n".join(textwrap.wrap(signature(key, IMAGE), 64)) + "\n"
    verified(tmp_path, properties(put(tmp_path, certificate(key), serialization.Encoding.DER), lines))
    said = good(tmp_path)
    file = tmp_path / f"{said['img_signature_certificate_uuid']}.pem"
    file.write_bytes(b"Certificate:\n    Data: as openssl tells it\n" + file.read_bytes())
    verified(tmp_path, said)
    said["img_signature_certificate_uuid"] = said["img_signature_certificate_uuid"].upper()
    verified(tmp_path, said)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"img_signature": "abc"}, "The signature data was not properly encoded using base64"),
        ({"img_signature": "é==="}, "The signature data was not properly encoded using base64"),
        ({"img_signature": ""}, "Error occurred while creating the verifier"),
        ({"img_signature_hash_method": "MD5"}, "Invalid signature hash method: MD5"),
        ({"img_signature_hash_method": "{id}" * 500}, f"Invalid signature hash method: {('{id}' * 500)[:255]}"),
        ({"img_signature_key_type": "RSA"}, "Invalid signature key type: RSA"),
        ({"img_signature_key_type": "DSA"}, "Invalid public key type for signature key type: DSA"),
        ({"img_signature_key_type": "ECC_SECP384R1"}, "Invalid public key type for signature key type: ECC_SECP384R1"),
        ({"img_signature_certificate_uuid": "../../etc/shadow"}, "Certificate not found with ID: ../../etc/shadow"),
        ({"img_signature_certificate_uuid": ""}, "Certificate not found with ID: "),
        ({"img_signature_certificate_uuid": "\0"}, "Certificate not found with ID: \0"),
    ],
)
def test_properties_that_say_nothing_that_can_be_verified(tmp_path: Path, changed: dict[str, str], reason: str) -> None:
    assert refusal(tmp_path, good(tmp_path, **changed)) == UNMADE.format(reason)


def test_signatures_that_are_none(tmp_path: Path) -> None:
    assert refusal(tmp_path, good(tmp_path, img_signature="AAAA")) == WRONG
    for key_type in TYPES[1:]:
        said = properties(put(tmp_path, certificate(key_of(key_type))), "AAAA", key_type)
        assert refusal(tmp_path, said) == WRONG


@pytest.mark.parametrize("key_type", [name for name in BINARY_CURVES if name not in TYPES])
def test_curves_that_the_library_has_given_up_are_unknown(tmp_path: Path, key_type: str) -> None:
    said = good(tmp_path, img_signature_key_type=key_type)
    assert refusal(tmp_path, said) == UNMADE.format(f"Invalid signature key type: {key_type}")


def test_any_curve_is_taken_for_the_one_that_is_named(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    verified(tmp_path, properties(put(tmp_path, certificate(key)), signature(key, IMAGE), "ECC_SECP384R1"))


def test_a_key_that_signs_no_images(tmp_path: Path) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    made = certificate(key, by=(key_of("RSA-PSS"), "authority"))
    said = good(tmp_path, img_signature_certificate_uuid=put(tmp_path, made))
    assert refusal(tmp_path, said) == UNMADE.format("Invalid public key type for signature key type: RSA-PSS")


@pytest.mark.parametrize("content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n", b"0" * 70000])
def test_a_file_that_is_no_certificate(tmp_path: Path, content: bytes) -> None:
    wanted = str(uuid.uuid4())
    (tmp_path / f"{wanted}.pem").write_bytes(content)
    said = good(tmp_path, img_signature_certificate_uuid=wanted)
    assert refusal(tmp_path, said) == UNMADE.format(f"Unable to retrieve certificate with ID: {wanted}")


def test_a_certificate_that_is_not_there_or_can_not_be_read(tmp_path: Path) -> None:
    wanted = str(uuid.uuid4())
    said = good(tmp_path, img_signature_certificate_uuid=wanted)
    assert refusal(tmp_path, said) == UNMADE.format(f"Certificate not found with ID: {wanted}")
    (tmp_path / f"{wanted}.pem").mkdir()
    assert refusal(tmp_path, said) == UNMADE.format(f"Unable to retrieve certificate with ID: {wanted}")
    assert verifier(tmp_path / "nowhere", {}) is None


def test_an_expired_certificate_is_refused_only_where_trust_is_asked_for(tmp_path: Path) -> None:
    """Glance looks at a certificate's time no more than at its issuer when it takes an upload."""
    key: Any = key_of("RSA-PSS")
    wanted = put(tmp_path, certificate(key, days=(-3, -1)))
    said = properties(wanted, signature(key, IMAGE))
    verified(tmp_path, said)
    sentence = "Signature verification failed for image 4f2a: The certificate is outside its valid date range."
    assert refusal(tmp_path, said, trusted_ids=[wanted]) == sentence
