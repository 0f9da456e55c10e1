"""Limits that are registered with identity, as compute keeps them: by the names and in the words of Nova's."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from secrets import token_hex
from typing import Any

import httpx
import pytest
from tests.support.cloud import Client, RunningCloud, running_cloud

NEWEST = {"OpenStack-API-Version": "compute 2.100"}
PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGRlYWRiZWVmZGVhZGJlZWZkZWFkYmVlZmRlYWRiZWVm nobody"
SETS = "/v2.1/os-quota-sets"


class Stage:
    """What servers are made of in one cloud, projects to make them in, and limits on them."""

    def __init__(self, cloud: RunningCloud) -> None:
        self.cloud, self.admin = cloud, cloud.login()
        (service,) = self.admin.get("identity", "/v3/services", params={"type": "compute"}).json()["services"]
        self.service_id: str = service["id"]
        flavor = {"name": "f", "vcpus": 2, "ram": 128, "disk": 1, "OS-FLV-EXT-DATA:ephemeral": 2, "id": "limited"}
        assert self.admin.post("compute", "/v2.1/flavors", json={"flavor": flavor}).status_code == 200
        body = {"name": "blank", "disk_format": "raw", "container_format": "bare", "visibility": "public"}
        self.image_id = self.admin.post("image", "/v2/images", json=body).json()["id"]
        octets = {"Content-Type": "application/octet-stream"}
        path = f"/v2/images/{self.image_id}/file"
        assert self.admin.put("image", path, content=bytes(1 << 20), headers=octets).status_code == 204

    def project(self) -> tuple[str, Client]:
        """A new project, and admin in it."""
        body = {"project": {"name": f"p-{token_hex(4)}"}}
        project_id: str = self.admin.post("identity", "/v3/projects", json=body).json()["project"]["id"]
        (user,) = self.admin.get("identity", "/v3/users", params={"name": "admin"}).json()["users"]
        (role,) = self.admin.get("identity", "/v3/roles", params={"name": "admin"}).json()["roles"]
        self.admin.put("identity", f"/v3/projects/{project_id}/users/{user['id']}/roles/{role['id']}")
        return project_id, self.cloud.login({"project": {"id": project_id}})

    @contextmanager
    def registered(self, **defaults: int) -> Iterator[None]:
        """These limits, for the time of one test; `class_VCPU` stands for `class:VCPU`."""
        bodies = [
            {"service_id": self.service_id, "resource_name": name.replace("class_", "class:"), "default_limit": most}
            for name, most in defaults.items()
        ]
        made = self.admin.post("identity", "/v3/registered_limits", json={"registered_limits": bodies})
        assert made.status_code == 201, made.text
        try:
            yield
        finally:
            for one in self.admin.get("identity", "/v3/limits").json()["limits"]:
                self.admin.delete("identity", f"/v3/limits/{one['id']}")
            for one in made.json()["registered_limits"]:
                gone = self.admin.delete("identity", f"/v3/registered_limits/{one['id']}")
                assert gone.status_code == 204, gone.text

    def limit(self, name: str, most: int, **owner: str) -> None:
        body = {"service_id": self.service_id, "resource_name": name, "resource_limit": most, **owner}
        made = self.admin.post("identity", "/v3/limits", json={"limits": [body]})
        assert made.status_code == 201, made.text

    def create(self, client: Client, **more: Any) -> httpx.Response:
        server = {"name": "s", "flavorRef": "limited", "imageRef": self.image_id, "networks": "none", **more}
        return client.post("compute", "/v2.1/servers", json={"server": server}, headers=NEWEST)


@pytest.fixture(scope="module")
def stage(cloud: RunningCloud) -> Stage:
    return Stage(cloud)


@pytest.fixture(scope="module")
def strict() -> Iterator[Stage]:
    with running_cloud(identity={"limit_model": "strict_two_level"}) as cloud:
        yield Stage(cloud)


def refused(answer: httpx.Response) -> str:
    assert answer.status_code == 403, answer.text
    return str(answer.json()["forbidden"]["message"])


def over(project_id: str | None, *limits: tuple[str, int, int, int]) -> str:
    told = [
        f"Resource {name} is over limit of {limit} due to current usage {used} and delta {delta}"
        for name, limit, used, delta in limits
    ]
    return f"Project {project_id} is over a limit for [{', '.join(told)}]"


def test_one_server_more_than_registered_is_refused(stage: Stage) -> None:
    project_id, client = stage.project()
    with stage.registered(servers=1):
        assert stage.create(client).status_code == 202
        assert refused(stage.create(client)) == over(project_id, ("servers", 1, 1, 1))
        # The quotas that compute itself keeps count no longer, be they more.
        client.put("compute", f"{SETS}/{project_id}", json={"quota_set": {"instances": 9, "force": True}})
        assert refused(stage.create(client)) == over(project_id, ("servers", 1, 1, 1))
    assert stage.create(client).status_code == 202


def test_a_projects_own_limit_counts_before_what_is_registered(stage: Stage) -> None:
    (project_id, client), (other_id, other) = stage.project(), stage.project()
    with stage.registered(servers=1, class_VCPU=-1):
        stage.limit("servers", 3, project_id=project_id)
        assert stage.create(client, max_count=3).status_code == 202
        assert refused(stage.create(client)) == over(project_id, ("servers", 3, 3, 1))
        assert refused(stage.create(other, max_count=2)) == over(other_id, ("servers", 1, 0, 2))
        # A limit of -1 is none: compute's own of 20 cores doesn't count.
        stage.limit("servers", -1, project_id=other_id)
        assert stage.create(other, max_count=11, min_count=11).status_code == 202


def test_every_limit_that_is_reached_is_told(stage: Stage) -> None:
    project_id, client = stage.project()
    with stage.registered(class_VCPU=3, class_MEMORY_MB=128, class_DISK_GB=5, servers=5):
        assert stage.create(client).status_code == 202
        assert refused(stage.create(client)) == over(
            project_id, ("class:DISK_GB", 5, 3, 3), ("class:MEMORY_MB", 128, 128, 128), ("class:VCPU", 3, 2, 2)
        )


def test_what_each_server_or_user_may_have_is_told_without_a_project(stage: Stage) -> None:
    project_id, client = stage.project()
    with stage.registered(server_metadata_items=1, server_key_pairs=1):
        # Of these no project has a limit of its own.
        stage.limit("server_key_pairs", 9, project_id=project_id)
        two = {"a": "1", "b": "2"}
        assert refused(stage.create(client, metadata=two)) == over(None, ("server_metadata_items", 1, 0, 2))
        assert stage.create(client, metadata={"a": "1"}).status_code == 202
        assert _import(client, "first") == 200
        body = {"keypair": {"name": "second", "public_key": PUBLIC}}
        said = refused(client.post("compute", "/v2.1/os-keypairs", json=body))
        assert said == over(None, ("server_key_pairs", 1, 1, 1))
        assert client.delete("compute", "/v2.1/os-keypairs/first").status_code == 202


def _import(client: Client, name: str) -> int:
    body = {"keypair": {"name": name, "public_key": PUBLIC}}
    return client.post("compute", "/v2.1/os-keypairs", json=body).status_code


def test_quotas_and_limits_show_what_is_registered(stage: Stage) -> None:
    project_id, client = stage.project()
    with stage.registered(servers=7, server_groups=2):
        stage.limit("servers", 8, project_id=project_id)
        body = {"quota_set": {"instances": 3, "cores": 4}}
        changed = client.put("compute", f"{SETS}/{project_id}", json=body).json()["quota_set"]
        # As with Nova, what is registered is not set here.
        assert (changed["instances"], changed["cores"], changed["server_groups"]) == (8, 4, 2)
        assert client.get("compute", f"{SETS}/{project_id}").json()["quota_set"]["instances"] == 8
        assert client.get("compute", f"{SETS}/{project_id}/defaults").json()["quota_set"]["instances"] == 7
        absolute = client.get("compute", "/v2.1/limits").json()["limits"]["absolute"]
        assert (absolute["maxTotalInstances"], absolute["maxServerGroups"]) == (8, 2)
        of_class = "/v2.1/os-quota-class-sets/default"
        body = {"quota_class_set": {"instances": 1}}
        assert client.put("compute", of_class, json=body).json()["quota_class_set"]["instances"] == 7
    assert client.get("compute", f"{SETS}/{project_id}").json()["quota_set"]["instances"] == 10
    client.delete("compute", f"{SETS}/{project_id}")


def test_limits_of_other_regions_and_services_do_not_count(stage: Stage) -> None:
    _, client = stage.project()
    admin = stage.admin
    admin.post("identity", "/v3/regions", json={"region": {"id": "elsewhere"}})
    here = stage.cloud.cloud.wanted.region
    other = admin.post("identity", "/v3/services", json={"service": {"type": "sculpture"}}).json()["service"]["id"]
    bodies = [
        {"service_id": stage.service_id, "resource_name": "servers", "default_limit": 0, "region_id": "elsewhere"},
        {"service_id": other, "resource_name": "servers", "default_limit": 0},
    ]
    answer = admin.post("identity", "/v3/registered_limits", json={"registered_limits": bodies})
    assert stage.create(client).status_code == 202
    # One for this region counts before one for none.
    with stage.registered(servers=0):
        assert stage.create(client).status_code == 403
        body = {**bodies[0], "region_id": here, "default_limit": 2}
        mine = admin.post("identity", "/v3/registered_limits", json={"registered_limits": [body]}).json()
        assert stage.create(client).status_code == 202
        assert stage.create(client).status_code == 403
    for one in (*answer.json()["registered_limits"], *mine["registered_limits"]):
        assert admin.delete("identity", f"/v3/registered_limits/{one['id']}").status_code == 204


def test_many_requests_at_once_stay_within_what_is_registered(stage: Stage) -> None:
    _, client = stage.project()
    with stage.registered(servers=3), ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: stage.create(client).status_code, range(8)))
    assert sorted(answers) == [202] * 3 + [403] * 5


def test_in_the_strict_model_a_domains_projects_have_its_limit_together(strict: Stage) -> None:
    (first_id, first), (_, second) = strict.project(), strict.project()
    with strict.registered(servers=3):
        assert strict.create(first, max_count=2).status_code == 202
        assert strict.create(second).status_code == 202
        # Both are within their own three, but the domain has no more.
        assert refused(strict.create(second)) == over("default", ("servers", 3, 3, 1))
        strict.limit("servers", 4, domain_id="default")
        strict.limit("servers", 2, project_id=first_id)
        assert refused(strict.create(first)) == over(first_id, ("servers", 2, 2, 1))
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda _: strict.create(second).status_code, range(6)))
        assert sorted(answers) == [202] + [403] * 5
