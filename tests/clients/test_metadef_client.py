"""What the real client does with metadata definitions: every `image metadef` command."""

from collections.abc import Iterator

import pytest

from tests.clients.openstack_cli import OpenStackCli
from tests.support.cloud import RunningCloud


@pytest.fixture(scope="module")
def cli(cloud: RunningCloud) -> OpenStackCli:
    return OpenStackCli(cloud)


def test_namespaces(cli: OpenStackCli) -> None:
    made = cli.json("image metadef namespace create --public --display-name Beds --description 'For roses' Garden")
    assert (made["namespace"], made["visibility"], made["display_name"], made["protected"]) == (
        "Garden",
        "public",
        "Beds",
        False,
    )
    assert cli.run("image metadef namespace create Garden").code == 1
    assert (
        cli.run("image metadef namespace set --private --protected --description Mine --tag a --tag b Garden").code == 0
    )
    shown = cli.json("image metadef namespace show Garden")
    assert (shown["visibility"], shown["protected"], shown["description"]) == ("private", True, "Mine")
    assert sorted(one["name"] for one in shown["tags"]) == ["a", "b"]
    assert cli.json("image metadef namespace list --visibility private") == [{"namespace": "Garden"}]
    assert cli.json("image metadef namespace list --resource-types OS::Nova::Flavor") == []
    said = cli.run("image metadef namespace delete Garden")
    assert (said.code, "is protected and cannot be deleted" in said.err) == (1, True)
    assert cli.run("image metadef namespace set --unprotected Garden").code == 0
    assert cli.run("image metadef namespace unset --tag a Garden").code == 0
    assert cli.json("image metadef namespace show Garden")["tags"] == [{"name": "b"}]
    assert cli.run("image metadef namespace unset --all-tags Garden").code == 0
    assert cli.run("image metadef namespace delete Garden").code == 0
    assert cli.json("image metadef namespace list") == []


@pytest.fixture
def namespace(cli: OpenStackCli) -> Iterator[str]:
    cli.json("image metadef namespace create Orchard")
    yield "Orchard"
    assert cli.run("image metadef namespace delete Orchard").code == 0


def test_properties(cli: OpenStackCli, namespace: str) -> None:
    schema = '{"minimum": 1, "maximum": 9, "default": "5"}'
    command = f"image metadef property create --name size --title Size --type integer --schema '{schema}' {namespace}"
    assert cli.json(command)["maximum"] == 9
    assert cli.json(f"image metadef property list {namespace}") == [
        {"name": "size", "title": "Size", "type": "integer"}
    ]
    assert cli.run(f"image metadef property set --title Height {namespace} size").code == 0
    shown = cli.json(f"image metadef property show {namespace} size")
    assert (shown["title"], shown["minimum"], shown["default"]) == ("Height", 1, "5")
    assert cli.run(f"image metadef property delete {namespace} size").code == 0
    assert cli.run(f"image metadef property show {namespace} size").code == 1
    cli.json(command)
    assert cli.run(f"image metadef property delete {namespace}").code == 0
    assert cli.json(f"image metadef property list {namespace}") == []


def test_objects(cli: OpenStackCli, namespace: str) -> None:
    made = cli.json(f"image metadef object create --namespace {namespace} Bed")
    assert (made["name"], made["namespace_name"]) == ("Bed", namespace)
    assert cli.run(f"image metadef object update --name Pot {namespace} Bed").code == 0
    assert cli.json(f"image metadef object list {namespace}") == [{"name": "Pot", "description": None}]
    assert cli.json(f"image metadef object show {namespace} Pot")["properties"] == {}
    said = cli.run(f"image metadef object property show {namespace} Pot size")
    assert "Property size not found in object Pot." in said.err
    assert cli.run(f"image metadef object delete {namespace} Pot").code == 0
    cli.json(f"image metadef object create --namespace {namespace} Bed")
    assert cli.run(f"image metadef object delete {namespace}").code == 0
    assert cli.json(f"image metadef object list {namespace}") == []


def test_resource_types(cli: OpenStackCli, namespace: str) -> None:
    made = cli.json(f"image metadef resource type association create {namespace} OS::Nova::Flavor")
    assert made["name"] == "OS::Nova::Flavor"
    assert {"Name": "OS::Nova::Flavor"} in cli.json("image metadef resource type list")
    assert cli.json("image metadef namespace list --resource-types OS::Nova::Flavor") == [{"namespace": namespace}]
    listed = cli.json(f"image metadef resource type association list {namespace}")
    assert [one["Name"] for one in listed] == ["OS::Nova::Flavor"]
    assert cli.run(f"image metadef resource type association delete {namespace} OS::Nova::Flavor").code == 0
    assert cli.json(f"image metadef resource type association list {namespace}") == []
