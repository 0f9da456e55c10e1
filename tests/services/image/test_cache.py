"""The cache of image bytes on a control host, and the API that shows it."""

import hashlib
import os
import secrets
import threading
import time
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from tests.services.image.elsewhere import SETTINGS, Shelf, image_elsewhere, shelf
from tests.services.image.shelf import create, store_folder, uploaded, user_of
from tests.services.image.wire import until
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.services.image.images.models import images

MIB = 1 << 20
CONTENT = os.urandom(3 * MIB + 17)


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    with running_cloud(image={**SETTINGS, "cache": {"enabled": True, "most_bytes": 8 * MIB}}) as running:
        yield running


@pytest.fixture
def where() -> Iterator[Shelf]:
    with shelf() as made:
        yield made


@pytest.fixture(autouse=True)
def empty(admin: Client) -> Iterator[None]:
    yield
    assert admin.delete("image", "/v2/cache").status_code == 204


def state(admin: Client) -> dict[str, Any]:
    answer = admin.get("image", "/v2/cache")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def cached(admin: Client) -> dict[str, Any]:
    return {one["image_id"]: one for one in state(admin)["cached_images"]}


def download(client: Client, image_id: str, **headers: str) -> bytes:
    answer = client.get("image", f"/v2/images/{image_id}/file", headers=headers)
    assert answer.status_code in (200, 206), answer.text
    return answer.content


def queue(client: Client, image_id: str) -> Any:
    return client.put("image", f"/v2/cache/{image_id}")


def test_what_was_read_from_elsewhere_is_read_once(
    cloud: RunningCloud, admin: Client, alice: Client, where: Shelf
) -> None:
    image_id, before = image_elsewhere(cloud, alice, where, CONTENT), time.time()
    assert download(alice, image_id) == CONTENT
    until(lambda: image_id in cached(admin))
    fresh = cached(admin)[image_id]
    assert fresh.keys() == {"image_id", "hits", "last_accessed", "last_modified", "size"}
    assert (fresh["hits"], fresh["size"]) == (0, len(CONTENT))
    assert before <= fresh["last_modified"] == fresh["last_accessed"] <= time.time()
    assert download(alice, image_id) == CONTENT
    assert download(alice, image_id, Range=f"bytes={2 * MIB}-{2 * MIB + 9}") == CONTENT[2 * MIB : 2 * MIB + 10]
    assert where.requests(image_id) == 1
    used = cached(admin)[image_id]
    assert (used["hits"], used["last_modified"]) == (2, fresh["last_modified"])
    assert used["last_accessed"] > fresh["last_accessed"]


def test_many_readers_of_one_image_ask_for_it_once(cloud: RunningCloud, alice: Client, where: Shelf) -> None:
    image_id = image_elsewhere(cloud, alice, where, CONTENT)
    where.open.clear()
    got: list[bytes] = []
    readers = [threading.Thread(target=lambda: got.append(download(alice, image_id))) for _ in range(4)]
    for reader in readers:
        reader.start()
    until(lambda: where.requests(image_id) == 1)
    where.open.set()
    for reader in readers:
        reader.join(20)
    assert (got, where.requests(image_id)) == ([CONTENT] * 4, 1)


def test_a_reader_that_leaves_costs_the_others_nothing(
    cloud: RunningCloud, admin: Client, alice: Client, where: Shelf
) -> None:
    image_id = image_elsewhere(cloud, alice, where, CONTENT)
    where.open.clear()
    where.first = MIB
    url, token = cloud.url("image") + f"/v2/images/{image_id}/file", {"X-Auth-Token": alice.token}
    with cloud.http.stream("GET", url, headers=token) as answer:
        assert next(answer.iter_raw(1000)) == CONTENT[:1000]
    where.open.set()
    until(lambda: image_id in cached(admin))
    assert where.requests(image_id) == 1


def test_bytes_that_are_not_the_images_are_not_kept(
    cloud: RunningCloud, admin: Client, alice: Client, where: Shelf
) -> None:
    image_id = image_elsewhere(cloud, alice, where, CONTENT)
    where.contents[image_id] = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    for count in (1, 2):
        answer = alice.get("image", f"/v2/images/{image_id}/file")
        # The client is told the checksum that they should have.
        assert answer.headers["Content-MD5"]
        until(lambda: not list(cache_folder(cloud, "parts").iterdir()))
        assert (state(admin)["cached_images"], where.requests(image_id)) == ([], count)
    assert queue(admin, image_id).status_code == 202
    until(lambda: state(admin) == {"cached_images": [], "queued_images": []})


def test_asking_for_a_part_caches_the_whole(cloud: RunningCloud, admin: Client, alice: Client, where: Shelf) -> None:
    image_id = image_elsewhere(cloud, alice, where, CONTENT)
    assert download(alice, image_id, Range=f"bytes={3 * MIB}-") == CONTENT[3 * MIB :]
    until(lambda: image_id in cached(admin))
    assert where.requests(image_id) == 1


def test_what_is_queued_is_fetched(cloud: RunningCloud, admin: Client, alice: Client, where: Shelf) -> None:
    image_id = image_elsewhere(cloud, alice, where, CONTENT)
    where.open.clear()
    answer = queue(admin, image_id)
    assert (answer.status_code, answer.content) == (202, b"")
    assert state(admin) == {"cached_images": [], "queued_images": [image_id]}
    where.open.set()
    until(lambda: image_id in cached(admin))
    until(lambda: state(admin)["queued_images"] == [])
    assert queue(admin, image_id).status_code == 202
    assert state(admin)["queued_images"] == []
    where.web.close()
    assert download(alice, image_id) == CONTENT


def test_a_file_of_this_host_is_cached_without_another_copy(cloud: RunningCloud, admin: Client, alice: Client) -> None:
    image_id = uploaded(alice, CONTENT)["id"]
    assert download(alice, image_id) == CONTENT
    until(lambda: image_id in cached(admin))
    (stored,) = store_folder(cloud).glob(f"{image_id}*")
    (kept,) = cache_folder(cloud, "kept").iterdir()
    assert os.path.samefile(stored, kept)
    assert download(alice, image_id) == CONTENT
    assert cached(admin)[image_id]["hits"] == 1


def test_a_deactivated_image_is_not_given_out(cloud: RunningCloud, admin: Client, alice: Client, where: Shelf) -> None:
    image_id = image_elsewhere(cloud, alice, where, CONTENT)
    download(alice, image_id)
    until(lambda: image_id in cached(admin))
    alice.post("image", f"/v2/images/{image_id}/actions/deactivate")
    assert alice.get("image", f"/v2/images/{image_id}/file").status_code == 403
    assert queue(admin, image_id).status_code == 400
    # Administrators may still read it, where it lies.
    assert download(admin, image_id) == CONTENT
    assert (where.requests(image_id), cached(admin)[image_id]["hits"]) == (2, 0)
    alice.post("image", f"/v2/images/{image_id}/actions/reactivate")
    assert (download(alice, image_id), where.requests(image_id)) == (CONTENT, 2)


def test_who_does_not_see_an_image_does_not_see_it_cached(
    cloud: RunningCloud, admin: Client, alice: Client, bob: Client, where: Shelf
) -> None:
    image_id = image_elsewhere(cloud, alice, where, CONTENT)
    download(alice, image_id)
    until(lambda: image_id in cached(admin))
    assert bob.get("image", f"/v2/images/{image_id}/file").status_code == 404


def test_a_deleted_image_leaves_the_cache(cloud: RunningCloud, admin: Client, alice: Client, where: Shelf) -> None:
    image_id = image_elsewhere(cloud, alice, where, CONTENT)
    download(alice, image_id)
    until(lambda: image_id in cached(admin))
    assert alice.delete("image", f"/v2/images/{image_id}").status_code == 204
    until(lambda: image_id not in cached(admin))
    assert alice.get("image", f"/v2/images/{image_id}/file").status_code == 404
    assert list(cache_folder(cloud, "kept").iterdir()) == []


def test_one_image_is_deleted_from_cache_and_queue(
    cloud: RunningCloud, admin: Client, alice: Client, where: Shelf
) -> None:
    image_id = image_elsewhere(cloud, alice, where, CONTENT)
    download(alice, image_id)
    until(lambda: image_id in cached(admin))
    for _ in range(2):
        assert admin.delete("image", f"/v2/cache/{image_id}").status_code == 204
        assert image_id not in cached(admin)
    where.open.clear()
    queue(admin, image_id)
    until(lambda: where.requests(image_id) == 2)
    assert admin.delete("image", f"/v2/cache/{image_id}").status_code == 204
    assert state(admin)["queued_images"] == []
    where.open.set()
    until(lambda: not list(cache_folder(cloud, "parts").iterdir()))
    assert cached(admin) == {}


@pytest.mark.parametrize(
    ("target", "left"), [("cache", (0, 1)), ("queue", (1, 0)), ("QUEUE", (1, 0)), ("", (0, 0)), (None, (0, 0))]
)
def test_the_cache_or_its_queue_is_cleared(
    cloud: RunningCloud, admin: Client, alice: Client, where: Shelf, target: str | None, left: tuple[int, int]
) -> None:
    kept, waiting = (image_elsewhere(cloud, alice, where, secrets.token_bytes(100)) for _ in range(2))
    download(alice, kept)
    until(lambda: kept in cached(admin))
    where.open.clear()
    queue(admin, waiting)
    headers = {} if target is None else {"x-image-cache-clear-target": target}
    answer = admin.delete("image", "/v2/cache", headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    found = state(admin)
    assert (len(found["cached_images"]), len(found["queued_images"])) == left
    where.open.set()
    until(lambda: state(admin)["queued_images"] == [])


def test_no_other_target_is_cleared(admin: Client) -> None:
    answer = admin.delete("image", "/v2/cache", headers={"x-image-cache-clear-target": "both"})
    sentence = "If provided 'x-image-cache-clear-target' must be 'cache', 'queue' or empty string."
    assert (answer.status_code, sentence in unescape(answer.text)) == (400, True)


def test_the_image_read_last_the_longest_ago_makes_room(
    cloud: RunningCloud, admin: Client, alice: Client, where: Shelf
) -> None:
    first, second, third = (image_elsewhere(cloud, alice, where, os.urandom(3 * MIB)) for _ in range(3))
    for image_id in (first, second):
        download(alice, image_id)
        until(lambda one=image_id: one in cached(admin))  # type: ignore[misc]
    download(alice, first)
    download(alice, third)
    until(lambda: cached(admin).keys() == {first, third})


def test_an_image_larger_than_the_cache_is_read_all_the_same(
    cloud: RunningCloud, admin: Client, alice: Client, where: Shelf
) -> None:
    content = bytes(8 * MIB + 1)
    image_id = image_elsewhere(cloud, alice, where, content)
    assert download(alice, image_id) == content
    queue(admin, image_id)
    until(lambda: state(admin) == {"cached_images": [], "queued_images": []})


@pytest.mark.parametrize("digest", ["../../../etc/passwd", "A" * 128, "0" * 63, ""])
def test_what_cannot_be_a_hash_is_no_files_name(
    cloud: RunningCloud, admin: Client, alice: Client, where: Shelf, digest: str
) -> None:
    image_id = image_elsewhere(cloud, alice, where, CONTENT)
    cloud.cloud.store.write(lambda db: db.update(images, {"id": image_id}, os_hash_value=digest))
    assert download(alice, image_id) == CONTENT
    assert queue(admin, image_id).status_code == 202
    until(lambda: state(admin) == {"cached_images": [], "queued_images": []})
    assert list(cache_folder(cloud, "parts").iterdir()) == []


def test_bytes_that_are_the_images_no_more_leave_the_cache(
    cloud: RunningCloud, admin: Client, alice: Client, where: Shelf
) -> None:
    image_id = image_elsewhere(cloud, alice, where, CONTENT)
    download(alice, image_id)
    until(lambda: image_id in cached(admin))
    other = hashlib.sha512(b"other").hexdigest()
    cloud.cloud.store.write(lambda db: db.update(images, {"id": image_id}, os_hash_value=other))
    assert download(alice, image_id) == CONTENT
    assert where.requests(image_id) == 2
    queue(admin, str(uploaded(alice)["id"]))
    until(lambda: image_id not in cached(admin))


def test_pruning_and_cleaning_say_what_they_did(admin: Client) -> None:
    pruned = admin.post("image", "/v2/cache/prune")
    assert (pruned.status_code, pruned.json()) == (200, {"total_files_pruned": 0, "total_bytes_pruned": 0})
    cleaned = admin.post("image", "/v2/cache/clean")
    assert (cleaned.status_code, cleaned.content) == (200, b"")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_an_image_that_is_not_there_is_missing(admin: Client, method: str) -> None:
    answer = admin.request(method, "image", "/v2/cache/no-such-image")
    assert (answer.status_code, "Image no-such-image not found." in answer.text) == (404, True)


def test_only_active_images_are_queued(admin: Client, alice: Client) -> None:
    answer = queue(admin, create(alice)["id"])
    assert answer.status_code == 400
    assert "Only images with status active can be targeted for queueing" in answer.text


def test_no_hosts_are_told_of(admin: Client, alice: Client) -> None:
    answer = admin.get("image", f"/v2/cache/nodes/{create(alice)['id']}")
    assert (answer.status_code, "Centralized caching is not enabled" in answer.text) == (409, True)


ROUTES = (
    ("GET", "/v2/cache"),
    ("DELETE", "/v2/cache"),
    ("PUT", "/v2/cache/{id}"),
    ("DELETE", "/v2/cache/{id}"),
    ("POST", "/v2/cache/clean"),
    ("POST", "/v2/cache/prune"),
    ("GET", "/v2/cache/nodes/{id}"),
)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_the_cache_is_for_administrators(alice: Client, method: str, path: str) -> None:
    image_id = uploaded(alice)["id"]
    answer = alice.request(method, "image", path.format(id=image_id))
    assert (answer.status_code, "You are not authorized to complete" in answer.text) == (403, True)


def test_a_cloud_without_a_cache_says_so() -> None:
    with running_cloud() as other:
        admin, member = other.login(), user_of(other, "garden")
        image_id = uploaded(admin)["id"]
        for method, path in ROUTES:
            answer = admin.request(method, "image", path.format(id=image_id))
            assert (answer.status_code, "Caching via API is not supported at this site." in answer.text) == (404, True)
        assert member.get("image", "/v2/cache").status_code == 403


def cache_folder(cloud: RunningCloud, name: str) -> Any:
    return store_folder(cloud, "os_glance_cache") / name
