"""What may be done to an image in each of its statuses, and what is said of one that isn't there."""

from html import unescape

import pytest
from sqlalchemy import update
from tests.services.image.shelf import BYTES, change, create, show, upload, uploaded
from tests.support.cloud import Client, RunningCloud

from haneul.services.image.images.models import images

STATUSES = ("queued", "saving", "uploading", "importing", "active", "deactivated")


def in_status(cloud: RunningCloud, client: Client, status: str) -> str:
    """An image in a status, as if something were at work on it."""
    image_id = uploaded(client)["id"] if status in ("active", "deactivated") else create(client)["id"]
    statement = update(images).where(images.c.id == image_id).values(status=status)
    cloud.cloud.store.write(lambda db: db.run(statement))
    return str(image_id)


@pytest.mark.parametrize("status", STATUSES[1:])
@pytest.mark.parametrize(("path", "word"), [("file", "saving"), ("stage", "uploading")])
def test_bytes_come_to_queued_images_alone(
    cloud: RunningCloud, alice: Client, status: str, path: str, word: str
) -> None:
    image_id = in_status(cloud, alice, status)
    answer = alice.put("image", f"/v2/images/{image_id}/{path}", content=b"bytes", headers=BYTES)
    sentence = f"Image status transition from {status} to {word} is not allowed"
    assert (answer.status_code, sentence in answer.text) == (409, True)
    assert show(alice, image_id)["status"] == status


@pytest.mark.parametrize("verb", ["deactivate", "reactivate"])
@pytest.mark.parametrize("status", STATUSES)
def test_only_images_with_bytes_are_closed_and_opened(
    cloud: RunningCloud, alice: Client, status: str, verb: str
) -> None:
    image_id = in_status(cloud, alice, status)
    answer = alice.post("image", f"/v2/images/{image_id}/actions/{verb}")
    if status in ("active", "deactivated"):
        assert answer.status_code == 204
        assert show(alice, image_id)["status"] == ("deactivated" if verb == "deactivate" else "active")
    else:
        sentence = f"Not allowed to {verb} image in status '{status}'"
        assert (answer.status_code, sentence in unescape(answer.text)) == (403, True)


@pytest.mark.parametrize("status", STATUSES)
def test_formats_change_before_the_bytes_are_there(cloud: RunningCloud, alice: Client, status: str) -> None:
    image_id = in_status(cloud, alice, status)
    answer = change(alice, image_id, {"op": "replace", "path": "/disk_format", "value": "iso"})
    assert answer.status_code == (200 if status in ("queued", "importing") else 403)


@pytest.mark.parametrize("status", STATUSES)
def test_an_image_is_deleted_whatever_its_status(cloud: RunningCloud, alice: Client, status: str) -> None:
    image_id = in_status(cloud, alice, status)
    assert alice.delete("image", f"/v2/images/{image_id}").status_code == 204
    assert alice.get("image", f"/v2/images/{image_id}").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "sentence"),
    [
        ("GET", "/v2/images/none", "No image found with ID none"),
        ("GET", "/v2/images/none/file", "No image found with ID none"),
        ("GET", "/v2/images/none/locations", "No image found with ID none"),
        ("DELETE", "/v2/images/none", "Failed to find image none to delete"),
        ("PUT", "/v2/images/none/tags/a", "Image none not found."),
        ("DELETE", "/v2/images/none/tags/a", "Image none not found."),
        ("GET", "/v2/images/none/members", "Image none not found."),
        ("GET", "/v2/images/none/members/a", "Image none not found."),
        ("DELETE", "/v2/images/none/members/a", "Image none not found."),
        ("POST", "/v2/images/none/actions/deactivate", "No image found with ID none"),
    ],
)
def test_each_call_has_its_words_for_what_is_not_there(alice: Client, method: str, path: str, sentence: str) -> None:
    answer = alice.request(method, "image", path)
    assert (answer.status_code, sentence in answer.text) == (404, True), answer.text


def test_no_more_tags_than_an_image_may_have(alice: Client) -> None:
    image_id = create(alice, tags=[f"t{number}" for number in range(128)])["id"]
    answer = alice.put("image", f"/v2/images/{image_id}/tags/one-more")
    sentence = f"Image tag limit exceeded for image {image_id}: "
    assert (answer.status_code, sentence in answer.text, "Attempted: 129" in answer.text) == (413, True, True)
    assert alice.put("image", f"/v2/images/{image_id}/tags/t7").status_code == 204


def test_an_empty_upload_counts_as_one(alice: Client) -> None:
    image_id = create(alice)["id"]
    assert upload(alice, image_id, b"").status_code == 204
    again = upload(alice, image_id, b"bytes")
    assert (again.status_code, "from active to saving" in again.text) == (409, True)
