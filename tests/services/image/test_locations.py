"""`/v2/images/ID/locations`: an image is made of bytes elsewhere, and their hash is learnt in the background."""

from collections.abc import Iterator
from html import unescape
from typing import Any

import httpx
import pytest
from tests.host.net.web import Web
from tests.services.image.remote import CONTENT, FETCH, MD5, SHA256, SHA512, TWO_STORES, Elsewhere, elsewhere
from tests.services.image.shelf import create, show, upload, uploaded, user_of
from tests.services.image.wire import until
from tests.support.cloud import Client, RunningCloud, running_cloud


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    with running_cloud(image={**TWO_STORES, "fetch": FETCH}) as running:
        yield running


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Web, Elsewhere]]:
    with elsewhere() as served:
        yield served


@pytest.fixture(scope="module")
def there(served: tuple[Web, Elsewhere]) -> Web:
    return served[0]


def add(client: Client, image_id: str, url: str, **claims: str) -> httpx.Response:
    body = {"url": url, **({"validation_data": claims} if claims else {})}
    return client.post("image", f"/v2/images/{image_id}/locations", json=body)


def ended(client: Client, image_id: str) -> dict[str, Any]:
    """The image once no operation is at work on it."""
    until(lambda: "os_glance_import_task" not in show(client, image_id))
    return show(client, image_id)


def test_an_image_is_made_of_bytes_elsewhere(alice: Client, admin: Client, there: Web) -> None:
    image_id = create(alice)["id"]
    answer = add(alice, image_id, there.url())
    assert (answer.status_code, answer.content) == (202, b"")
    image = ended(alice, image_id)
    assert (image["status"], image["size"], image["stores"]) == ("active", len(CONTENT), "web")
    assert (image["checksum"], image["os_hash_algo"], image["os_hash_value"]) == (MD5, "sha512", SHA512)
    assert alice.get("image", image["file"]).content == CONTENT
    shown = admin.get("image", f"/v2/images/{image_id}/locations")
    assert shown.json() == [{"url": there.url(), "metadata": {"store": "web"}}]
    assert alice.get("image", f"/v2/images/{image_id}/locations").status_code == 403


def test_a_claimed_hash_is_seen_first(alice: Client, there: Web) -> None:
    image_id = create(alice)["id"]
    assert add(alice, image_id, there.url(), os_hash_algo="sha256", os_hash_value=SHA256).status_code == 202
    image = ended(alice, image_id)
    assert (image["status"], image["checksum"]) == ("active", MD5)
    assert (image["os_hash_algo"], image["os_hash_value"]) == ("sha256", SHA256)


def test_a_wrong_hash_leaves_the_image_queued(alice: Client, there: Web) -> None:
    image_id = create(alice)["id"]
    assert add(alice, image_id, there.url(), os_hash_algo="sha512", os_hash_value="beefdead" * 16).status_code == 202
    image = ended(alice, image_id)
    assert (image["status"], image["size"], image["stores"]) == ("queued", None, "web")
    assert (image["checksum"], image["os_hash_algo"], image["os_hash_value"]) == (None, None, None)
    assert alice.get("image", image["file"]).status_code == 204
    assert upload(alice, image_id, b"bytes").status_code == 204
    assert (show(alice, image_id)["stores"], alice.get("image", image["file"]).content) == ("disk", b"bytes")


def test_an_image_is_in_use_while_its_hash_is_learnt(alice: Client, served: tuple[Web, Elsewhere]) -> None:
    there, answer = served
    answer.go_on.clear()
    image_id = create(alice)["id"]
    assert add(alice, image_id, there.url("/slow")).status_code == 202
    until(lambda: show(alice, image_id)["status"] == "active")
    image = show(alice, image_id)
    assert (image["os_hash_algo"], image["os_hash_value"], image["size"]) == ("sha512", None, 10)
    busy = add(alice, image_id, there.url())
    assert (busy.status_code, "if image status is active" in busy.text) == (409, True)
    answer.go_on.set()
    assert ended(alice, image_id)["os_hash_value"]


def test_deleting_the_image_ends_the_work(cloud: RunningCloud, alice: Client, served: tuple[Web, Elsewhere]) -> None:
    from haneul.services.image.transfers.models import transfers

    there, answer = served
    answer.go_on.clear()
    image_id = create(alice)["id"]
    assert add(alice, image_id, there.url("/slow")).status_code == 202
    until(lambda: show(alice, image_id)["status"] == "active")
    assert alice.delete("image", f"/v2/images/{image_id}").status_code == 204
    assert alice.get("image", f"/v2/images/{image_id}").status_code == 404
    left = transfers.select().where(transfers.c.image_id == image_id)
    until(lambda: not cloud.cloud.store.read(lambda db: db.tuples(left)))
    answer.go_on.set()


def test_a_server_that_has_nothing_leaves_the_image_queued(alice: Client, there: Web) -> None:
    image_id = create(alice)["id"]
    assert add(alice, image_id, there.url("/none")).status_code == 202
    image = ended(alice, image_id)
    assert (image["status"], "stores" in image) == ("queued", False)


def tasks(client: Client, image_id: str) -> list[tuple[str, str, str]]:
    shown = client.get("image", f"/v2/images/{image_id}/tasks").json()["tasks"]
    return [(one["type"], one["status"], one["message"]) for one in shown]


def test_a_hash_that_cannot_be_had_costs_an_image_in_use_nothing(alice: Client, there: Web) -> None:
    image_id = create(alice)["id"]
    assert add(alice, image_id, there.url("/cut")).status_code == 202
    image = ended(alice, image_id)
    assert (image["status"], image["os_hash_value"]) == ("active", None)
    assert tasks(alice, image_id) == [("location_import", "success", "")]


def test_a_claimed_hash_that_cannot_be_seen_is_not_believed(alice: Client, there: Web) -> None:
    image_id = create(alice)["id"]
    assert add(alice, image_id, there.url("/cut"), os_hash_algo="sha256", os_hash_value=SHA256).status_code == 202
    image = ended(alice, image_id)
    assert (image["status"], image["os_hash_algo"]) == ("queued", None)
    (task,) = tasks(alice, image_id)
    assert task == ("location_import", "failure", f"Hash calculation failed for image {image_id} data")


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({}, 400, "missing required field `url`"),
        ([], 400, "schema 'location'"),
        ({"url": 7}, 400, "url: Expected `str`"),
        (
            {"url": "http://127.0.0.1/", "validation_data": {"os_hash_value": "ab"}},
            400,
            "'os_hash_algo' is a dependency",
        ),
        (
            {"url": "http://127.0.0.1/", "validation_data": {"os_hash_algo": "md5"}},
            400,
            "'os_hash_value' is a dependency",
        ),
        ({"url": "http://127.0.0.1/", "validation_data": {"checksum": "a" * 32}}, 400, "unknown field `checksum`"),
        (
            {"url": "http://127.0.0.1/", "validation_data": {"os_hash_algo": "sha123", "os_hash_value": "ab"}},
            400,
            "os_hash_algo",
        ),
        (
            {"url": "http://127.0.0.1/", "validation_data": {"os_hash_algo": "sha512", "os_hash_value": "abab"}},
            400,
            "not the correct size for (sha512) (should be (64) bytes)",
        ),
        (
            {"url": "http://127.0.0.1/", "validation_data": {"os_hash_algo": "sha512", "os_hash_value": "x"}},
            400,
            "not a valid hexadecimal",
        ),
        ({"url": "file:///etc/passwd"}, 403, "http store must be enabled to use location API by normal user."),
        ({"url": "http://10.0.0.1/"}, 400, "does not pass filtering"),
        ({"url": "httpx://10.0.0.1/"}, 400, "does not pass filtering"),
    ],
)
def test_a_location_that_cannot_be_is_refused(alice: Client, body: Any, status: int, sentence: str) -> None:
    image_id = create(alice)["id"]
    answer = alice.post("image", f"/v2/images/{image_id}/locations", json=body)
    assert (answer.status_code, sentence in unescape(answer.text)) == (status, True), answer.text


def test_other_services_name_no_files_either(cloud: RunningCloud) -> None:
    service = user_of(cloud, "service", "service")
    image_id = create(user_of(cloud, "service"))["id"]
    answer = add(service, image_id, "file:///etc/passwd")
    assert (answer.status_code, "does not pass filtering" in answer.text) == (400, True)


def test_only_its_own_queued_images_get_locations(cloud: RunningCloud, alice: Client, bob: Client, there: Web) -> None:
    active = uploaded(alice, visibility="community")["id"]
    answer = add(alice, active, there.url())
    assert (answer.status_code, "if image status is active." in answer.text) == (409, True)
    assert add(bob, create(alice)["id"], there.url()).status_code == 404
    assert add(bob, create(alice, visibility="community")["id"], there.url()).status_code == 403
    assert add(user_of(cloud, "garden", "reader"), create(alice)["id"], there.url()).status_code == 403


def test_without_secure_hash_claims_are_believed(served: tuple[Web, Elsewhere]) -> None:
    there, _ = served
    settings = {"secure_hash": False, "fetch": FETCH, "stores": {"disk": {}, "web": {"driver": "http"}}}
    with running_cloud(image=settings) as trusting:
        admin = trusting.login()
        claimed, plain = create(admin)["id"], create(admin)["id"]
        assert add(admin, claimed, there.url(), os_hash_algo="sha256", os_hash_value="ab" * 32).status_code == 202
        assert add(admin, plain, there.url()).status_code == 202
        image = ended(admin, claimed)
        assert (image["status"], image["os_hash_algo"], image["os_hash_value"]) == ("active", "sha256", "ab" * 32)
        assert image["checksum"] is None
        image = ended(admin, plain)
        assert (image["status"], image["size"]) == ("active", len(CONTENT))
        assert (image["os_hash_algo"], image["os_hash_value"]) == (None, None)
