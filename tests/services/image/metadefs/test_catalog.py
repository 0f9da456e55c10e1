"""The standard catalog, as a cloud that has it answers dashboards, and as other clouds would take it."""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import msgspec
import pytest
from tests.services.image.metadefs.shelf import NAMESPACES, listed, made, shown
from tests.services.image.shelf import user_of
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.services.image.metadefs import catalog
from haneul.services.image.metadefs.catalog.files import read, standard
from haneul.services.image.metadefs.catalog.loading import load_catalog

FOLDER = files(catalog).joinpath("definitions")
FILES = sorted((one for one in FOLDER.iterdir() if one.name.endswith(".json")), key=lambda one: one.name)
ALL = "sort_key=namespace&sort_dir=asc&limit=100"


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    """A cloud with the standard catalog."""
    with running_cloud() as running:
        running.cloud.store.write(load_catalog)
        yield running


def test_the_catalog_is_there_whole(admin: Client) -> None:
    assert len(listed(admin, ALL)) == len(FILES) == 33
    kinds = [one["name"] for one in admin.get("image", "/v2/metadefs/resource_types").json()["resource_types"]]
    assert kinds == [
        "OS::Cinder::Volume",
        "OS::Glance::Image",
        "OS::Nova::Aggregate",
        "OS::Nova::Flavor",
        "OS::Nova::Server",
        "OS::Trove::Instance",
    ]


def test_loading_again_leaves_what_an_operator_changed(cloud: RunningCloud, admin: Client) -> None:
    path = f"{NAMESPACES}/OS::Compute::XenAPI"
    mine = {"namespace": "OS::Compute::XenAPI", "visibility": "public", "protected": True, "description": "Mine"}
    assert admin.put("image", path, json=mine).status_code == 200
    cloud.cloud.store.write(load_catalog)
    assert admin.get("image", path).json()["description"] == "Mine"
    assert len(listed(admin, ALL)) == 33


def test_a_dashboard_offers_flavors_their_properties_by_the_names_they_have_there(admin: Client) -> None:
    assert "OS::Compute::VirtCPUTopology" in listed(admin, "resource_types=OS::Nova::Flavor&limit=100")
    found = shown(admin, "OS::Compute::VirtCPUTopology", "?resource_type=OS::Nova::Flavor")
    assert "hw:cpu_max_sockets" in found["properties"]
    on_images = shown(admin, "OS::Compute::VirtCPUTopology", "?resource_type=OS::Glance::Image")
    assert on_images["properties"]["hw_cpu_sockets"]["type"] == "integer"
    limits = shown(admin, "OS::Compute::Quota")
    assert [one["name"] for one in limits["objects"]] == ["CPU Limits", "Disk QoS", "Virtual Interface QoS"]
    period = limits["objects"][0]["properties"]["quota:cpu_period"]
    assert (period["minimum"], period["maximum"]) == (1000, 1_000_000)
    ratio = shown(admin, "OS::Compute::AggregateIoOpsFilter")["properties"]["max_io_ops_per_host"]
    assert (ratio["default"], ratio["readonly"]) == ("8", False)


def test_what_is_standard_is_public_but_for_two_and_protected_but_for_three(cloud: RunningCloud, admin: Client) -> None:
    everybody = set(listed(user_of(cloud, "garden", "reader"), ALL))
    assert set(listed(admin, ALL)) - everybody == {"OS::Glance::CommonImageProperties", "OS::OperatingSystem"}
    found = admin.get("image", f"{NAMESPACES}?{ALL}").json()["namespaces"]
    assert {one["namespace"] for one in found if not one["protected"]} == {
        "OS::Compute::AggregateNumInstancesFilter",
        "OS::Compute::CPUMode",
        "OS::Glance::Signatures",
    }


def test_every_file_is_what_a_client_could_send() -> None:
    for file, kept in zip(FILES, standard(), strict=True):
        assert read(file.read_bytes()) == kept


def test_everything_has_a_title_and_says_what_it_is() -> None:
    for one in standard():
        properties = [
            *one.properties.values(),
            *(p for thing in one.objects for p in dict(thing.properties or {}).values()),
        ]
        texts = [one.display_name, one.description, *(thing.description for thing in one.objects)]
        texts += [text for found in properties for text in (found.title, found.description)]
        assert all(isinstance(text, str) and text.strip() == text and text for text in texts), one.namespace


def test_a_namespace_of_the_catalog_can_be_made_anew_from_its_file(admin: Client) -> None:
    """As dashboards import namespaces."""
    body: dict[str, Any] = json.loads(FILES[0].read_bytes())
    body["namespace"] = "Imported"
    made(admin, **body)
    (kept,) = [one for one in standard() if one.namespace == json.loads(FILES[0].read_bytes())["namespace"]]
    assert shown(admin, "Imported")["properties"] == msgspec.to_builtins(kept.properties)
    assert admin.put("image", f"{NAMESPACES}/Imported", json={"namespace": "Imported"}).status_code == 200
    assert admin.delete("image", f"{NAMESPACES}/Imported").status_code == 204
