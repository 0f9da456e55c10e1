"""Images through compute, as its clients managed them up to 2.35, and their metadata up to 2.38."""

from typing import Any

import pytest
from tests.services.compute.test_network_proxies import NOBODY, asked, at, got
from tests.services.image.shelf import create, uploaded, user_of
from tests.support.cloud import Client, RunningCloud

IMAGES = "/v2.1/images"
SERVER = "5f0b1a1e-6f0c-4a3e-9a52-7c9f0f6e2d11"


@pytest.fixture(scope="module")
def nova(cloud: RunningCloud) -> Client:
    return at(cloud.login(), "2.35")


@pytest.fixture(scope="module")
def gardener(cloud: RunningCloud) -> Client:
    return at(user_of(cloud, "garden"), "2.35")


@pytest.fixture(scope="module")
def stranger(cloud: RunningCloud) -> Client:
    return at(user_of(cloud, "street"), "2.35")


def body_of(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ids(client: Client, **parameters: str) -> set[str]:
    return {one["id"] for one in got(client, IMAGES, **parameters)}


def metadata(client: Client, image_id: str) -> dict[str, str]:
    found: dict[str, str] = got(client, f"{IMAGES}/{image_id}/metadata")
    return found


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", IMAGES), ("GET", f"{IMAGES}/detail"), ("GET", f"{IMAGES}/{NOBODY}"), ("DELETE", f"{IMAGES}/{NOBODY}")],
)
def test_from_2_36_clients_ask_the_image_service(nova: Client, method: str, path: str) -> None:
    assert asked(at(nova, "2.36"), method, path)[0] == 404


@pytest.mark.parametrize(
    ("method", "end", "body"),
    [
        ("GET", "", None),
        ("POST", "", {"metadata": {"a": "b"}}),
        ("PUT", "", {"metadata": {"a": "b"}}),
        ("GET", "/colour", None),
        ("PUT", "/a", {"meta": {"a": "b"}}),
        ("DELETE", "/colour", None),
    ],
)
def test_from_2_39_metadata_belong_to_the_image_service(gardener: Client, method: str, end: str, body: Any) -> None:
    image_id = create(gardener, name="seed", colour="red")["id"]
    path = f"{IMAGES}/{image_id}/metadata{end}"
    assert asked(at(gardener, "2.39"), method, path, body)[0] == 404
    assert asked(at(gardener, "2.38"), method, path, body)[0] in (200, 204)


def test_an_image_is_shown_in_compute_s_words(gardener: Client) -> None:
    made = uploaded(
        gardener, b"bytes", name="bulb", min_disk=2, min_ram=64, instance_uuid=SERVER, auto_disk_config="no"
    )
    shown = got(gardener, f"{IMAGES}/{made['id']}")
    here, there = gardener.running.url("compute"), gardener.running.url("image").replace("127.0.0.1", "localhost")
    path = f"/images/{made['id']}"
    assert shown == {
        "id": made["id"],
        "name": "bulb",
        "status": "ACTIVE",
        "progress": 100,
        "created": made["created_at"],
        "updated": made["updated_at"],
        "minDisk": 2,
        "minRam": 64,
        "metadata": {"instance_uuid": SERVER, "auto_disk_config": "no"},
        "OS-EXT-IMG-SIZE:size": 5,
        "OS-DCF:diskConfig": "MANUAL",
        "server": {
            "id": SERVER,
            "links": [
                {"rel": "self", "href": f"{here}/v2.1/servers/{SERVER}"},
                {"rel": "bookmark", "href": f"{here}/servers/{SERVER}"},
            ],
        },
        "links": [
            {"rel": "self", "href": f"{here}/v2.1{path}"},
            {"rel": "bookmark", "href": f"{here}{path}"},
            {"rel": "alternate", "type": "application/vnd.openstack.image", "href": shown["links"][2]["href"]},
        ],
    }
    assert shown["links"][2]["href"].replace("127.0.0.1", "localhost") == there + path
    assert shown in got(gardener, f"{IMAGES}/detail")
    summary = {name: shown[name] for name in ("id", "name", "links")}
    assert summary in got(gardener, IMAGES)


def test_an_image_without_bytes_is_being_saved(gardener: Client) -> None:
    made = create(gardener, name="empty", instance_uuid="no server", auto_disk_config="True")
    shown = got(gardener, f"{IMAGES}/{made['id']}")
    assert (shown["status"], shown["progress"], shown["OS-EXT-IMG-SIZE:size"]) == ("SAVING", 25, 0)
    assert (shown["OS-DCF:diskConfig"], "server" in shown) == ("AUTO", False)


def test_a_closed_image_is_of_no_known_status(gardener: Client) -> None:
    made = uploaded(gardener, name="closed")
    closed = gardener.post("image", f"/v2/images/{made['id']}/actions/deactivate")
    assert closed.status_code == 204, closed.text
    shown = got(gardener, f"{IMAGES}/{made['id']}")
    assert (shown["status"], shown["progress"]) == ("UNKNOWN", 0)


def test_lists_are_filtered(gardener: Client) -> None:
    bytes_ = {"name": "whole", "instance_uuid": SERVER, "image_type": "snapshot", "min_disk": 7, "min_ram": 77}
    whole = uploaded(gardener, **bytes_)["id"]
    empty = create(gardener, name="hollow", colour="blue")["id"]
    only_whole: list[dict[str, str]] = [
        {"name": "whole"},
        {"status": "ACTIVE"},
        {"status": "active"},
        {"server": SERVER},
        {"server": f"http://cloud.example/v2.1/servers/{SERVER}"},
        {"type": "snapshot"},
        {"minDisk": "7"},
        {"minRam": "77"},
        {"property-image_type": "snapshot"},
    ]
    only_empty: list[dict[str, str]] = [
        {"status": "SAVING"},
        {"status": "queued"},
        {"property-colour": "blue"},
    ]
    for wanted, unwanted, filters in ((whole, empty, only_whole), (empty, whole, only_empty)):
        for one in filters:
            found = ids(gardener, **one)
            assert (wanted in found, unwanted in found) == (True, False), one
    assert ids(gardener, status="DELETED") == set()
    assert ids(gardener, unknown="passed over") >= {whole, empty}
    assert whole in ids(gardener, **{"changes-since": "2020-01-01T00:00:00Z"})
    assert ids(gardener, **{"changes-since": "2120-01-01T00:00:00Z"}) == set()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("limit=-1", "Invalid input for query parameters limit. Value: -1. limit must not be negative"),
        ("limit=a", "Invalid input for query parameters limit. Value: a. 'a' is not an integer"),
        (f"marker={NOBODY}", f"No image found with ID {NOBODY}"),
        ("minDisk=much", "Unable to filter on a range with a non-numeric value."),
        ("changes-since=now", 'Bad "updated_at" query filter format. Use ISO 8601 DateTime notation.'),
        ("property-sort_key=x", "Invalid sort key: x."),
    ],
)
def test_what_no_list_can_be_made_of_is_refused(gardener: Client, query: str, sentence: str) -> None:
    for path in (IMAGES, f"{IMAGES}/detail"):
        status, said = asked(gardener, "GET", f"{path}?{query}")
        assert (status, said.startswith(sentence)) == (400, True), said


def test_lists_have_pages(cloud: RunningCloud) -> None:
    walker = at(user_of(cloud, "walk"), "2.35")
    made = [create(walker, name="step", pace=str(number))["id"] for number in range(3)]
    for path in (IMAGES, f"{IMAGES}/detail"):
        found: list[str] = []
        following = f"{path}?limit=2&name=step"
        while following:
            page = body_of(walker.get("compute", following))
            found += [one["id"] for one in page["images"]]
            links = page.get("images_links", [])
            following = links[0]["href"].removeprefix(walker.running.url("compute")) if links else ""
        assert found == made[::-1]
    assert "images_links" not in body_of(walker.get("compute", f"{IMAGES}?name=step&limit=0"))


def test_others_see_what_the_image_service_lets_them_see(nova: Client, gardener: Client, stranger: Client) -> None:
    own = uploaded(gardener, name="own", visibility="private")["id"]
    public = uploaded(nova, name="for all", visibility="public")["id"]
    community = uploaded(gardener, name="common", visibility="community")["id"]
    assert own in ids(gardener)
    assert own in ids(nova)
    seen = ids(stranger)
    assert (own in seen, public in seen, community in seen) == (False, True, False)
    assert got(stranger, f"{IMAGES}/{community}")["name"] == "common"
    for end in ("", "/metadata", "/metadata/a"):
        assert asked(stranger, "GET", f"{IMAGES}/{own}{end}") == (404, "Image not found.")
    assert asked(stranger, "DELETE", f"{IMAGES}/{own}") == (404, "Image not found.")
    assert asked(stranger, "DELETE", f"{IMAGES}/{public}") == (403, "You are not allowed to delete the image.")
    refused = (403, f"Not authorized for image {public}.")
    for method, end, body in (
        ("POST", "", {"metadata": {"a": "b"}}),
        ("PUT", "", {"metadata": {"a": "b"}}),
        ("PUT", "/a", {"meta": {"a": "b"}}),
    ):
        assert asked(stranger, method, f"{IMAGES}/{public}/metadata{end}", body) == refused
    assert got(nova, f"{IMAGES}/{public}/metadata") == {}


def test_readers_only_read(cloud: RunningCloud, gardener: Client) -> None:
    reader = at(user_of(cloud, "garden", "reader"), "2.35")
    image_id = create(gardener, name="read", colour="red")["id"]
    assert metadata(reader, image_id) == {"colour": "red"}
    assert asked(reader, "DELETE", f"{IMAGES}/{image_id}") == (403, "You are not allowed to delete the image.")
    refused = (403, f"Not authorized for image {image_id}.")
    assert asked(reader, "DELETE", f"{IMAGES}/{image_id}/metadata/colour") == refused


def test_an_image_is_deleted(gardener: Client) -> None:
    image_id = uploaded(gardener, name="gone")["id"]
    assert asked(gardener, "DELETE", f"{IMAGES}/{image_id}") == (204, "")
    for method in ("GET", "DELETE"):
        assert asked(gardener, method, f"{IMAGES}/{image_id}") == (404, "Image not found.")
    assert gardener.get("image", f"/v2/images/{image_id}").status_code == 404


def test_a_protected_image_stays(gardener: Client) -> None:
    image_id = uploaded(gardener, name="kept", protected=True)["id"]
    assert asked(gardener, "DELETE", f"{IMAGES}/{image_id}") == (403, "You are not allowed to delete the image.")
    assert gardener.get("image", f"/v2/images/{image_id}/file").content == b"bytes"


def test_metadata_are_added_replaced_and_deleted(gardener: Client) -> None:
    image_id = create(gardener, name="told", colour="red", tags=["a tag"])["id"]
    path = f"{IMAGES}/{image_id}/metadata"
    added = gardener.post("compute", path, json={"metadata": {"size": "small"}})
    assert added.status_code == 403
    assert body_of(gardener.post("compute", path, json={"metadata": {"shape": "round"}})) == {
        "metadata": {"colour": "red", "shape": "round"}
    }
    assert got(gardener, f"{path}/shape") == {"shape": "round"}
    replaced = {"metadata": {"colour": "blue", "scent": "sweet"}}
    assert body_of(gardener.put("compute", path, json=replaced)) == replaced
    one = {"meta": {"scent": "none"}}
    assert body_of(gardener.put("compute", f"{path}/scent", json=one)) == one
    assert asked(gardener, "DELETE", f"{path}/colour") == (204, "")
    assert metadata(gardener, image_id) == {"scent": "none"}
    image = gardener.get("image", f"/v2/images/{image_id}").json()
    assert (image["scent"], image["tags"], image["name"]) == ("none", ["a tag"], "told")


def test_wrong_metadata_are_refused(gardener: Client) -> None:
    image_id = create(gardener, name="strict", colour="red")["id"]
    path = f"{IMAGES}/{image_id}/metadata"
    forbidden = (403, f"Not authorized for image {image_id}.")
    taken = (400, "An image's attribute can't be set by metadata: owner.")
    for name, refusal in (("status", forbidden), ("os_glance_x", forbidden), ("owner", taken)):
        assert asked(gardener, "POST", path, {"metadata": {name: "x"}}) == refusal
        assert asked(gardener, "PUT", f"{path}/{name}", {"meta": {name: "x"}}) == refusal
    assert asked(gardener, "PUT", f"{path}/a", {"meta": {"b": "x"}}) == (400, "Request body and URI mismatch")
    for body in ({}, {"meta": {}}, {"meta": {"a": "x", "b": "y"}}, {"meta": {"a": 1}}, {"meta": {"a" * 256: "x"}}):
        assert asked(gardener, "PUT", f"{path}/a", body)[0] == 400
    assert asked(gardener, "GET", f"{path}/none") == (404, "The resource could not be found.")
    assert asked(gardener, "DELETE", f"{path}/none") == (404, "Invalid metadata key")
    many = {str(number): "" for number in range(129)}
    assert asked(gardener, "PUT", path, {"metadata": many}) == (403, "Image metadata limit exceeded")
    assert metadata(gardener, image_id) == {"colour": "red"}
