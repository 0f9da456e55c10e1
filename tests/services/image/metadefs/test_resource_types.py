import pytest
from tests.services.image.metadefs.shelf import NAMESPACES, made, name, refused, shown, without_times
from tests.support.cloud import Client


@pytest.fixture
def namespace(admin: Client) -> str:
    return str(made(admin)["namespace"])


@pytest.fixture
def kinds(namespace: str) -> str:
    """The path of a namespace's associations."""
    return f"{NAMESPACES}/{namespace}/resource_types"


def types(client: Client) -> list[str]:
    answer = client.get("image", "/v2/metadefs/resource_types")
    assert answer.status_code == 200
    return [without_times(one)["name"] for one in answer.json()["resource_types"]]


def test_a_resource_type_is_associated_and_taken_away(admin: Client, kinds: str) -> None:
    kind = name("OS::Garden")
    wanted = {"name": kind, "prefix": "bed:", "properties_target": "image"}
    answer = admin.post("image", kinds, json=wanted)
    assert (answer.status_code, without_times(answer.json())) == (201, wanted)
    other = {"name": name("OS::Garden")}
    assert without_times(admin.post("image", kinds, json=other).json()) == other
    found = admin.get("image", kinds).json()
    assert set(found) == {"resource_type_associations"}
    told = sorted((without_times(one) for one in found["resource_type_associations"]), key=len)
    assert told == [other, wanted]
    assert admin.delete("image", f"{kinds}/{kind}").status_code == 204
    assert [one["name"] for one in admin.get("image", kinds).json()["resource_type_associations"]] == [other["name"]]
    refused(admin.delete("image", f"{kinds}/{kind}"), 404, f"Failed to find resource type {kind} to delete")
    refused(admin.delete("image", f"{kinds}/nothing"), 404, "Failed to find resource type nothing to delete")
    # The type itself stays.
    assert {kind, other["name"]} <= set(types(admin))


def test_a_resource_type_is_associated_once(admin: Client, namespace: str, kinds: str) -> None:
    assert admin.post("image", kinds, json={"name": "OS::Nova::Flavor"}).status_code == 201
    said = (
        "The metadata definition resource-type association of resource-type=OS::Nova::Flavor to namespace="
        f"{namespace} already exists."
    )
    refused(admin.post("image", kinds, json={"name": "OS::Nova::Flavor"}), 409, said)
    made(admin, resource_type_associations=[{"name": "OS::Nova::Flavor"}])
    assert types(admin).count("OS::Nova::Flavor") == 1


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({}, 400, "match schema 'resource_type_association': 'name' is a required property"),
        ({"name": "x" * 81}, 400, "is too long (at name)"),
        ({"name": "x", "prefix": "x" * 81}, 400, "is too long (at prefix)"),
        ({"name": "x", "prefix": None}, 400, "None is not of type 'string' (at prefix)"),
        ({"name": "x", "properties_target": 1}, 400, "1 is not of type 'string' (at properties_target)"),
        ({"name": "x", "colour": 1}, 400, "Additional properties are not allowed ('colour' was unexpected)"),
        ({"name": "x", "created_at": "now"}, 403, "Attribute 'created_at' is read-only."),
    ],
)
def test_an_association_that_makes_no_sense_is_refused(
    admin: Client, kinds: str, body: dict[str, object], status: int, sentence: str
) -> None:
    refused(admin.post("image", kinds, json=body), status, sentence)


def test_a_protected_namespace_keeps_its_resource_types(admin: Client) -> None:
    kind = {"name": "OS::Nova::Flavor"}
    namespace = made(admin, protected=True, resource_type_associations=[kind])["namespace"]
    said = "Metadata definition resource-type-association OS::Nova::Flavor is protected and cannot be deleted."
    refused(admin.delete("image", f"{NAMESPACES}/{namespace}/resource_types/OS::Nova::Flavor"), 403, said)
    assert len(shown(admin, namespace)["resource_type_associations"]) == 1


def test_others_read_what_they_see_and_write_nothing(admin: Client, alice: Client) -> None:
    for visibility, status, writes in (("public", 200, 403), ("private", 404, 404)):
        kind = {"name": "OS::Nova::Flavor"}
        namespace = made(admin, visibility=visibility, resource_type_associations=[kind])["namespace"]
        path = f"{NAMESPACES}/{namespace}/resource_types"
        assert alice.get("image", path).status_code == status
        assert alice.post("image", path, json={"name": "x"}).status_code == writes
        assert alice.delete("image", f"{path}/OS::Nova::Flavor").status_code == writes
    refused(alice.get("image", path), 404, f"Namespace {namespace} not found")
    assert "OS::Nova::Flavor" in types(alice)
