"""Uploads of signed images: taken as they were signed, or not at all."""

import pytest
from tests.services.image.shelf import change, create, files, show, upload
from tests.services.image.signing import certificate, key_of, properties, put, signature
from tests.support.cloud import Client, RunningCloud

IMAGE = b"signed bytes" * 100_000


@pytest.fixture
def certificate_id(cloud: RunningCloud) -> str:
    folder = cloud.cloud.wanted.state / "control" / "certificates"
    folder.mkdir(exist_ok=True)
    return put(folder, certificate(key_of("RSA-PSS")))


def refused(client: Client, content: bytes, said: dict[str, str]) -> tuple[str, str]:
    """The id of an image that was not taken, and why."""
    image = create(client, **said)
    answer = upload(client, image["id"], content)
    assert answer.status_code == 400, answer.text
    shown = show(client, image["id"])
    assert (shown["status"], shown["size"], shown["checksum"]) == ("queued", None, None)
    return image["id"], answer.text


def test_a_signed_image(alice: Client, certificate_id: str) -> None:
    image = create(alice, **properties(certificate_id, signature(key_of("RSA-PSS"), IMAGE)))
    assert upload(alice, image["id"], IMAGE).status_code == 204
    assert show(alice, image["id"])["status"] == "active"


def test_altered_bytes_leave_nothing(cloud: RunningCloud, alice: Client, certificate_id: str) -> None:
    before = files(cloud)
    said = properties(certificate_id, signature(key_of("RSA-PSS"), IMAGE))
    image_id, text = refused(alice, IMAGE + b"!", said)
    assert f"Signature verification failed for image {image_id}: Signature verification failed" in text
    assert files(cloud) == before
    assert upload(alice, image_id, IMAGE).status_code == 204


def test_a_certificate_that_nobody_keeps(cloud: RunningCloud, alice: Client) -> None:
    before = files(cloud)
    wanted = "11111111-2222-3333-4444-555555555555"
    image_id, text = refused(alice, IMAGE, properties(wanted, signature(key_of("RSA-PSS"), IMAGE)))
    assert (
        f"Signature verification failed for image {image_id}: Signature verification for the image failed: "
        f"Certificate not found with ID: {wanted}." in text
    )
    assert files(cloud) == before


def test_what_a_tenant_writes_comes_back_as_text(alice: Client, certificate_id: str) -> None:
    said = properties(certificate_id, "AAAA", method="<script>")
    _, text = refused(alice, IMAGE, said)
    assert "Invalid signature hash method: &lt;script&gt;." in text


def test_half_a_signature_is_none(alice: Client) -> None:
    image = create(alice, img_signature="AAAA", img_signature_hash_method="SHA-256")
    assert upload(alice, image["id"], IMAGE).status_code == 204


def test_a_signature_may_be_changed_afterwards(alice: Client, certificate_id: str) -> None:
    """As in Glance: who reads the image verifies it by what it says then."""
    image = create(alice, **properties(certificate_id, signature(key_of("RSA-PSS"), IMAGE)))
    assert upload(alice, image["id"], IMAGE).status_code == 204
    answer = change(alice, image["id"], {"op": "replace", "path": "/img_signature", "value": "AAAA"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["img_signature"] == "AAAA"
