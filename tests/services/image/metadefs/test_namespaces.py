from typing import Any

import pytest
from tests.services.image.metadefs.shelf import COLOUR, NAMESPACES, made, name, refused, shown, without_times
from tests.services.image.shelf import user_of
from tests.support.cloud import Client, RunningCloud


def test_a_namespace_is_made_shown_changed_and_deleted(admin: Client) -> None:
    wanted = {"namespace": name(), "display_name": "Garden", "description": "Beds", "visibility": "public"}
    answer = admin.post("image", NAMESPACES, json=wanted)
    one = f"{NAMESPACES}/{wanted['namespace']}"
    assert (answer.status_code, answer.headers["location"]) == (201, admin.running.url("image") + one)
    owner = answer.json()["owner"]
    whole = {**wanted, "protected": False, "owner": owner, "self": one, "schema": "/v2/schemas/metadefs/namespace"}
    assert without_times(answer.json()) == whole
    assert without_times(shown(admin, wanted["namespace"])) == whole
    new = {"namespace": name("Orchard"), "description": "Trees", "protected": True}
    changed = admin.put("image", one, json=new)
    assert changed.status_code == 200
    assert without_times(changed.json()) == {
        **new,
        "visibility": "private",
        "owner": owner,
        "self": f"{NAMESPACES}/{new['namespace']}",
        "schema": "/v2/schemas/metadefs/namespace",
    }
    refused(admin.get("image", one), 404, f"Metadata definition namespace={wanted['namespace']} was not found.")
    moved = f"{NAMESPACES}/{new['namespace']}"
    said = f"Metadata definition namespace {new['namespace']} is protected and cannot be deleted."
    refused(admin.delete("image", moved), 403, said)
    assert admin.put("image", moved, json={**new, "protected": False}).status_code == 200
    assert admin.delete("image", moved).status_code == 204
    assert admin.get("image", moved).status_code == 404
    refused(admin.delete("image", moved), 404, f"Namespace {new['namespace']} not found")
    refused(admin.put("image", moved, json=new), 404, f"Namespace {new['namespace']} not found")


def test_a_namespace_is_made_with_all_that_it_holds(admin: Client) -> None:
    bed = {"name": "Bed", "description": "For plants", "required": ["size"], "properties": {"size": COLOUR}}
    held = {
        "resource_type_associations": [
            {"name": "OS::Garden::Bed", "prefix": "bed:", "properties_target": "image"},
            {"name": "OS::Garden::Pot"},
        ],
        "properties": {"colour": COLOUR, "depth": {"type": "integer", "title": "Depth", "minimum": 1, "default": 8}},
        "objects": [bed, {"name": "Pot"}],
        "tags": [{"name": "sunny"}, {"name": "shady"}],
    }
    given = made(admin, **held)
    depth = {"type": "integer", "title": "Depth", "minimum": 1, "default": "8"}
    assert {kind: given[kind] for kind in held} == {**held, "properties": {"colour": COLOUR, "depth": depth}}
    found = shown(admin, given["namespace"])
    assert found["tags"] == [{"name": "shady"}, {"name": "sunny"}]
    assert found["properties"] == {"colour": COLOUR, "depth": depth}
    assert [without_times(one) for one in found["resource_type_associations"]] == held["resource_type_associations"]
    link, schema = f"{NAMESPACES}/{given['namespace']}/objects", "/v2/schemas/metadefs/object"
    assert [without_times(one) for one in found["objects"]] == [
        {**bed, "self": f"{link}/Bed", "schema": schema},
        {"name": "Pot", "required": [], "properties": {}, "self": f"{link}/Pot", "schema": schema},
    ]
    prefixed = shown(admin, given["namespace"], "?resource_type=OS::Garden::Bed")
    assert set(prefixed["properties"]) == {"bed:colour", "bed:depth"}
    assert (set(prefixed["objects"][0]["properties"]), prefixed["objects"][0]["required"]) == (
        {"bed:size"},
        ["bed:size"],
    )
    for query in ("?resource_type=OS::Garden::Pot", "?resource_type=OS::Garden::Tree", "?other=1"):
        assert shown(admin, given["namespace"], query)["properties"] == found["properties"]
    assert admin.delete("image", f"{NAMESPACES}/{given['namespace']}").status_code == 204
    nothing: dict[str, Any] = {"resource_type_associations": [], "properties": {}, "objects": [], "tags": []}
    again = made(admin, namespace=given["namespace"], **nothing)
    assert {kind: again[kind] for kind in held} == nothing
    assert set(shown(admin, again["namespace"])).isdisjoint(held)


def test_a_name_is_taken_once(admin: Client) -> None:
    first, second = made(admin)["namespace"], made(admin)["namespace"]
    answer = admin.post("image", NAMESPACES, json={"namespace": first})
    refused(answer, 409, f"The metadata definition namespace={first} already exists.")
    refused(
        admin.put("image", f"{NAMESPACES}/{second}", json={"namespace": first}),
        409,
        f"It would result in a duplicate metadata definition namespace with the same name of {first}",
    )


@pytest.mark.parametrize(
    ("held", "sentence"),
    [
        ({"objects": [{"name": "Bed"}] * 2}, "A metadata definition object with name=Bed already exists in namespace="),
        ({"tags": [{"name": "sun"}, {"name": "SUN"}]}, "A metadata tag with name=SUN already exists in namespace="),
        (
            {"resource_type_associations": [{"name": "a"}, {"name": "a"}]},
            "The metadata definition resource-type association of resource-type=a to namespace=",
        ),
    ],
)
def test_nothing_is_held_twice_and_then_nothing_is_made(admin: Client, held: dict[str, Any], sentence: str) -> None:
    wanted = name()
    refused(admin.post("image", NAMESPACES, json={"namespace": wanted, **held}), 409, sentence)
    assert admin.get("image", f"{NAMESPACES}/{wanted}").status_code == 404


def test_a_namespace_holds_no_more_than_can_be_listed(admin: Client) -> None:
    body = {"namespace": name(), "tags": [{"name": str(number)} for number in range(1001)]}
    refused(admin.post("image", NAMESPACES, json=body), 413, "Attempted: 1001, Maximum: 1000")


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({}, 400, "Provided object does not match schema 'namespace': 'namespace' is a required property"),
        ({"namespace": 1}, 400, "1 is not of type 'string' (at namespace)"),
        ({"namespace": "x" * 81}, 400, "is too long (at namespace)"),
        ({"namespace": "x", "display_name": "x" * 81}, 400, "is too long (at display_name)"),
        ({"namespace": "x", "description": "x" * 501}, 400, "is too long (at description)"),
        ({"namespace": "x", "owner": "x" * 256}, 400, "is too long (at owner)"),
        ({"namespace": "x", "visibility": "shared"}, 400, "'shared' is not one of ['public', 'private']"),
        ({"namespace": "x", "protected": "yes"}, 400, "'yes' is not of type 'boolean'"),
        ({"namespace": "x", "colour": 1}, 400, "Additional properties are not allowed ('colour' was unexpected)"),
        ({"namespace": "x", "a": 1, "b": 1}, 400, "Additional properties are not allowed ('a', 'b' were unexpected)"),
        ({"namespace": "x", "self": "x"}, 403, "Attribute 'self' is read-only."),
        ({"namespace": "x", "schema": "x"}, 403, "Attribute 'schema' is read-only."),
        ({"namespace": "x", "created_at": "x"}, 403, "Attribute 'created_at' is read-only."),
        ({"namespace": "x", "updated_at": "x"}, 403, "Attribute 'updated_at' is read-only."),
        ({"namespace": "x", "properties": {"p": {"type": "string"}}}, 400, "'title' is a required property"),
        ({"namespace": "x", "properties": {"p": {**COLOUR, "type": "text"}}}, 400, "'text' is not one of ['array', "),
        ({"namespace": "x", "properties": {"p": {**COLOUR, "maxLength": -1}}}, 400, "-1 is less than the minimum of 0"),
        ({"namespace": "x", "properties": {"p": {**COLOUR, "colour": 1}}}, 400, "unknown field `colour`"),
        ({"namespace": "x", "properties": {"p": {**COLOUR, "enum": [1]}}}, 400, "Expected `str | null`, got `int`"),
        ({"namespace": "x", "properties": {"p": {**COLOUR, "items": {}}}}, 400, "missing required field `type`"),
        ({"namespace": "x", "properties": {"p": {**COLOUR, "minimum": 1e300}}}, 400, "Expected `float` <= 4.6"),
        ({"namespace": "x", "properties": {"p" * 81: COLOUR}}, 400, "Expected `str` of length <= 80"),
        ({"namespace": "x", "objects": [{"name": "o" * 81}]}, 400, "Expected `str` of length <= 80"),
        ({"namespace": "x", "objects": [{}]}, 400, "missing required field `name`"),
        ({"namespace": "x", "objects": [{"name": "o", "required": ["a", "a"]}]}, 400, "has non-unique elements"),
        ({"namespace": "x", "tags": [{}]}, 400, "missing required field `name`"),
        ({"namespace": "x", "resource_type_associations": [{"prefix": "p"}]}, 400, "missing required field `name`"),
        ([], 400, "Expected `object`, got `array`"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused(admin: Client, body: Any, status: int, sentence: str) -> None:
    refused(admin.post("image", NAMESPACES, json=body), status, sentence)
    refused(admin.put("image", f"{NAMESPACES}/any", json=body), status, sentence)


def test_definitions_say_what_glance_keeps_of_them(admin: Client) -> None:
    tried = {"type": "array", "title": "T", "items": {"type": "string", "enum": ["a", None]}, "operators": ["<in>"]}
    given = made(
        admin,
        properties={
            "list": {**tried, "default": ["a"], "uniqueItems": True, "minItems": 0, "maxItems": 3},
            "number": {"type": "number", "title": "N", "minimum": 1.7, "maximum": 9, "default": 1.5, "readonly": True},
            "text": {**COLOUR, "pattern": "^a", "maxLength": 9, "minLength": 1, "confidential": True},
        },
    )
    assert shown(admin, given["namespace"])["properties"] == {
        "list": {**tried, "default": None, "uniqueItems": True, "minItems": 0, "maxItems": 3},
        "number": {"type": "number", "title": "N", "minimum": 1, "maximum": 9, "default": "1.5", "readonly": True},
        "text": {**COLOUR, "pattern": "^a", "maxLength": 9, "minLength": 1, "confidential": True},
    }


def test_a_private_namespace_is_hidden_from_other_projects(admin: Client, alice: Client, bob: Client) -> None:
    garden = alice.post("image", "/v2/images", json={}).json()["owner"]
    mine, everyones = made(admin, owner=garden), made(admin, visibility="public")
    assert mine["owner"] == garden
    hidden, open_ = f"{NAMESPACES}/{mine['namespace']}", f"{NAMESPACES}/{everyones['namespace']}"
    assert alice.get("image", hidden).status_code == 200
    assert bob.get("image", open_).status_code == 200
    refused(bob.get("image", hidden), 404, f"Metadata definition namespace={mine['namespace']} was not found.")
    body = {"namespace": "x"}
    refused(bob.put("image", hidden, json=body), 404, f"Namespace {mine['namespace']} not found")
    refused(bob.delete("image", hidden), 404, f"Namespace {mine['namespace']} not found")
    for path in (hidden, open_):
        said = "You are not authorized to complete modify_metadef_namespace action."
        refused(alice.put("image", path, json=body), 403, said)
        said = "You are not authorized to complete delete_metadef_namespace action."
        refused(alice.delete("image", path), 403, said)
    refused(
        alice.post("image", NAMESPACES, json=body),
        403,
        "You are not authorized to complete add_metadef_namespace action.",
    )


def test_who_has_no_role_that_reads_sees_nothing(cloud: RunningCloud, admin: Client) -> None:
    role = admin.post("identity", "/v3/roles", json={"role": {"name": "stranger"}})
    assert role.status_code == 201
    stranger, namespace = user_of(cloud, "garden", "stranger"), made(admin, visibility="public")["namespace"]
    refused(stranger.get("image", f"{NAMESPACES}/{namespace}"), 404, "was not found.")
    refused(stranger.get("image", NAMESPACES), 404, "The resource could not be found.")
    refused(stranger.delete("image", f"{NAMESPACES}/{namespace}"), 404, f"Namespace {namespace} not found")


def test_a_name_is_any_text_and_stays_within_its_header(admin: Client) -> None:
    for wanted in ("하늘 \U0001f600", "a\r\nX-Evil: b", "a%2fb?c#d"):
        answer = admin.post("image", NAMESPACES, json={"namespace": wanted})
        assert (answer.status_code, answer.json()["namespace"]) == (201, wanted)
        assert "x-evil" not in answer.headers
        found = admin.get("image", answer.headers["location"].removeprefix(admin.running.url("image")))
        assert found.json()["namespace"] == wanted
