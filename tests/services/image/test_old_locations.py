"""`/locations` of an image, changed by PATCH where the operator lets users see where bytes lie."""

from collections.abc import Iterator
from html import unescape
from typing import Any

import httpx
import pytest
from tests.host.net.web import Web
from tests.services.image.remote import CONTENT, FETCH, TWO_STORES, elsewhere, location
from tests.services.image.shelf import change, create, show, store_folder, upload, uploaded, user_of
from tests.services.image.wire import until
from tests.support.cloud import Client, RunningCloud, running_cloud

CLAIMS = {"checksum": "1" * 32, "os_hash_value": "deadbeef" * 16, "os_hash_algo": "sha512"}


@pytest.fixture(scope="module")
def there() -> Iterator[Web]:
    with elsewhere() as (server, _):
        yield server


@pytest.fixture(scope="module")
def cloud(there: Web) -> Iterator[RunningCloud]:
    options = {"host": f"http://127.0.0.1:{there.port}", "bucket": "b", "access_key": "id", "secret_key": "s"}
    stores = {**TWO_STORES["stores"], "far": {"driver": "s3", "options": options}}
    settings = {**TWO_STORES, "stores": stores, "show_multiple_locations": True, "fetch": FETCH}
    with running_cloud(image=settings) as running:
        yield running


def add(client: Client, image_id: str, where: dict[str, Any], at: str = "-") -> httpx.Response:
    return change(client, image_id, {"op": "add", "path": f"/locations/{at}", "value": where})


def urls(image: dict[str, Any]) -> list[str]:
    return [one["url"].rpartition("/")[2] for one in image["locations"]]


def test_an_uploaded_image_tells_where_it_lies(alice: Client) -> None:
    image = create(alice)
    assert image["locations"] == []
    assert upload(alice, image["id"], b"bytes").status_code == 204
    (found,) = show(alice, image["id"])["locations"]
    assert found["metadata"] == {"store": "disk"}
    assert found["url"].startswith("file://")


def test_a_queued_image_is_active_with_its_first_location(alice: Client, there: Web) -> None:
    image = create(alice)
    answer = add(alice, image["id"], location(there.url(), metadata={"rack": "7"}, validation_data=CLAIMS))
    assert answer.status_code == 200, answer.text
    active = answer.json()
    assert (active["status"], active["size"], active["stores"]) == ("active", len(CONTENT), "web")
    assert active["locations"] == [{"url": there.url(), "metadata": {"rack": "7", "store": "web"}}]
    assert {name: active[name] for name in CLAIMS} == CLAIMS
    assert alice.get("image", active["file"]).content == CONTENT


def test_locations_come_in_their_order_and_go(alice: Client, admin: Client, there: Web) -> None:
    image_id = create(alice)["id"]
    for name, at in (("b", "-"), ("d", "1"), ("c", "1"), ("a", "0"), ("e", "77")):
        assert add(alice, image_id, location(there.url(f"/{name}")), at).status_code == 200
    assert urls(show(alice, image_id)) == ["a", "b", "c", "d", "e"]
    refused = change(alice, image_id, {"op": "remove", "path": "/locations/0"})
    assert (refused.status_code, "delete_image_location" in refused.text) == (403, True)
    for at in ("-", "0", "1"):
        assert change(admin, image_id, {"op": "remove", "path": f"/locations/{at}"}).status_code == 200
    assert urls(show(alice, image_id)) == ["b", "d"]
    outside = change(admin, image_id, {"op": "remove", "path": "/locations/2"})
    assert (outside.status_code, "Invalid position for removing a location." in outside.text) == (400, True)
    assert change(admin, image_id, {"op": "remove", "path": "/locations/0"}).status_code == 200
    last = change(admin, image_id, {"op": "remove", "path": "/locations/0"})
    assert (last.status_code, "Cannot remove last location in the image." in last.text) == (403, True)


def test_bytes_go_with_their_location(cloud: RunningCloud, admin: Client, there: Web) -> None:
    image_id = uploaded(admin)["id"]
    assert add(admin, image_id, location(there.url())).status_code == 200
    removed = change(admin, image_id, {"op": "remove", "path": "/locations/0"})
    assert removed.status_code == 200
    assert removed.json()["stores"] == "web"
    until(lambda: not list(store_folder(cloud, "disk").glob(f"{image_id}*")))


def test_locations_are_replaced_by_themselves_alone(alice: Client, there: Web) -> None:
    image_id = create(alice)["id"]
    first, second = location(there.url("/a")), location(there.url("/b"))

    def replaced(*wanted: dict[str, Any]) -> httpx.Response:
        return change(alice, image_id, {"op": "replace", "path": "/locations", "value": list(wanted)})

    none = replaced()
    assert (none.status_code, "Cannot set locations to empty list." in none.text) == (403, True)
    assert replaced(first, second).status_code == 200
    image = show(alice, image_id)
    assert (image["status"], urls(image)) == ("active", ["a", "b"])
    turned = replaced(image["locations"][1], {**image["locations"][0], "metadata": {"date": "2015-10-15"}})
    assert turned.status_code == 200, turned.text
    assert urls(turned.json()) == ["b", "a"]
    assert turned.json()["locations"][1]["metadata"] == {"date": "2015-10-15", "store": "web"}
    for wanted in ([first], [first, location(there.url("/c"))]):
        refused = replaced(*wanted)
        assert (refused.status_code, "Original locations is not empty" in refused.text) == (400, True)
    assert urls(show(alice, image_id)) == ["b", "a"]


@pytest.mark.parametrize(
    ("where", "status", "sentence"),
    [
        (location("gopher://info.example"), 400, "Invalid location"),
        (location("file:///etc/passwd"), 400, "Invalid location"),
        (location("FILE:///etc/passwd"), 400, "Invalid location"),
        (location("filesystem:///etc/passwd"), 400, "Invalid location"),
        (location("swift+config://ref/container/object"), 400, "Invalid location"),
        (location("http://10.0.0.1/"), 400, "Invalid location"),
        (location("http://[::1"), 400, "Invalid location"),
        (location(""), 400, "Invalid location"),
        (location("u" * 256), 400, "schema 'image': locations"),
        ({"url": "http://a.example"}, 400, "missing required field `metadata`"),
        (location("http://a.example", metadata={"a": 7}), 400, "must be strings"),
        (location("http://a.example", metadata={"a": [[[[[[[["x"]]]]]]]]}), 400, "nested too deeply"),
        (location("http://a.example", validation_data={"checksum": "1" * 32}), 400, "os_hash_algo"),
        (location("http://a.example", validation_data={**CLAIMS, "more": "x"}), 400, "unknown field"),
        (
            location("http://a.example", validation_data={**CLAIMS, "checksum": "x" * 32}),
            409,
            "not a valid hexadecimal",
        ),
        (
            location("http://a.example", validation_data={**CLAIMS, "os_hash_algo": "md5"}),
            409,
            "must be sha512, not md5",
        ),
        (location("http://a.example", validation_data={**CLAIMS, "os_hash_value": "ab"}), 409, "not the correct size"),
        (
            location("http://a.example", validation_data={**CLAIMS, "os_hash_value": "x"}),
            409,
            "not a valid hexadecimal",
        ),
    ],
)
def test_a_location_that_cannot_be_is_refused(alice: Client, where: dict[str, Any], status: int, sentence: str) -> None:
    image_id = create(alice)["id"]
    answer = add(alice, image_id, where)
    assert (answer.status_code, sentence in unescape(answer.text)) == (status, True), answer.text
    assert (show(alice, image_id)["status"], show(alice, image_id)["locations"]) == ("queued", [])


def test_a_place_in_the_list_has_a_number(alice: Client, there: Web) -> None:
    answer = add(alice, create(alice)["id"], location(there.url()), "first")
    assert (answer.status_code, "Invalid position for adding a location." in answer.text) == (400, True)


def test_what_a_server_does_not_have_is_no_location(alice: Client, there: Web) -> None:
    answer = add(alice, create(alice)["id"], location(there.url("/none")))
    assert (answer.status_code, "Invalid location" in answer.text) == (400, True)


def test_a_location_is_there_but_once(alice: Client, there: Web) -> None:
    image_id = create(alice)["id"]
    assert add(alice, image_id, location(there.url())).status_code == 200
    again = add(alice, image_id, location(there.url()))
    assert (again.status_code, f"The location {there.url()} already exists" in again.text) == (400, True)
    assert add(alice, image_id, location(there.url(), metadata={"other": "x"})).status_code == 200


def test_no_more_than_ten(alice: Client, there: Web) -> None:
    image_id = create(alice)["id"]
    ten = [{"op": "add", "path": "/locations/-", "value": location(there.url(f"/{number}"))} for number in range(10)]
    assert change(alice, image_id, *ten).status_code == 200
    before = len(there.asked)
    answer = add(alice, image_id, location(there.url("/more")))
    assert (answer.status_code, "Attempted: 11, Maximum: 10" in answer.text) == (413, True)
    eleven = [*ten, {"op": "add", "path": "/locations/-", "value": location(there.url("/eleven"))}]
    assert change(alice, create(alice)["id"], *eleven).status_code == 413
    assert len(there.asked) == before + 1


def test_claims_match_what_is_known(alice: Client, there: Web) -> None:
    image_id = create(alice)["id"]
    assert add(alice, image_id, location(there.url("/a"), validation_data=CLAIMS)).status_code == 200
    for name, value in (("checksum", "2" * 32), ("os_hash_value", "beefdead" * 16), ("os_hash_algo", "sha256")):
        refused = add(alice, image_id, location(there.url("/b"), validation_data={**CLAIMS, name: value}))
        assert (refused.status_code, f"{name} is already set with a different value" in refused.text) == (409, True)
    assert add(alice, image_id, location(there.url("/b"), validation_data=CLAIMS)).status_code == 200
    plain = create(alice)["id"]
    assert add(alice, plain, location(there.url("/a"))).status_code == 200
    late = add(alice, plain, location(there.url("/b"), validation_data=CLAIMS))
    assert (late.status_code, "may only be provided when image status is" in late.text) == (409, True)
    pair = [location(there.url("/a"), validation_data=CLAIMS)]
    pair.append(location(there.url("/b"), validation_data={**CLAIMS, "checksum": "2" * 32}))
    both = change(alice, create(alice)["id"], {"op": "replace", "path": "/locations", "value": pair})
    assert (both.status_code, "Conflicting values for checksum" in both.text) == (409, True)


def test_formats_are_known_before_locations(alice: Client, there: Web) -> None:
    image_id = create(alice, disk_format=None)["id"]
    answer = add(alice, image_id, location(there.url()))
    assert (answer.status_code, "Property disk_format must be set" in answer.text) == (400, True)
    both = [
        {"op": "replace", "path": "/disk_format", "value": "raw"},
        {"op": "add", "path": "/locations/-", "value": location(there.url())},
    ]
    assert change(alice, image_id, *both).json()["status"] == "active"


@pytest.mark.parametrize("verb", ["add", "replace", "remove"])
def test_a_deactivated_image_keeps_its_locations(admin: Client, there: Web, verb: str) -> None:
    image_id = uploaded(admin)["id"]
    assert admin.post("image", f"/v2/images/{image_id}/actions/deactivate").status_code == 204
    operation = {
        "add": {"op": "add", "path": "/locations/-", "value": location(there.url())},
        "replace": {"op": "replace", "path": "/locations", "value": [location(there.url())]},
        "remove": {"op": "remove", "path": "/locations/0"},
    }[verb]
    answer = change(admin, image_id, operation)
    sentence = f"It's not allowed to {verb} locations if image status is deactivated."
    assert (answer.status_code, sentence in unescape(answer.text)) == (409, True)


def test_nobody_makes_a_server_be_asked_for_anothers_image(alice: Client, bob: Client, there: Web) -> None:
    image_id, before = create(alice)["id"], len(there.asked)
    assert add(bob, image_id, location(there.url())).status_code == 404
    assert len(there.asked) == before


def test_a_store_loses_an_image_that_others_have(cloud: RunningCloud, admin: Client, there: Web) -> None:
    image_id = uploaded(admin, CONTENT)["id"]
    path = f"/v2/stores/disk/{image_id}"
    only = admin.delete("image", path)
    assert (only.status_code, "the only store containing it" in only.text) == (403, True)
    assert add(admin, image_id, location(there.url())).status_code == 200
    assert admin.delete("image", f"/v2/stores/moon/{image_id}").status_code == 409
    elsewhere_ = admin.delete("image", f"/v2/stores/shelf/{image_id}")
    assert (elsewhere_.status_code, "is not stored in store shelf" in elsewhere_.text) == (404, True)
    nothing = admin.delete("image", "/v2/stores/disk/nothing")
    assert (nothing.status_code, "Failed to find image nothing" in nothing.text) == (404, True)
    member = user_of(cloud, "admin")
    assert member.delete("image", path).status_code == 403
    assert admin.delete("image", path).status_code == 204
    assert not list(store_folder(cloud, "disk").glob(f"{image_id}*"))
    assert show(admin, image_id)["stores"] == "web"
    assert admin.get("image", f"/v2/images/{image_id}/file").content == CONTENT


def test_only_an_active_images_store_loses_it(admin: Client) -> None:
    answer = admin.delete("image", f"/v2/stores/disk/{create(admin)['id']}")
    assert (answer.status_code, "if image status is not" in answer.text) == (409, True)


def test_a_download_prefers_the_stores_that_it_names(alice: Client, there: Web) -> None:
    image = uploaded(alice, CONTENT)
    assert add(alice, image["id"], location(there.url("/other"))).status_code == 200
    before = len(there.asked)
    assert alice.get("image", image["file"]).content == CONTENT
    assert len(there.asked) == before
    for prefer in ("web", "shelf, web,disk"):
        assert alice.get("image", f"{image['file']}?prefer={prefer}").content == CONTENT
    assert len(there.asked) > before
    refused = alice.get("image", f"{image['file']}?prefer=moon")
    assert (refused.status_code, "Store 'moon' is not configured." in unescape(refused.text)) == (400, True)


def test_what_lies_in_a_store_of_ours_becomes_one_image_of_who_may_put_it_there(
    cloud: RunningCloud, alice: Client, admin: Client
) -> None:
    far = cloud.cloud.images.backends.named("far")
    assert far is not None
    where = location(far.store.address("snapshot"))
    refused = add(alice, create(alice)["id"], where)
    assert (refused.status_code, "Invalid location" in refused.text) == (400, True)
    first = add(admin, create(admin)["id"], where)
    assert (first.status_code, first.json()["stores"]) == (200, "far")
    second = add(admin, create(admin)["id"], where)
    assert (second.status_code, "Invalid location" in second.text) == (400, True)
