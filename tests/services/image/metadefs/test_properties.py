import pytest
from tests.services.image.metadefs.shelf import COLOUR, NAMESPACES, made, refused, shown
from tests.support.cloud import Client

SIZE = {"name": "size", "type": "integer", "title": "Size", "minimum": 1, "maximum": 9}


@pytest.fixture
def namespace(admin: Client) -> str:
    kinds = [{"name": "OS::Nova::Flavor", "prefix": "hw:"}, {"name": "OS::Nova::Server"}]
    return str(made(admin, properties={"colour": COLOUR}, resource_type_associations=kinds)["namespace"])


@pytest.fixture
def properties(namespace: str) -> str:
    """The path of a namespace's properties."""
    return f"{NAMESPACES}/{namespace}/properties"


def test_a_property_is_made_shown_changed_and_deleted(admin: Client, properties: str) -> None:
    answer = admin.post("image", properties, json=SIZE)
    assert (answer.status_code, answer.json()) == (201, SIZE)
    assert admin.get("image", f"{properties}/size").json() == SIZE
    assert admin.get("image", properties).json() == {"properties": {"colour": COLOUR, "size": SIZE}}
    wider = {**SIZE, "name": "width", "default": 5}
    changed = admin.put("image", f"{properties}/size", json=wider)
    assert (changed.status_code, changed.json()) == (200, {**wider, "default": "5"})
    assert admin.delete("image", f"{properties}/width").status_code == 204
    for method in ("GET", "DELETE"):
        refused(admin.request(method, "image", f"{properties}/width"), 404, "Could not find property width")
    refused(admin.put("image", f"{properties}/width", json=SIZE), 404, "Could not find property width")


def test_a_property_is_found_by_the_name_that_it_has_on_a_resource_type(
    admin: Client, namespace: str, properties: str
) -> None:
    found = admin.get("image", f"{properties}/hw:colour?resource_type=OS::Nova::Flavor")
    assert (found.status_code, found.json()) == (200, {**COLOUR, "name": "colour"})
    assert admin.get("image", f"{properties}/colour?resource_type=").status_code == 200
    said = "Property colour does not start with the expected resource type association prefix of 'hw:'."
    refused(admin.get("image", f"{properties}/colour?resource_type=OS::Nova::Flavor"), 404, said)
    said = "Property colour does not start with the expected resource type association prefix of 'None'."
    refused(admin.get("image", f"{properties}/colour?resource_type=OS::Nova::Server"), 404, said)
    said = "The metadata definition resource-type with name=OS::Nova::Moon, was not found."
    refused(admin.get("image", f"{properties}/hw:colour?resource_type=OS::Nova::Moon"), 404, said)
    made(admin, resource_type_associations=[{"name": "OS::Nova::Other"}])
    said = f"association of resource-type=OS::Nova::Other to namespace={namespace}, was not found."
    refused(admin.get("image", f"{properties}/hw:colour?resource_type=OS::Nova::Other"), 404, said)


def test_a_name_is_taken_once(admin: Client, namespace: str, properties: str) -> None:
    assert admin.post("image", properties, json=SIZE).status_code == 201
    said = f"A metadata definition property with name=size already exists in namespace={namespace}."
    refused(admin.post("image", properties, json=SIZE), 409, said)
    said = f"duplicate metadata definition property with the same name=size in namespace={namespace}."
    refused(admin.put("image", f"{properties}/colour", json=SIZE), 409, said)


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({}, 400, "Provided object does not match schema 'property': 'type' is a required property"),
        (COLOUR, 400, "'name' is a required property"),
        ({**SIZE, "name": "x" * 81}, 400, "is too long (at name)"),
        ({**SIZE, "colour": 1}, 400, "Additional properties are not allowed ('colour' was unexpected)"),
        ({**SIZE, "confidential": True}, 400, "Additional properties are not allowed ('confidential' was unexpected)"),
        ({**SIZE, "required": []}, 400, "[] should be non-empty (at required)"),
        ({**SIZE, "required": ["a"]}, 400, "unknown field `required`"),
        ({**SIZE, "minimum": "1"}, 400, "'1' is not of type 'number' (at minimum)"),
        ({**SIZE, "enum": "a"}, 400, "'a' is not of type 'array' (at enum)"),
        ({**SIZE, "items": {"type": "text"}}, 400, "'text' is not one of ['array', "),
        ({**SIZE, "created_at": "now"}, 403, "Attribute 'created_at' is read-only."),
        ({**SIZE, "updated_at": "now"}, 403, "Attribute 'updated_at' is read-only."),
    ],
)
def test_a_definition_that_makes_no_sense_is_refused(
    admin: Client, properties: str, body: dict[str, object], status: int, sentence: str
) -> None:
    refused(admin.post("image", properties, json=body), status, sentence)
    refused(admin.put("image", f"{properties}/colour", json=body), status, sentence)


def test_all_properties_go_at_once_but_not_from_a_protected_namespace(
    admin: Client, namespace: str, properties: str
) -> None:
    admin.put("image", f"{NAMESPACES}/{namespace}", json={"namespace": namespace, "protected": True})
    said = "Metadata definition property colour is protected and cannot be deleted."
    refused(admin.delete("image", f"{properties}/colour"), 403, said)
    refused(admin.delete("image", properties), 403, f"Metadata definition namespace {namespace} is protected")
    admin.put("image", f"{NAMESPACES}/{namespace}", json={"namespace": namespace})
    assert admin.delete("image", properties).status_code == 204
    assert "properties" not in shown(admin, namespace)
    assert admin.get("image", properties).json() == {"properties": {}}


def test_a_full_namespace_takes_no_more(admin: Client) -> None:
    plain = {"type": "string", "title": "T"}
    namespace = made(admin, properties={str(number): plain for number in range(1000)})["namespace"]
    answer = admin.post("image", f"{NAMESPACES}/{namespace}/properties", json=SIZE)
    refused(answer, 413, "metadata definition properties of a namespace. Attempted: 1001, Maximum: 1000")


def test_others_read_what_they_see_and_write_nothing(admin: Client, alice: Client) -> None:
    for visibility, status, writes in (("public", 200, 403), ("private", 404, 404)):
        kinds = [{"name": "OS::Nova::Flavor", "prefix": "hw:"}]
        held = {"properties": {"colour": COLOUR}, "resource_type_associations": kinds}
        namespace = made(admin, visibility=visibility, **held)["namespace"]
        path = f"{NAMESPACES}/{namespace}/properties"
        one = f"{path}/colour"
        assert alice.get("image", path).status_code == alice.get("image", one).status_code == status
        assert alice.get("image", f"{path}/hw:colour?resource_type=OS::Nova::Flavor").status_code == status
        assert alice.post("image", path, json=SIZE).status_code == writes
        assert alice.put("image", one, json=SIZE).status_code == writes
        assert alice.delete("image", one).status_code == alice.delete("image", path).status_code == writes
    refused(alice.get("image", path), 404, f"Namespace {namespace} not found")
