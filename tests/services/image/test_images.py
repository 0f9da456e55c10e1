import uuid
from typing import Any

import pytest
from sqlalchemy import func, select
from tests.services.image.shelf import QCOW2, create, files, names, show, upload, uploaded, user_of
from tests.support.cloud import Client, RunningCloud

from haneul.services.image.images.models import properties, tags
from haneul.services.image.locations.models import locations


def test_an_image_is_created_as_the_api_reference_shows_it(alice: Client) -> None:
    image_id = str(uuid.uuid4())
    given = {"id": image_id, "name": "Ubuntu", "tags": ["b", "a", "a"], "min_disk": 2, "min_ram": 64, **QCOW2}
    answer = alice.post("image", "/v2/images", json={**given, "os_distro": "ubuntu"})
    assert answer.status_code == 201
    assert answer.headers["Location"].endswith(f":{alice.running.url('image').rpartition(':')[2]}/v2/images/{image_id}")
    assert answer.headers["OpenStack-image-store-ids"] == "file"
    image = answer.json()
    assert image == show(alice, image_id)
    assert image | {"owner": "", "created_at": "", "updated_at": ""} == {
        "id": image_id,
        "name": "Ubuntu",
        "status": "queued",
        "visibility": "shared",
        "owner": "",
        "protected": False,
        "os_hidden": False,
        "disk_format": "qcow2",
        "container_format": "bare",
        "size": None,
        "virtual_size": None,
        "min_disk": 2,
        "min_ram": 64,
        "checksum": None,
        "os_hash_algo": None,
        "os_hash_value": None,
        "created_at": "",
        "updated_at": "",
        "tags": ["a", "b"],
        "self": f"/v2/images/{image_id}",
        "file": f"/v2/images/{image_id}/file",
        "schema": "/v2/schemas/image",
        "os_distro": "ubuntu",
    }
    again = alice.post("image", "/v2/images", json={"id": image_id})
    assert (again.status_code, f"Image ID {image_id} already exists!" in again.text) == (409, True)


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"name": 7}, 400, "name"),
        ({"name": "n" * 256}, 400, "name"),
        ({"id": "7"}, 400, "id"),
        ({"disk_format": "floppy"}, 400, "disk_format"),
        ({"container_format": "crate"}, 400, "container_format"),
        ({"visibility": "secret"}, 400, "visibility"),
        ({"protected": "yes"}, 400, "protected"),
        ({"min_disk": -1}, 400, "min_disk"),
        ({"min_ram": 2**31}, 400, "min_ram"),
        ({"tags": ["t" * 256]}, 400, "tags"),
        ({"os_distro": 7}, 400, "os_distro"),
        ({"os_distro": None}, 400, "os_distro"),
        ({"kernel_id": "7"}, 400, "kernel_id"),
        ({"cinder_encryption_key_deletion_policy": "never"}, 400, "cinder_encryption_key_deletion_policy"),
        ({"p" * 256: "long"}, 400, "Custom property should not be greater than 255 characters."),
        ({"status": "active"}, 403, "Attribute &#x27;status&#x27; is read-only."),
        ({"direct_url": "x"}, 403, "Attribute &#x27;direct_url&#x27; is read-only."),
        ({"size": 7}, 403, "Attribute &#x27;size&#x27; is read-only."),
        ({"locations": []}, 403, "Attribute &#x27;locations&#x27; is reserved."),
        ({"os_glance_x": "y"}, 403, "Attribute &#x27;os_glance_x&#x27; is reserved."),
        ({"visibility": "public"}, 403, "You are not authorized to complete publicize_image action."),
        ({"owner": "somebody"}, 403, "You are not permitted to create images owned by &#x27;somebody&#x27;"),
        ({f"p{number}": "" for number in range(129)}, 413, "Attempted: 129, Maximum: 128"),
        ({"tags": [str(number) for number in range(129)]}, 413, "Attempted: 129, Maximum: 128"),
        ([], 400, "body"),
    ],
)
def test_a_create_that_makes_no_sense_is_refused(alice: Client, body: Any, status: int, sentence: str) -> None:
    before = alice.get("image", "/v2/images?limit=1000").json()["images"]
    answer = alice.post("image", "/v2/images", json=body)
    assert (answer.status_code, sentence in answer.text) == (status, True), answer.text
    assert alice.get("image", "/v2/images?limit=1000").json()["images"] == before


def test_a_reader_creates_nothing(cloud: RunningCloud) -> None:
    reader = user_of(cloud, "garden", "reader")
    answer = reader.post("image", "/v2/images", json={})
    assert (answer.status_code, "You are not authorized to complete add_image action." in answer.text) == (403, True)


def test_errors_come_as_html_or_as_json(alice: Client) -> None:
    path = "/v2/images/nowhere"
    page = alice.get("image", path)
    assert (page.status_code, page.headers["Content-Type"]) == (404, "text/html; charset=UTF-8")
    assert "<title>404 Not Found</title>" in page.text
    plain = alice.get("image", path, headers={"Accept": "application/json"}).json()
    assert (plain["code"], plain["title"]) == ("404 Not Found", "Not Found")
    assert plain["message"].startswith("No image found with ID nowhere")


def test_nobody_sees_anothers_private_image(alice: Client, bob: Client, admin: Client) -> None:
    image_id = uploaded(alice, visibility="private")["id"]
    path = f"/v2/images/{image_id}"
    refused = [
        bob.get("image", path),
        bob.get("image", f"{path}/file"),
        bob.delete("image", path),
        bob.patch("image", path, json=[], headers={"Content-Type": "application/openstack-images-v2.1-json-patch"}),
        bob.put("image", f"{path}/tags/mine"),
        bob.post("image", f"{path}/actions/deactivate"),
        bob.get("image", f"{path}/members"),
        upload(bob, image_id, b"mine"),
        bob.get("image", "/v2/images/no-such-image"),
    ]
    assert {answer.status_code for answer in refused} == {404}
    assert refused[0].text == refused[-1].text.replace("no-such-image", image_id)
    assert bob.get("image", f"/v2/images?marker={image_id}").status_code == 400
    assert show(admin, image_id)["id"] == image_id


def test_anothers_community_image_is_listed_only_on_request(alice: Client, bob: Client, admin: Client) -> None:
    create(alice, name="commons", visibility="community")
    assert "commons" in names(alice)
    for other in (bob, admin):
        assert "commons" not in names(other)
        assert "commons" in names(other, "visibility=community")
        assert "commons" in names(other, "visibility=all")


def test_what_can_be_seen_but_not_changed_answers_forbidden(alice: Client, bob: Client, admin: Client) -> None:
    image_id = uploaded(alice, visibility="community")["id"]
    assert show(bob, image_id)["visibility"] == "community"
    assert bob.get("image", f"/v2/images/{image_id}/file").content == b"bytes"
    assert bob.delete("image", f"/v2/images/{image_id}").status_code == 403
    assert bob.put("image", f"/v2/images/{image_id}/tags/mine").status_code == 403
    assert upload(bob, image_id, b"mine").status_code == 403
    assert show(admin, image_id)["tags"] == []


def test_deleting_leaves_nothing(alice: Client, cloud: RunningCloud) -> None:
    before = files(cloud)
    image = uploaded(alice, tags=["a"], colour="red")
    assert len(files(cloud)) == len(before) + 1
    assert alice.delete("image", f"/v2/images/{image['id']}").status_code == 204
    assert files(cloud) == before
    missing = alice.delete("image", f"/v2/images/{image['id']}")
    assert missing.status_code == 404
    for table in (properties, tags, locations):
        left = select(func.count()).select_from(table).where(table.c.image_id == image["id"])
        assert cloud.cloud.store.read(lambda db, count=left: db.value(count)) == 0  # type: ignore[misc]


def test_a_protected_image_stays(alice: Client) -> None:
    image = uploaded(alice, protected=True)
    answer = alice.delete("image", f"/v2/images/{image['id']}")
    sentence = f"Image {image['id']} is protected and cannot be deleted."
    assert (answer.status_code, sentence in answer.text) == (403, True)
    assert alice.get("image", image["file"]).content == b"bytes"


def test_a_deactivated_image_is_kept_from_all_but_administrators(alice: Client, admin: Client) -> None:
    image = uploaded(alice)
    path = f"/v2/images/{image['id']}"
    for _ in range(2):
        assert alice.post("image", f"{path}/actions/deactivate").status_code == 204
    assert show(alice, image["id"])["status"] == "deactivated"
    refused = alice.get("image", f"{path}/file")
    assert (refused.status_code, "has been deactivated" in refused.text) == (403, True)
    assert admin.get("image", f"{path}/file").content == b"bytes"
    assert alice.post("image", f"{path}/actions/reactivate").status_code == 204
    assert alice.get("image", f"{path}/file").content == b"bytes"
    queued = create(alice)
    refused = alice.post("image", f"/v2/images/{queued['id']}/actions/deactivate")
    assert (refused.status_code, "Not allowed to deactivate image in status" in refused.text) == (403, True)


def test_tags_come_and_go(alice: Client) -> None:
    image_id = create(alice)["id"]
    path = f"/v2/images/{image_id}/tags"
    for tag in ("x86", "x86", "64 bit"):
        assert alice.put("image", f"{path}/{tag}").status_code == 204
    assert show(alice, image_id)["tags"] == ["64 bit", "x86"]
    assert alice.delete("image", f"{path}/x86").status_code == 204
    assert alice.delete("image", f"{path}/x86").status_code == 404
    assert alice.put("image", f"{path}/{'t' * 256}").status_code == 400
    assert show(alice, image_id)["tags"] == ["64 bit"]


def test_an_id_never_comes_to_mean_another_image(alice: Client, bob: Client) -> None:
    """Hosts keep images by their ids: a second image of an id would be given the first one's bytes there."""
    first = uploaded(alice, name="private notes")
    assert alice.delete("image", f"/v2/images/{first['id']}").status_code == 204
    again = bob.post("image", "/v2/images", json={"id": first["id"], "name": "mine now"})
    assert again.status_code == 409
    assert f"Image ID {first['id']} already exists!" in again.text
    assert bob.get("image", f"/v2/images/{first['id']}").status_code == 404
