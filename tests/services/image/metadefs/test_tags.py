from typing import Any

import pytest
from tests.services.image.metadefs.shelf import NAMESPACES, made, refused, shown, without_times
from tests.support.cloud import Client

APPEND = {"X-Openstack-Append": "True"}


@pytest.fixture
def namespace(admin: Client) -> str:
    return str(made(admin)["namespace"])


@pytest.fixture
def tags(namespace: str) -> str:
    """The path of a namespace's tags."""
    return f"{NAMESPACES}/{namespace}/tags"


def body_of(*names: str) -> dict[str, Any]:
    return {"tags": [{"name": name} for name in names]}


def names(client: Client, tags: str, query: str = "") -> list[str]:
    answer = client.get("image", tags + query)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"tags"}
    return [one["name"] for one in answer.json()["tags"]]


def test_a_tag_is_made_shown_renamed_and_deleted(admin: Client, tags: str) -> None:
    answer = admin.post("image", f"{tags}/Sunny")
    assert (answer.status_code, without_times(answer.json())) == (201, {"name": "Sunny"})
    assert without_times(admin.get("image", f"{tags}/sunny").json()) == {"name": "Sunny"}
    changed = admin.put("image", f"{tags}/Sunny", json={"name": "sunny"})
    assert (changed.status_code, without_times(changed.json())) == (200, {"name": "sunny"})
    assert admin.put("image", f"{tags}/sunny", json={"name": "shady"}).json()["name"] == "shady"
    assert admin.delete("image", f"{tags}/shady").status_code == 204
    for method in ("GET", "DELETE"):
        refused(admin.request(method, "image", f"{tags}/shady"), 404, "Could not find metadata tag shady")
    refused(admin.put("image", f"{tags}/shady", json={"name": "x"}), 404, "Could not find metadata tag shady")


def test_many_tags_come_in_the_place_of_all_or_beside_them(admin: Client, namespace: str, tags: str) -> None:
    answer = admin.post("image", tags, json=body_of("a", "b"))
    assert (answer.status_code, answer.json()) == (201, body_of("a", "b"))
    assert names(admin, tags) == ["b", "a"]
    assert admin.post("image", tags, json=body_of("c")).status_code == 201
    assert names(admin, tags) == ["c"]
    assert admin.post("image", tags, json=body_of("e", "d"), headers=APPEND).json() == body_of("e", "d")
    assert names(admin, tags) == ["d", "e", "c"]
    assert admin.post("image", tags, json=body_of("f"), headers={"X-Openstack-Append": "no"}).status_code == 201
    assert admin.post("image", tags, json=body_of()).json() == body_of()
    assert names(admin, tags) == ["f"]
    said = f"A metadata tag with name=f already exists in namespace={namespace}."
    refused(admin.post("image", tags, json=body_of("g", "F"), headers=APPEND), 409, said)
    refused(admin.post("image", tags, json=body_of("g", "G")), 409, "A metadata tag with name=G already exists")
    assert names(admin, tags) == ["f"]


def test_letters_make_no_other_tag(admin: Client, namespace: str, tags: str) -> None:
    for name in ("straße", "b"):
        assert admin.post("image", f"{tags}/{name}").status_code == 201
    said = (
        f"A metadata tag with name=STRASSE already exists in namespace={namespace}. (Please note that metadata tag "
        "names are case insensitive)."
    )
    refused(admin.post("image", f"{tags}/STRASSE"), 409, said)
    refused(admin.put("image", f"{tags}/b", json={"name": "STRASSE"}), 409, said)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["c", "a", "b"]),
        ("?sort_dir=asc", ["b", "a", "c"]),
        ("?sort_key=name&sort_dir=asc", ["a", "b", "c"]),
        ("?sort_key=id&sort_dir=asc", ["b", "a", "c"]),
        ("?limit=2", ["c", "a"]),
        ("?limit=0", []),
        ("?marker=C", ["a", "b"]),
        ("?marker=a&sort_key=name&sort_dir=asc&limit=1", ["b"]),
        ("?marker=&visibility=shared", ["c", "a", "b"]),
    ],
)
def test_a_query_finds(admin: Client, tags: str, query: str, found: list[str]) -> None:
    assert admin.post("image", tags, json=body_of("b", "a", "c")).status_code == 201
    assert names(admin, tags, query) == found


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("limit=few", 400, "limit param must be an integer"),
        ("limit=-1", 400, "limit param must be positive"),
        ("sort_dir=up", 400, "Invalid sort direction: up"),
        ("sort_key=colour", 400, "Sort key supplied is invalid: colour"),
        ("visibility=any", 400, "Invalid visibility value: any"),
        ("marker=none", 404, "Could not find metadata tag none"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(
    admin: Client, tags: str, query: str, status: int, sentence: str
) -> None:
    refused(admin.get("image", f"{tags}?{query}"), status, sentence)


def test_another_namespaces_tag_is_no_marker(admin: Client, tags: str) -> None:
    made(admin, tags=[{"name": "theirs"}])
    refused(admin.get("image", f"{tags}?marker=theirs"), 404, "Could not find metadata tag theirs")


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({}, 400, "Provided object does not match schema 'tag': 'name' is a required property"),
        ({"name": "x" * 81}, 400, "is too long (at name)"),
        ({"name": 1}, 400, "1 is not of type 'string'"),
        ({"name": "x", "colour": 1}, 400, "Additional properties are not allowed ('colour' was unexpected)"),
        ({"name": "x", "updated_at": "now"}, 403, "Attribute 'updated_at' is read-only."),
    ],
)
def test_a_name_that_makes_no_sense_is_refused(
    admin: Client, tags: str, body: dict[str, object], status: int, sentence: str
) -> None:
    refused(admin.put("image", f"{tags}/any", json=body), status, sentence)


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({}, 400, "Provided object does not match schema 'tags': 'tags' is a required property"),
        ({"tags": "x"}, 400, "'x' is not of type 'array' (at tags)"),
        ({"tags": [{}]}, 400, "'name' is a required property (at tags.0)"),
        ({"tags": [{"name": "x", "id": 1}]}, 400, "Additional properties are not allowed ('id' was unexpected)"),
        (body_of("x" * 81), 400, "Expected `str` of length <= 80"),
        ({"tags": [], "created_at": "now"}, 403, "Attribute 'created_at' is read-only."),
    ],
)
def test_many_tags_that_make_no_sense_are_refused(
    admin: Client, tags: str, body: dict[str, object], status: int, sentence: str
) -> None:
    refused(admin.post("image", tags, json=body), status, sentence)


def test_a_long_name_in_the_path_is_refused(admin: Client, tags: str) -> None:
    refused(admin.post("image", f"{tags}/{'x' * 81}"), 400, "is too long (at name)")


def test_all_tags_go_at_once_but_not_from_a_protected_namespace(admin: Client, namespace: str, tags: str) -> None:
    assert admin.post("image", f"{tags}/Sunny").status_code == 201
    admin.put("image", f"{NAMESPACES}/{namespace}", json={"namespace": namespace, "protected": True})
    said = "Metadata definition tag Sunny is protected and cannot be deleted."
    refused(admin.delete("image", f"{tags}/sunny"), 403, said)
    refused(admin.delete("image", tags), 403, f"Metadata definition namespace {namespace} is protected")
    admin.put("image", f"{NAMESPACES}/{namespace}", json={"namespace": namespace})
    assert admin.delete("image", tags).status_code == 204
    assert "tags" not in shown(admin, namespace)


def test_a_full_namespace_takes_no_more(admin: Client) -> None:
    namespace = made(admin, tags=[{"name": str(number)} for number in range(1000)])["namespace"]
    tags, said = f"{NAMESPACES}/{namespace}/tags", "tags of a namespace. Attempted: 1001, Maximum: 1000"
    refused(admin.post("image", f"{tags}/one"), 413, said)
    refused(admin.post("image", tags, json=body_of("one"), headers=APPEND), 413, said)
    assert admin.post("image", tags, json=body_of("one")).status_code == 201


def test_others_read_what_they_see_and_write_nothing(admin: Client, alice: Client) -> None:
    for visibility, status, writes in (("public", 200, 403), ("private", 404, 404)):
        namespace = made(admin, visibility=visibility, tags=[{"name": "a"}])["namespace"]
        path = f"{NAMESPACES}/{namespace}/tags"
        assert alice.get("image", path).status_code == alice.get("image", f"{path}/a").status_code == status
        assert alice.post("image", path, json=body_of("b")).status_code == writes
        assert alice.post("image", f"{path}/b").status_code == writes
        assert alice.put("image", f"{path}/a", json={"name": "b"}).status_code == writes
        assert alice.delete("image", f"{path}/a").status_code == alice.delete("image", path).status_code == writes
    refused(alice.delete("image", path), 404, f"Namespace {namespace} not found")
