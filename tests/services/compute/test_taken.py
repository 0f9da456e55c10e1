"""What a server takes, wherever it is told: quotas, limits, hypervisors, hosts, a project's bill."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually, simulated_host

from haneul.kernel.clock import now

FLAVOR = {"name": "medium", "id": "medium", "vcpus": 2, "ram": 256, "disk": 3, "OS-FLV-EXT-DATA:ephemeral": 1}
USAGE = "/v2.1/os-simple-tenant-usage"


@pytest.fixture(scope="module")
def taken(cloud: RunningCloud, admin: Client) -> Iterator[dict[str, Any]]:
    """A server that runs on a simulated host."""
    with simulated_host(cloud, "anna"):
        admin.post("compute", "/v2.1/flavors", json={"flavor": FLAVOR})
        image = admin.post(
            "image", "/v2/images", json={"name": "blank", "disk_format": "raw", "container_format": "bare"}
        )
        image_id = image.json()["id"]
        octets = {"Content-Type": "application/octet-stream"}
        admin.put("image", f"/v2/images/{image_id}/file", content=bytes(1 << 20), headers=octets)
        newest = admin.with_headers(OpenStack_API_Version="compute 2.100")
        server = {"name": "cat", "flavorRef": "medium", "imageRef": image_id, "networks": "none"}
        made = newest.post("compute", "/v2.1/servers", json={"server": server})
        assert made.status_code == 202, made.text
        server_id = made.json()["server"]["id"]

        def running() -> dict[str, Any] | None:
            found: dict[str, Any] = newest.get("compute", f"/v2.1/servers/{server_id}").json()["server"]
            return found if found["status"] == "ACTIVE" else None

        found = eventually(running)
        assert isinstance(found, dict)
        yield found


def test_a_projects_quota_tells_what_it_uses(admin: Client, taken: dict[str, Any]) -> None:
    shown = admin.get("compute", f"/v2.1/os-quota-sets/{taken['tenant_id']}/detail").json()["quota_set"]
    assert {name: shown[name]["in_use"] for name in ("instances", "cores", "ram")} == {
        "instances": 1,
        "cores": 2,
        "ram": 256,
    }
    absolute = admin.get("compute", "/v2.1/limits").json()["limits"]["absolute"]
    assert (absolute["totalInstancesUsed"], absolute["totalCoresUsed"], absolute["totalRAMUsed"]) == (1, 2, 256)


def test_a_quota_below_what_is_used_must_be_forced(admin: Client, taken: dict[str, Any]) -> None:
    path = f"/v2.1/os-quota-sets/{taken['tenant_id']}"
    refused = admin.put("compute", path, json={"quota_set": {"cores": 1}})
    assert refused.status_code == 400
    assert refused.json()["badRequest"]["message"] == (
        "Quota limit 1 for cores must be greater than or equal to already used and reserved 2."
    )
    assert admin.put("compute", path, json={"quota_set": {"cores": 1, "force": True}}).status_code == 200
    assert admin.put("compute", path, json={"quota_set": {"cores": -1}}).status_code == 200
    assert admin.delete("compute", path).status_code == 202


def test_a_users_quota_counts_his_own_servers(admin: Client, taken: dict[str, Any]) -> None:
    path, mine = f"/v2.1/os-quota-sets/{taken['tenant_id']}", {"user_id": taken["user_id"]}
    for query, cores in ((mine, 2), ({"user_id": "somebody-else"}, 0)):
        shown = admin.get("compute", f"{path}/detail", params=query).json()["quota_set"]
        assert (shown["cores"]["in_use"], shown["cores"]["limit"]) == (cores, 20)
    assert admin.put("compute", path, params=mine, json={"quota_set": {"cores": 1}}).status_code == 400
    assert admin.put("compute", path, params=mine, json={"quota_set": {"cores": 3}}).status_code == 200
    newest = admin.with_headers(OpenStack_API_Version="compute 2.100")
    server = {"name": "dog", "flavorRef": "medium", "imageRef": taken["image"]["id"], "networks": "none"}
    refused = newest.post("compute", "/v2.1/servers", json={"server": server})
    assert refused.status_code == 403
    assert refused.json()["forbidden"]["message"] == (
        "Quota exceeded for cores: Requested 2, but already used 2 of 3 cores"
    )
    assert admin.delete("compute", path, params=mine).status_code == 202


def test_a_hypervisor_tells_what_is_taken_of_it(admin: Client, taken: dict[str, Any]) -> None:
    (shown,) = admin.get("compute", "/v2.1/os-hypervisors/detail").json()["hypervisors"]
    assert (shown["vcpus_used"], shown["local_gb_used"], shown["running_vms"]) == (2, 4, 1)
    assert shown["memory_mb"] - shown["free_ram_mb"] == shown["memory_mb_used"] > 256
    newer = admin.with_headers(OpenStack_API_Version="compute 2.53")
    (listed,) = newer.get("compute", "/v2.1/os-hypervisors", params={"with_servers": "true"}).json()["hypervisors"]
    assert listed["servers"] == [{"name": "cat", "uuid": taken["id"]}]


def test_a_host_tells_who_uses_it(admin: Client, taken: dict[str, Any]) -> None:
    listed = admin.get("compute", "/v2.1/os-hosts", params={"zone": "nova"}).json()["hosts"]
    assert listed == [{"host_name": "anna", "service": "compute", "zone": "nova"}]
    resources = [it["resource"] for it in admin.get("compute", "/v2.1/os-hosts/anna").json()["host"]]
    by_project = {it["project"]: (it["cpu"], it["memory_mb"], it["disk_gb"]) for it in resources}
    assert by_project[taken["tenant_id"]] == by_project["(used_max)"] == (2, 256, 4)
    assert by_project["(used_now)"][0] == 2
    assert admin.get("compute", "/v2.1/os-hosts/nobody").status_code == 404


def test_a_server_tells_how_its_host_is(admin: Client, taken: dict[str, Any]) -> None:
    newest = admin.with_headers(OpenStack_API_Version="compute 2.100")
    (service,) = newest.get("compute", "/v2.1/os-services", params={"host": "anna"}).json()["services"]
    told = []
    for change in ({"status": "disabled"}, {"forced_down": True}, {"status": "enabled", "forced_down": False}):
        newest.put("compute", f"/v2.1/os-services/{service['id']}", json=change)
        shown = newest.get("compute", f"/v2.1/servers/{taken['id']}").json()["server"]["host_status"]
        (listed,) = newest.get("compute", "/v2.1/servers/detail").json()["servers"]
        assert listed["host_status"] == shown
        told.append(shown)
    assert told == ["MAINTENANCE", "DOWN", "UP"]


def test_a_host_with_servers_can_not_be_forgotten(admin: Client, taken: dict[str, Any]) -> None:
    newer = admin.with_headers(OpenStack_API_Version="compute 2.53")
    (service,) = newer.get("compute", "/v2.1/os-services", params={"host": "anna"}).json()["services"]
    refused = newer.delete("compute", f"/v2.1/os-services/{service['id']}")
    assert refused.status_code == 409
    assert refused.json()["conflictingRequest"]["message"].startswith(
        "Unable to delete compute service that is hosting"
    )


def test_a_host_with_servers_keeps_its_zone(admin: Client, taken: dict[str, Any]) -> None:
    body = {"aggregate": {"name": "far", "availability_zone": "far"}}
    made = admin.post("compute", "/v2.1/os-aggregates", json=body).json()["aggregate"]
    path = f"/v2.1/os-aggregates/{made['id']}"
    refused = admin.post("compute", f"{path}/action", json={"add_host": {"host": "anna"}})
    assert refused.status_code == 409
    assert "the host has instances" in refused.json()["conflictingRequest"]["message"]
    assert admin.delete("compute", path).status_code == 200


def test_a_flavor_may_go_while_its_servers_live(admin: Client, taken: dict[str, Any]) -> None:
    assert admin.delete("compute", "/v2.1/flavors/medium").status_code == 202
    newest = admin.with_headers(OpenStack_API_Version="compute 2.100")
    shown = newest.get("compute", f"/v2.1/servers/{taken['id']}").json()["server"]
    assert shown["flavor"]["original_name"] == "medium"


def test_usage_counts_the_hours_of_a_period(admin: Client, taken: dict[str, Any]) -> None:
    start = (now() - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S")
    end = (now() + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S")
    query = {"start": start, "end": end, "detailed": "1"}
    (usage,) = admin.get("compute", USAGE, params=query).json()["tenant_usages"]
    (server,) = usage["server_usages"]
    assert (server["name"], server["flavor"], server["state"], server["ended_at"]) == ("cat", "medium", "active", None)
    assert (server["vcpus"], server["memory_mb"], server["local_gb"]) == (2, 256, 4)
    assert 0 < usage["total_hours"] < 0.2
    assert usage["total_vcpus_usage"] == pytest.approx(2 * usage["total_hours"])
    of_project = admin.get("compute", f"{USAGE}/{taken['tenant_id']}", params=query).json()["tenant_usage"]
    assert of_project["server_usages"][0]["instance_id"] == taken["id"]
    assert admin.get("compute", f"{USAGE}/nobody", params=query).json() == {"tenant_usage": {}}
    past = {"start": "2020-01-01T00:00:00", "end": "2020-02-01T00:00:00"}
    assert admin.get("compute", USAGE, params=past).json() == {"tenant_usages": []}


def test_a_period_must_be_one(admin: Client) -> None:
    for query in ({"start": "2020-02-01T00:00:00", "end": "2020-01-01T00:00:00"}, {"start": "yesterday"}):
        assert admin.get("compute", USAGE, params=query).status_code == 400


def test_a_bill_is_for_the_project_and_admins(member: Client, taken: dict[str, Any]) -> None:
    query = {"start": "2020-01-01T00:00:00"}
    assert member.get("compute", USAGE, params=query).status_code == 403
    assert member.get("compute", f"{USAGE}/{taken['tenant_id']}", params=query).status_code == 403
