"""`PATCH /v2/images/ID` in both dialects."""

from typing import Any

import pytest
from msgspec.structs import replace
from tests.services.image.shelf import OLD_PATCH, RAW, change, create, names, show, uploaded
from tests.support.cloud import Client, RunningCloud

from haneul.kernel.errors import Conflict
from haneul.services.image.images import logic


def test_attributes_properties_and_tags_change_in_one_go(alice: Client) -> None:
    image = create(alice, colour="red", shape="round")
    answer = change(
        alice,
        image["id"],
        {"op": "replace", "path": "/name", "value": "Rose"},
        {"op": "add", "path": "/min_ram", "value": 512},
        {"op": "replace", "path": "/tags", "value": ["b", "a"]},
        {"op": "replace", "path": "/colour", "value": "blue"},
        {"op": "add", "path": "/a~1b~0c", "value": "odd"},
        {"op": "remove", "path": "/shape"},
    )
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert changed == show(alice, image["id"])
    assert "shape" not in changed
    wanted = {"name": "Rose", "min_ram": 512, "tags": ["a", "b"], "colour": "blue", "a/b~c": "odd"}
    assert {name: changed[name] for name in wanted} == wanted
    assert changed["visibility"] == image["visibility"]


def test_the_older_dialect_adds_only_what_is_not_there(alice: Client) -> None:
    path = f"/v2/images/{create(alice, colour='red')['id']}"
    answer = alice.patch("image", path, json=[{"add": "/shape", "value": "round"}], headers=OLD_PATCH)
    assert (answer.status_code, answer.json()["shape"]) == (200, "round")
    for name in ("colour", "name"):
        answer = alice.patch("image", path, json=[{"add": f"/{name}", "value": "x"}], headers=OLD_PATCH)
        assert (answer.status_code, f"Property {name} already present." in answer.text) == (409, True)
    answer = alice.patch("image", path, json=[{"add": "/a", "remove": "/b", "value": "x"}], headers=OLD_PATCH)
    assert (answer.status_code, "contain only one member" in answer.text) == (400, True)
    answer = alice.patch("image", path, json=[{"value": "x"}], headers=OLD_PATCH)
    assert (answer.status_code, "contain exactly one member" in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("operation", "status", "sentence"),
    [
        (7, 400, "Operations must be JSON objects."),
        ({"path": "/name", "value": "x"}, 400, "Unable to find `op` in JSON Schema change."),
        ({"op": "copy", "path": "/name"}, 400, "Invalid operation: `copy`."),
        ({"op": "add", "value": "x"}, 400, "Unable to find"),
        ({"op": "add", "path": "/a"}, 400, "requires a member named"),
        ({"op": "add", "path": "a", "value": ""}, 400, "does not start with"),
        ({"op": "add", "path": 7, "value": ""}, 400, "does not start with"),
        ({"op": "add", "path": "/", "value": ""}, 400, "does not contains valid token."),
        ({"op": "add", "path": "/a//b", "value": ""}, 400, "contains adjacent"),
        ({"op": "add", "path": "/a/", "value": ""}, 400, "end with"),
        ({"op": "add", "path": "/a~2", "value": ""}, 400, "not part of a recognized escape sequence."),
        ({"op": "add", "path": "/a/b", "value": ""}, 400, "Invalid JSON pointer for this resource:"),
        ({"op": "add", "path": "/a", "value": 7}, 400, "Provided object does not match schema"),
        ({"op": "replace", "path": "/name", "value": 7}, 400, "Provided object does not match schema"),
        ({"op": "replace", "path": "/visibility", "value": "secret"}, 400, "Provided object does not match schema"),
        ({"op": "replace", "path": "/absent", "value": "x"}, 409, "Property absent does not exist."),
        ({"op": "remove", "path": "/absent"}, 409, "Property absent does not exist."),
        ({"op": "remove", "path": "/name"}, 403, "Property name may not be removed."),
        ({"op": "replace", "path": "/id", "value": "x"}, 403, "is read-only."),
        ({"op": "replace", "path": "/status", "value": "active"}, 403, "is read-only."),
        ({"op": "remove", "path": "/checksum"}, 403, "is read-only."),
        ({"op": "add", "path": "/deleted", "value": "x"}, 403, "is reserved."),
        ({"op": "add", "path": "/os_glance_x", "value": "x"}, 403, "is reserved."),
        (
            {"op": "add", "path": "/locations/-", "value": {"url": "http://a.example/b", "metadata": {}}},
            403,
            "It&#x27;s not allowed to add locations if locations are invisible.",
        ),
        ({"op": "remove", "path": "/locations/0"}, 403, "delete_image_location"),
        ({"op": "add", "path": "/locations/-", "value": {}}, 400, "schema &#x27;image&#x27;: locations"),
        ({"op": "add", "path": "/locations", "value": []}, 400, "Invalid JSON pointer for this resource:"),
        ({"op": "replace", "path": "/owner", "value": "me"}, 403, "Owner can&#x27;t be updated by non admin."),
        ({"op": "replace", "path": "/visibility", "value": "public"}, 403, "publicize_image"),
        ({"op": "replace", "path": "/disk_format", "value": "iso"}, 403, "can be only replaced for a queued image."),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(alice: Client, operation: Any, status: int, sentence: str) -> None:
    image = uploaded(alice, colour="red")
    answer = change(alice, image["id"], {"op": "add", "path": "/other", "value": "x"}, operation)
    assert (answer.status_code, sentence in answer.text) == (status, True), answer.text
    assert show(alice, image["id"]) == image


def test_a_body_of_another_kind_is_refused(alice: Client) -> None:
    path = f"/v2/images/{create(alice)['id']}"
    other = alice.patch("image", path, json=[])
    assert (other.status_code, "Unsupported Content-Type: application/json" in other.text) == (415, True)
    assert alice.patch("image", path, content=b"[]").status_code == 415
    assert alice.patch("image", path, json={}, headers=OLD_PATCH).status_code == 400
    assert alice.patch("image", path, content=b"[", headers=OLD_PATCH).status_code == 400
    assert alice.patch("image", path, json=[], headers=OLD_PATCH).status_code == 200


def test_an_administrator_may_give_an_image_away_and_make_it_public(alice: Client, bob: Client, admin: Client) -> None:
    image_id = create(alice, name="gift", visibility="private")["id"]
    owner = create(bob)["owner"]
    given = change(admin, image_id, {"op": "replace", "path": "/owner", "value": owner})
    assert (given.status_code, given.json()["owner"]) == (200, owner)
    assert "gift" in names(bob)
    assert "gift" not in names(alice)
    assert change(admin, image_id, {"op": "replace", "path": "/visibility", "value": "public"}).status_code == 200
    assert "gift" in names(alice)


def test_no_more_properties_than_an_image_may_have(alice: Client) -> None:
    image = create(alice, **{f"p{number}": "" for number in range(128)})
    answer = change(alice, image["id"], {"op": "add", "path": "/one_more", "value": "x"})
    assert (answer.status_code, "Attempted: 129, Maximum: 128" in answer.text) == (413, True)
    swapped = change(
        alice, image["id"], {"op": "remove", "path": "/p0"}, {"op": "add", "path": "/one_more", "value": "x"}
    )
    assert swapped.status_code == 200


def test_a_queued_images_formats_may_change(alice: Client) -> None:
    image = create(alice, **RAW)
    answer = change(alice, image["id"], {"op": "replace", "path": "/disk_format", "value": "qcow2"})
    assert (answer.status_code, answer.json()["disk_format"]) == (200, "qcow2")


def test_of_two_changes_to_what_was_read_once_the_second_is_refused(cloud: RunningCloud, alice: Client) -> None:
    image_id = create(alice, colour="red")["id"]
    store = cloud.cloud.store
    read = store.read(lambda db: logic.get(db, image_id))
    assert read is not None
    store.write(lambda db: logic.save(db, read, replace(read, properties={"colour": "blue"})))
    with pytest.raises(Conflict, match="currently being operated on"):
        store.write(lambda db: logic.save(db, read, replace(read, properties={"colour": "green"})))
    assert show(alice, image_id)["colour"] == "blue"
