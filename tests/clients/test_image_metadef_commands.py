"""The unmodified client's commands of metadata definitions, each of them run."""

from collections.abc import Iterator

import pytest

from tests.clients.command_walk import Walk, walks
from tests.clients.conformance import conforming_cloud
from tests.support.cloud import Client, RunningCloud

NAMESPACE = "created_at, display_name, namespace, description, owner, protected, tags, updated_at, visibility"
PROPERTY = "default, description, maximum, minimum, name, operators, title, type"
OBJECT = "created_at, description, name, namespace_name, properties, required, updated_at"
ASSOCIATION = "created_at, id, name, prefix, properties_target, updated_at"


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    with conforming_cloud() as running:
        yield running


@pytest.fixture
def namespace(walk: Walk) -> Iterator[str]:
    walk.json("image metadef namespace create Orchard")
    yield "Orchard"
    walk.does("image metadef namespace delete Orchard")


@walks("image metadef namespace", "create, delete, list, set, show, unset")
def test_namespaces(walk: Walk) -> None:
    options = "--public --unprotected --display-name Beds --description 'For roses'"
    made = walk.shown(f"image metadef namespace create {options} Garden", NAMESPACE)
    assert (made["namespace"], made["visibility"], made["protected"]) == ("Garden", "public", False)
    assert (made["display_name"], made["description"]) == ("Beds", "For roses")
    walk.refused("image metadef namespace create Garden", "Garden already exists")
    options = "--private --protected --display-name Pots --description Mine --tag a --tag b --tag c"
    walk.does(f"image metadef namespace set {options} Garden")
    shown = walk.shown("image metadef namespace show Garden", NAMESPACE)
    assert (shown["visibility"], shown["protected"], shown["display_name"]) == ("private", True, "Pots")
    assert sorted(one["name"] for one in shown["tags"]) == ["a", "b", "c"]
    for options in ("", "--visibility private"):
        assert walk.listed(f"image metadef namespace list {options}", "namespace") == [{"namespace": "Garden"}]
    for options in ("--visibility public", "--resource-types OS::Nova::Flavor"):
        assert walk.json(f"image metadef namespace list {options}") == []
    walk.refused("image metadef namespace delete Garden", "is protected and cannot be deleted")
    walk.does("image metadef namespace set --unprotected Garden", "image metadef namespace unset --tag a Garden")
    left = walk.json("image metadef namespace show Garden")["tags"]
    assert sorted(one["name"] for one in left) == ["b", "c"]
    walk.refused("image metadef namespace unset --tag a Garden", "Failed to unset 1 of 1 tags.")
    walk.does("image metadef namespace unset --all-tags Garden", "image metadef namespace delete Garden")
    walk.refused("image metadef namespace show Garden", "Garden")


@walks("image metadef property", "create, delete, list, set, show")
def test_properties(walk: Walk, namespace: str) -> None:
    schema = '{"minimum": 1, "maximum": 9, "default": "5"}'
    create = f"image metadef property create --name size --title Size --type integer --schema '{schema}' {namespace}"
    made = walk.json(create)
    assert (made["minimum"], made["maximum"], made["default"]) == (1, 9, "5")
    listed = walk.listed(f"image metadef property list {namespace}", "name, title, type")
    assert listed == [{"name": "size", "title": "Size", "type": "integer"}]
    changes = '--name width --title Width --type string --schema \'{"description": "Across"}\''
    walk.does(f"image metadef property set {changes} {namespace} size")
    shown = walk.json(f"image metadef property show {namespace} width")
    assert (shown["title"], shown["type"], shown["description"]) == ("Width", "string", "Across")
    assert (shown["minimum"], shown["default"]) == (1, "5")
    walk.does(f"image metadef property delete {namespace} width")
    walk.refused(f"image metadef property show {namespace} width", "width")
    walk.json(create)
    walk.does(f"image metadef property delete {namespace}")
    assert walk.json(f"image metadef property list {namespace}") == []


@walks("image metadef object", "create, delete, list, show, update, property show")
def test_objects(admin: Client, walk: Walk, namespace: str) -> None:
    made = walk.shown(f"image metadef object create --namespace {namespace} Bed", OBJECT)
    assert (made["name"], made["namespace_name"]) == ("Bed", namespace)
    walk.does(f"image metadef object update --name Pot {namespace} Bed")
    listed = walk.listed(f"image metadef object list {namespace}", "name, description")
    assert listed == [{"name": "Pot", "description": None}]
    shown = walk.shown(f"image metadef object show {namespace} Pot", OBJECT)
    assert (shown["name"], shown["properties"]) == ("Pot", {})
    refusal = "Property size not found in object Pot."
    walk.refused(f"image metadef object property show {namespace} Pot size", refusal)
    walk.does(f"image metadef object delete {namespace} Pot")
    # The client has no way of giving an object properties.
    pot = {"name": "Pot", "properties": {"size": {"title": "Size", "type": "integer", "minimum": 1}}}
    made = admin.post("image", f"/v2/metadefs/namespaces/{namespace}/objects", json=pot)
    assert made.status_code == 201, made.text
    size = walk.json(f"image metadef object property show {namespace} Pot size")
    assert (size["name"], size["title"], size["minimum"]) == ("size", "Size", 1)
    walk.does(f"image metadef object delete {namespace} Pot")
    walk.json(f"image metadef object create --namespace {namespace} Bed")
    walk.does(f"image metadef object delete {namespace}")
    assert walk.json(f"image metadef object list {namespace}") == []


@walks("image metadef resource type", "list, association create, association delete, association list")
def test_resource_types(walk: Walk, namespace: str) -> None:
    options = f"--properties-target image {namespace}"
    made = walk.shown(f"image metadef resource type association create {options} OS::Nova::Flavor", ASSOCIATION)
    assert (made["name"], made["properties_target"]) == ("OS::Nova::Flavor", "image")
    assert {"Name": "OS::Nova::Flavor"} in walk.listed("image metadef resource type list", "Name")
    assert walk.json("image metadef namespace list --resource-types OS::Nova::Flavor") == [{"namespace": namespace}]
    listed = walk.listed(f"image metadef resource type association list {namespace}", "Name")
    assert listed == [{"Name": "OS::Nova::Flavor"}]
    walk.does(f"image metadef namespace set --protected {namespace}")
    remove = f"image metadef resource type association delete {namespace} OS::Nova::Flavor"
    walk.refused(remove, "is protected")
    walk.does(f"{remove} --force", f"image metadef namespace set --unprotected {namespace}")
    assert walk.json(f"image metadef resource type association list {namespace}") == []
