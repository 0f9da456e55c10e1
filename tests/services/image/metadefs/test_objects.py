import pytest
from tests.services.image.metadefs.shelf import COLOUR, NAMESPACES, made, refused, shown, without_times
from tests.support.cloud import Client

BED = {"name": "Bed", "description": "For plants", "required": ["size"], "properties": {"size": COLOUR}}


@pytest.fixture
def namespace(admin: Client) -> str:
    return str(made(admin)["namespace"])


@pytest.fixture
def objects(namespace: str) -> str:
    """The path of a namespace's objects."""
    return f"{NAMESPACES}/{namespace}/objects"


def test_an_object_is_made_shown_changed_and_deleted(admin: Client, objects: str) -> None:
    answer = admin.post("image", objects, json=BED)
    whole = {**BED, "self": f"{objects}/Bed", "schema": "/v2/schemas/metadefs/object"}
    assert (answer.status_code, without_times(answer.json())) == (201, whole)
    assert without_times(admin.get("image", f"{objects}/Bed").json()) == whole
    changed = admin.put("image", f"{objects}/Bed", json={"name": "Pot"})
    bare = {"name": "Pot", "self": f"{objects}/Pot", "schema": "/v2/schemas/metadefs/object"}
    assert (changed.status_code, without_times(changed.json())) == (200, bare)
    assert without_times(admin.get("image", f"{objects}/Pot").json()) == {**bare, "required": [], "properties": {}}
    listed = admin.get("image", objects).json()
    assert [one["name"] for one in listed["objects"]] == ["Pot"]
    assert listed["schema"] == "v2/schemas/metadefs/objects"
    assert admin.delete("image", f"{objects}/Pot").status_code == 204
    for method in ("GET", "DELETE"):
        refused(admin.request(method, "image", f"{objects}/Pot"), 404, "Could not find metadata object Pot")
    refused(admin.put("image", f"{objects}/Pot", json=BED), 404, "Could not find metadata object Pot")


def test_a_name_is_taken_once(admin: Client, namespace: str, objects: str) -> None:
    for name in ("Bed", "Pot"):
        assert admin.post("image", objects, json={"name": name}).status_code == 201
    said = f"A metadata definition object with name=Bed already exists in namespace={namespace}."
    refused(admin.post("image", objects, json={"name": "Bed"}), 409, said)
    said = f"duplicate metadata definition object with the same name=Bed in namespace={namespace}."
    refused(admin.put("image", f"{objects}/Pot", json={"name": "Bed"}), 409, said)


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({}, 400, "Provided object does not match schema 'object': 'name' is a required property"),
        ({"name": "x" * 81}, 400, "is too long (at name)"),
        ({"name": "x", "colour": 1}, 400, "Additional properties are not allowed ('colour' was unexpected)"),
        ({"name": "x", "required": "y"}, 400, "'y' is not of type 'array'"),
        ({"name": "x", "properties": {"p": {"type": "string"}}}, 400, "'title' is a required property"),
        ({"name": "x", "created_at": "now"}, 403, "Attribute 'created_at' is read-only."),
        ({"name": "x", "self": "now"}, 403, "Attribute 'self' is read-only."),
    ],
)
def test_a_body_that_makes_no_sense_is_refused(
    admin: Client, objects: str, body: dict[str, object], status: int, sentence: str
) -> None:
    refused(admin.post("image", objects, json=body), status, sentence)
    refused(admin.put("image", f"{objects}/any", json=body), status, sentence)


def test_a_new_objects_properties_are_held_to_the_propertys_own_schema(admin: Client, objects: str) -> None:
    body = {"name": "x", "properties": {"p": {**COLOUR, "confidential": True}}}
    said = "match schema 'property': Additional properties are not allowed ('confidential' was unexpected)"
    refused(admin.post("image", objects, json=body), 400, said)
    assert admin.post("image", objects, json={"name": "x"}).status_code == 201
    assert admin.put("image", f"{objects}/x", json=body).json()["properties"] == body["properties"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("limit=few", "limit param must be an integer"),
        ("limit=0", "limit param must be positive"),
        ("sort_dir=up", "Invalid sort direction: up"),
        ("visibility=any", "Invalid visibility value: any"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(admin: Client, objects: str, query: str, sentence: str) -> None:
    refused(admin.get("image", f"{objects}?{query}"), 400, sentence)


def test_a_list_is_whole_whatever_page_is_asked_for(admin: Client, objects: str) -> None:
    for name in ("b", "a", "c"):
        assert admin.post("image", objects, json={"name": name}).status_code == 201
    for query in ("", "?limit=1&marker=a&sort_dir=asc&visibility=shared"):
        assert [one["name"] for one in admin.get("image", objects + query).json()["objects"]] == ["a", "b", "c"]


def test_all_objects_go_at_once_but_not_from_a_protected_namespace(admin: Client, namespace: str, objects: str) -> None:
    assert admin.post("image", objects, json=BED).status_code == 201
    admin.put("image", f"{NAMESPACES}/{namespace}", json={"namespace": namespace, "protected": True})
    said = "Metadata definition object Bed is protected and cannot be deleted."
    refused(admin.delete("image", f"{objects}/Bed"), 403, said)
    said = f"Metadata definition namespace {namespace} is protected and cannot be deleted."
    refused(admin.delete("image", objects), 403, said)
    admin.put("image", f"{NAMESPACES}/{namespace}", json={"namespace": namespace})
    assert admin.delete("image", objects).status_code == 204
    assert "objects" not in shown(admin, namespace)
    refused(admin.delete("image", f"{NAMESPACES}/nowhere/objects"), 404, "Namespace nowhere not found")


def test_a_full_namespace_takes_no_more(admin: Client) -> None:
    namespace = made(admin, objects=[{"name": str(number)} for number in range(1000)])["namespace"]
    answer = admin.post("image", f"{NAMESPACES}/{namespace}/objects", json=BED)
    refused(answer, 413, "number of allowed metadata definition objects of a namespace. Attempted: 1001, Maximum: 1000")


def test_others_read_what_they_see_and_write_nothing(admin: Client, alice: Client) -> None:
    for visibility, status, writes in (("public", 200, 403), ("private", 404, 404)):
        namespace = made(admin, visibility=visibility, objects=[BED])["namespace"]
        path = f"{NAMESPACES}/{namespace}/objects"
        assert alice.get("image", path).status_code == alice.get("image", f"{path}/Bed").status_code == status
        assert alice.post("image", path, json=BED).status_code == writes
        assert alice.put("image", f"{path}/Bed", json=BED).status_code == writes
        assert alice.delete("image", f"{path}/Bed").status_code == alice.delete("image", path).status_code == writes
    refused(alice.get("image", path), 404, f"Metadata definition namespace={namespace} was not found.")
