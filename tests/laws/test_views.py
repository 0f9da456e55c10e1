"""Every view parses in openstacksdk: what its own classes read from our answers is what we wrote."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from openstack.resource import Resource
from tests.laws import scenarios
from tests.laws.found import SERVICES
from tests.laws.furnished import network_stage
from tests.laws.furnished_block_storage import message_stage
from tests.laws.furnished_catalog import catalog_stage
from tests.laws.furnished_credentials import credential_stage
from tests.laws.furnished_delegation import delegation_stage
from tests.laws.furnished_limits import limit_stage
from tests.laws.furnished_metadefs import metadef_stage
from tests.laws.furnished_trusts import trust_stage
from tests.laws.furnished_volume_types import volume_type_stage
from tests.laws.furnished_volumes import volume_stage
from tests.support.cloud import Client, RunningCloud, running_cloud
from tests.support.hosts import eventually, simulated_host
from tests.support.viewers import token_of

from haneul.kernel.service import Service

BASES = {
    "identity": "/v3",
    "compute": "/v2.1",
    "image": "/v2",
    "placement": "",
    "network": "/v2.0",
    "block-storage": "/v3",
}
# What the real services write just so, whatever the SDK declares.
AS_UPSTREAM = {
    ("Flavor", "swap", ""): "No swap is an empty string before 2.75.",
    ("Store", "default", "true"): "Glance writes the default store's mark as a string.",
    **{
        ("SubnetPool", f"{which}_prefixlen", length): "Neutron writes the lengths of a pool's prefixes as strings."
        for which, length in (("min", "20"), ("default", "24"), ("max", "32"))
    },
}
# Lists that answer only to who asks for something, and what is shown by another name than an id of its own list.
QUERIES = {"AllocationCandidate": "?resources=VCPU:1", "Usage": "?project_id={project_id}"}
# The SDK lists these and never asks for one: the answer would be the association in place of the project.
NEVER_FETCHED = {"EndpointGroupProject"}
# The SDK asks for a type's encryption without an id: what stands after it is one of its items.
NEVER_FETCHED |= {"TypeEncryption"}
# The SDK looks for one message under the name of their list.
NEVER_FETCHED |= {"Message"}
# No cluster can be configured: a back end of volumes belongs to one host.
THERE_ARE_NONE = {"Cluster"}
# The SDK's class names no version, though there is none of it in the oldest.
CAME_WITH = {"Message": "3.3"}
AGENTS = {"DHCPAgentHostingNetwork": "dhcp_agent_id", "L3AgentRouter": "l3_agent_id"}
NAMES = {
    "AutoAllocatedTopology": "{project_id}",
    "Capabilities": "host-1@file",
    "DefaultType": "{project_id}",
    "MetadefProperty": "{property_name}",
    "NetworkIPAvailability": "{network_id}",
    "Quota": "{project_id}",
    "Allocation": "{server_id}",
    "ConsoleAuthToken": "{console_token}",
    "QuotaClassSet": "default",
    "ResourceProviderInventory": "VCPU",
    "Trait": "COMPUTE_STATUS_DISABLED",
    "Usage": "{project_id}",
}


class Parsed(NamedTuple):
    """One of the SDK's classes, and the route whose answer it reads."""

    service: Service
    kind: type[Resource]
    path: str
    is_list: bool

    def __str__(self) -> str:
        return f"{self.service.type} {self.kind.__name__} {'list' if self.is_list else 'show'} {self.path}"


def sdk_modules(service: Service) -> Iterator[ModuleType]:
    """The SDK's modules of the newest version of a service's API."""
    package = importlib.import_module(f"openstack.{service.package}")
    versions = sorted(one.name for one in pkgutil.iter_modules(package.__path__) if re.fullmatch(r"v\d", one.name))
    newest = importlib.import_module(f"openstack.{service.package}.{versions[-1]}")
    for module in pkgutil.iter_modules(newest.__path__, newest.__name__ + "."):
        yield importlib.import_module(module.name)


def sdk_classes(service: Service) -> Iterator[type[Resource]]:
    for module in sdk_modules(service):
        for value in vars(module).values():
            is_class = isinstance(value, type) and issubclass(value, Resource) and value.__module__ == module.__name__
            if is_class and value.base_path and value.__name__ not in THERE_ARE_NONE:
                yield value


def parsed() -> Iterator[Parsed]:
    """Each class with each of our routes that it reads."""
    for service in SERVICES:
        shapes = {re.sub(r"\{\w+\}", "{}", route.path) for route in service.routes if route.method == "GET"}
        for kind in sdk_classes(service):
            path = BASES[service.type] + re.sub(r"%\((\w+)\)s", r"{\1}", str(kind.base_path))
            shape = re.sub(r"\{\w+\}", "{}", path)
            if kind.allow_list:
                for end in ("", "/detail"):
                    if shape + end in shapes:
                        yield Parsed(service, kind, path + end, is_list=True)
            if kind.allow_fetch and shape + "/{}" in shapes and kind.__name__ not in NEVER_FETCHED:
                yield Parsed(service, kind, path + "/{id}", is_list=False)


# Some classes stand in their module under two names.
PARSED = list({str(one): one for one in parsed()}.values())


class Stage:
    """A cloud with one of everything that lists show, and the ids that stand in paths."""

    def __init__(self, running: RunningCloud) -> None:
        self.admin = running.login()
        self.ids: dict[str, str] = {"domain_id": "default"}
        token = self.admin.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": self.admin.token}).json()
        self.ids |= {"user_id": token["token"]["user"]["id"], "project_id": token["token"]["project"]["id"]}
        self.ids |= network_stage(self.admin, self.ids["project_id"])
        self.ids |= catalog_stage(self.admin, self.ids["project_id"])
        delegation_stage(self.admin, self.ids["user_id"])
        credential_stage(self.admin, self.ids["user_id"], self.ids["project_id"])
        trust_stage(self.admin, self.ids["user_id"], self.ids["project_id"])
        limit_stage(self.admin, self.ids["project_id"])
        self.ids |= metadef_stage(self.admin)
        message_stage(self.admin, self.ids["project_id"])
        self.ids |= volume_type_stage(self.admin, self.ids["project_id"])
        volume_stage(self.admin)
        self._furnish(self.admin.with_headers(OpenStack_API_Version="compute 2.100"))

    def _furnish(self, nova: Client) -> None:
        group = nova.post("identity", "/v3/groups", json={"group": {"name": "gardeners"}}).json()["group"]
        role = nova.get("identity", "/v3/roles", params={"name": "member"}).json()["roles"][0]
        self.ids |= {"group_id": group["id"], "role_id": role["id"]}
        places = (f"projects/{self.ids['project_id']}", "domains/default", "system")
        for place in places:
            for who in (f"groups/{group['id']}", f"users/{self.ids['user_id']}"):
                nova.put("identity", f"/v3/{place}/{who}/roles/{role['id']}")
        nova.put("identity", f"/v3/groups/{group['id']}/users/{self.ids['user_id']}")
        aggregate = {"aggregate": {"name": "rack", "availability_zone": "north"}}
        nova.post("compute", "/v2.1/os-aggregates", json=aggregate)
        key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRNJmbyyVqCmjVKfkVjZsTqvYTKDPYTVYqGW8mgs2Nc a@b"
        keypair = {"name": "key", "type": "ssh", "public_key": key}
        nova.post("compute", "/v2.1/os-keypairs", json={"keypair": keypair})
        scenarios.small_flavor(nova)
        self.ids |= {"server_id": scenarios.active(nova), "image_id": scenarios.image(nova)}
        console = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
        opened = nova.post("compute", f"/v2.1/servers/{self.ids['server_id']}/remote-consoles", json=console)
        self.ids["console_token"] = token_of(opened.json()["remote_console"]["url"])
        image = {"name": "lent", "disk_format": "raw", "container_format": "bare", "visibility": "shared"}
        self.ids["image_id"] = nova.post("image", "/v2/images", json=image).json()["id"]
        bytes_of_it = {"content": b"bytes", "headers": {"Content-Type": "application/octet-stream"}}
        nova.put("image", f"/v2/images/{self.ids['image_id']}/stage", **bytes_of_it)
        imported = {"method": {"name": "glance-direct"}}
        assert nova.post("image", f"/v2/images/{self.ids['image_id']}/import", json=imported).status_code == 202
        eventually(lambda: nova.get("image", f"/v2/images/{self.ids['image_id']}").json()["status"] == "active")
        nova.post("image", f"/v2/images/{self.ids['image_id']}/members", json={"member": self.ids["project_id"]})
        (provider,) = nova.get("placement", "/resource_providers").json()["resource_providers"]
        self.ids["resource_provider_id"] = provider["uuid"]

    def items(self, one: Parsed) -> list[dict[str, Any]]:
        """What the SDK would read: the list's items, at the newest version that the class and we both know."""
        name = one.kind.__name__
        ids = self.ids | {"agent_id": self.ids[AGENTS.get(name, "dhcp_agent_id")]}
        body = self._asked(one, (one.path + QUERIES.get(name, "")).format_map(ids))
        found = body[one.kind.resources_key] if one.kind.resources_key else body
        return list(found) if isinstance(found, list) else [found]

    def shown(self, one: Parsed) -> dict[str, Any]:
        """One thing by the id that its own list tells."""
        collection = one.path.removesuffix("/{id}")
        lists = [other for other in PARSED if other.kind is one.kind and other.is_list and other.path == collection]
        things = self.items(lists[0]) if lists else []
        ids = [self.read(one.kind, thing).id for thing in things]
        named = NAMES.get(one.kind.__name__, "").format_map(self.ids) or (ids[0] if ids else None)
        assert named, f"Nothing to show of {one}."
        body = self._asked(one, f"{collection.format_map(self.ids)}/{named}")
        return dict(body[one.kind.resource_key] if one.kind.resource_key else body)

    def read(self, kind: type[Resource], thing: dict[str, Any]) -> Resource:
        # The SDK itself takes these away from images: its methods have parameters of that name.
        return kind.existing(connection=None, **{name: value for name, value in thing.items() if name != "self"})

    def _asked(self, one: Parsed, path: str) -> Any:
        negotiated, headers = one.service.microversions, {}
        newest = one.kind._max_microversion or CAME_WITH.get(one.kind.__name__)
        if negotiated is not None and newest:
            asked = tuple(map(int, newest.split(".")))
            headers = {"OpenStack-API-Version": "{} {}.{}".format(negotiated.word, *min(asked, negotiated.newest))}
        answer = self.admin.get(one.service.type, path, headers=headers)
        assert answer.status_code in (200, 204), answer.text
        return answer.json() if answer.status_code == 200 else {}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with running_cloud() as running, simulated_host(running):
        yield Stage(running)


def misread(kind: type[Resource], thing: dict[str, Any], found: Resource) -> Iterator[str]:
    """The fields that the SDK knows, we wrote, and that came to nothing or to something else."""
    for wire, attribute in kind._body_mapping().items():
        if thing.get(wire) is None or (kind.__name__, wire, str(thing[wire])) in AS_UPSTREAM:
            continue
        read, wanted = getattr(found, attribute), getattr(kind, attribute).type
        if wanted in (int, float, bool, str):
            if type(thing[wire]) is not wanted and not (wanted is float and type(thing[wire]) is int):
                yield f"{wire} is {thing[wire]!r}, where {wanted.__name__} is read"
        elif read is None or (wanted is None and read != thing[wire]):
            yield f"{wire} is {thing[wire]!r} and was read as {read!r}"


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.parametrize("one", PARSED, ids=str)
def test_the_sdk_reads_what_we_wrote(stage: Stage, one: Parsed) -> None:
    things = stage.items(one) if one.is_list else [stage.shown(one)]
    assert things, "The stage has none of it: furnish it."
    for thing in things[:20]:
        found = stage.read(one.kind, thing)
        assert list(misread(one.kind, thing, found)) == []
        assert found.id or "id" not in thing
