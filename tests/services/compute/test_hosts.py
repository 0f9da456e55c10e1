"""Hosts as clients see them: services, hypervisors, zones, aggregates."""

import platform
import re
from datetime import timedelta

import msgspec
import pytest
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import simulated_host

from haneul.kernel.clock import now
from haneul.services.compute.drivers.base import HostFacts
from haneul.services.compute.hosts import logic
from haneul.services.compute.hosts.models import services
from haneul.services.compute.wire import HostReport

FACTS = HostFacts(
    vcpus=4,
    memory_mb=8192,
    disk_gb=100,
    architecture="x86_64",
    hypervisor_type="QEMU",
    hypervisor_version=7_002_000,
    accelerator="fake",
    cpu_model="qemu64",
    default_machine="pc",
)
SERVICES = "/v2.1/os-services"
HYPERVISORS = "/v2.1/os-hypervisors"
AGGREGATES = "/v2.1/os-aggregates"


def at(client: Client, version: str) -> Client:
    return client.with_headers(X_OpenStack_Nova_API_Version=version)


def beat(cloud: RunningCloud, host: str, facts: HostFacts = FACTS) -> None:
    cloud.cloud.store.write(lambda db: logic.heard(db, HostReport(host, facts)))


@pytest.fixture(scope="module")
def hosts(cloud: RunningCloud) -> RunningCloud:
    """A cloud with the hosts anna and ben."""
    for host in ("anna", "ben"):
        beat(cloud, host)
    return cloud


def service_of(client: Client, host: str, binary: str = "nova-compute") -> dict[str, object]:
    answer = client.get("compute", SERVICES, params={"host": host, "binary": binary})
    (found,) = answer.json()["services"]
    assert isinstance(found, dict)
    return found


def test_compute_and_control_services_are_listed(hosts: RunningCloud, admin: Client) -> None:
    listed = at(admin, "2.53").get("compute", SERVICES).json()["services"]
    here = platform.node()
    assert {(it["binary"], it["host"], it["zone"], it["status"], it["state"]) for it in listed} >= {
        ("nova-conductor", here, "internal", "enabled", "up"),
        ("nova-scheduler", here, "internal", "enabled", "up"),
        ("nova-compute", "anna", "nova", "enabled", "up"),
        ("nova-compute", "ben", "nova", "enabled", "up"),
    }
    assert sorted(listed[0]) == [
        "binary",
        "disabled_reason",
        "forced_down",
        "host",
        "id",
        "state",
        "status",
        "updated_at",
        "zone",
    ]
    older = service_of(admin, "anna")
    assert isinstance(older["id"], int)
    assert "forced_down" not in older


def test_a_service_is_disabled_and_enabled(hosts: RunningCloud, admin: Client) -> None:
    client = at(admin, "2.53")
    path = f"{SERVICES}/{service_of(client, 'anna')['id']}"
    off = client.put("compute", path, json={"status": "disabled", "disabled_reason": "broken fan"})
    assert (off.status_code, off.json()["service"]["status"]) == (200, "disabled")
    store = hosts.cloud.store
    assert [host.host for host in store.read(lambda db: logic.usable(db, "nova"))] == ["ben"]
    ((host, reason),) = store.read(lambda db: logic.unusable(db, "nova"))
    assert (host.host, reason) == ("anna", "it is disabled: broken fan")
    on = client.put("compute", path, json={"status": "enabled"})
    assert (on.json()["service"]["status"], on.json()["service"]["disabled_reason"]) == ("enabled", None)
    for wrong in ({}, {"status": "asleep"}, {"status": "enabled", "disabled_reason": "none"}):
        assert client.put("compute", path, json=wrong).status_code == 400


def test_older_clients_name_a_service_by_host_and_binary(hosts: RunningCloud, admin: Client) -> None:
    named = {"host": "anna", "binary": "nova-compute"}
    off = admin.put("compute", f"{SERVICES}/disable-log-reason", json={**named, "disabled_reason": "broken fan"})
    assert off.json() == {"service": {**named, "status": "disabled", "disabled_reason": "broken fan"}}
    assert service_of(admin, "anna")["disabled_reason"] == "broken fan"
    assert admin.put("compute", f"{SERVICES}/enable", json=named).json()["service"]["status"] == "enabled"
    assert admin.put("compute", f"{SERVICES}/disable", json=named).json()["service"]["status"] == "disabled"
    assert admin.put("compute", f"{SERVICES}/enable", json=named).status_code == 200
    assert admin.put("compute", f"{SERVICES}/disable-log-reason", json=named).status_code == 400
    unknown = admin.put("compute", f"{SERVICES}/disable", json={**named, "host": "nobody"})
    assert unknown.status_code == 404
    control = admin.put("compute", f"{SERVICES}/disable", json={**named, "binary": "nova-scheduler"})
    assert control.status_code == 400


def test_older_clients_force_a_host_down_by_its_name(hosts: RunningCloud, admin: Client) -> None:
    client, named = at(admin, "2.11"), {"host": "anna", "binary": "nova-compute"}
    for is_down in (True, False):
        answer = client.put("compute", f"{SERVICES}/force-down", json={**named, "forced_down": is_down})
        assert answer.json() == {"service": {**named, "forced_down": is_down}}
        assert service_of(client, "anna")["state"] == ("down" if is_down else "up")
    assert client.put("compute", f"{SERVICES}/force-down", json=named).status_code == 400


def test_a_host_is_down_when_forced_or_silent(hosts: RunningCloud, admin: Client) -> None:
    client = at(admin, "2.53")
    path = f"{SERVICES}/{service_of(client, 'anna')['id']}"
    assert client.put("compute", path, json={"forced_down": True}).json()["service"]["state"] == "down"
    beat(hosts, "anna")
    assert service_of(client, "anna")["state"] == "down"
    client.put("compute", path, json={"forced_down": "false"})
    assert service_of(client, "anna")["state"] == "up"
    long_ago = now() - timedelta(seconds=61)
    hosts.cloud.store.write(lambda db: db.update(services, {"host": "anna"}, seen_at=long_ago))
    assert service_of(client, "anna")["state"] == "down"
    assert not hosts.cloud.store.read(lambda db: logic.is_up(db, "anna"))
    beat(hosts, "anna")
    assert service_of(client, "anna")["state"] == "up"


def test_a_beat_right_after_another_writes_nothing(hosts: RunningCloud) -> None:
    store = hosts.cloud.store
    before = store.read(logic.computing)
    beat(hosts, "anna")
    assert store.read(logic.computing) == before
    beat(hosts, "anna", msgspec.structs.replace(FACTS, vcpus=8))
    changed = store.read(logic.computing)
    assert [host.facts.vcpus for host in changed] == [8, 4]
    beat(hosts, "anna")


def test_a_service_that_is_gone_can_be_deleted(hosts: RunningCloud, admin: Client) -> None:
    beat(hosts, "carla")
    client = at(admin, "2.53")
    path = f"{SERVICES}/{service_of(client, 'carla')['id']}"
    assert admin.delete("compute", f"{SERVICES}/x").status_code == 400
    assert client.delete("compute", path).status_code == 204
    assert client.delete("compute", path).status_code == 404


def test_hypervisors_tell_what_they_have_until_2_87(hosts: RunningCloud, admin: Client) -> None:
    listed = admin.get("compute", HYPERVISORS).json()["hypervisors"]
    assert [(it["hypervisor_hostname"], it["state"], it["status"]) for it in listed] == [
        ("anna", "up", "enabled"),
        ("ben", "up", "enabled"),
    ]
    shown = admin.get("compute", f"{HYPERVISORS}/{listed[0]['id']}").json()["hypervisor"]
    expected = {
        "vcpus": 4,
        "vcpus_used": 0,
        "memory_mb": 8192,
        "memory_mb_used": 512,
        "free_ram_mb": 7680,
        "local_gb": 100,
        "free_disk_gb": 100,
        "running_vms": 0,
        "hypervisor_type": "QEMU",
        "hypervisor_version": 7002000,
        "cpu_info": '{"arch":"x86_64","model":"qemu64"}',
    }
    assert {name: shown[name] for name in expected} == expected
    sums = admin.get("compute", f"{HYPERVISORS}/statistics").json()["hypervisor_statistics"]
    assert (sums["count"], sums["vcpus"], sums["memory_mb"]) == (2, 8, 16384)
    assert [it["id"] for it in admin.get("compute", f"{HYPERVISORS}/ann/search").json()["hypervisors"]] == [shown["id"]]
    assert admin.get("compute", f"{HYPERVISORS}/nobody/search").status_code == 404


def test_newer_hypervisors_have_uuids_and_no_figures(hosts: RunningCloud, admin: Client) -> None:
    client = at(admin, "2.88")
    listed = client.get("compute", f"{HYPERVISORS}/detail", params={"with_servers": "true"}).json()["hypervisors"]
    assert sorted(listed[0]) == [
        "host_ip",
        "hypervisor_hostname",
        "hypervisor_type",
        "hypervisor_version",
        "id",
        "servers",
        "service",
        "state",
        "status",
        "uptime",
    ]
    assert listed[0]["id"] == logic.provider_of("anna")
    assert listed[0]["servers"] == []
    matching = client.get("compute", HYPERVISORS, params={"hypervisor_hostname_pattern": "be"}).json()["hypervisors"]
    assert [it["hypervisor_hostname"] for it in matching] == ["ben"]
    assert client.get("compute", HYPERVISORS, params={"hypervisor_hostname_pattern": "%"}).status_code == 404
    assert client.get("compute", f"{HYPERVISORS}/1").status_code == 400
    assert client.get("compute", f"{HYPERVISORS}/statistics").status_code in (400, 404)


@pytest.mark.parametrize("version", ["2.33", "2.53"])
def test_hypervisors_are_paged_from_2_33(hosts: RunningCloud, admin: Client, version: str) -> None:
    client = at(admin, version)
    page = client.get("compute", HYPERVISORS, params={"limit": "1"}).json()
    assert [it["hypervisor_hostname"] for it in page["hypervisors"]] == ["anna"]
    following = page["hypervisors_links"][0]["href"].removeprefix(hosts.url("compute"))
    assert [it["hypervisor_hostname"] for it in client.get("compute", following).json()["hypervisors"]] == ["ben"]
    assert client.get("compute", HYPERVISORS, params={"marker": "12345"}).status_code == 400


def test_an_aggregate_makes_a_zone(hosts: RunningCloud, admin: Client, member: Client) -> None:
    body = {"aggregate": {"name": "cellar", "availability_zone": "below"}}
    made = admin.post("compute", AGGREGATES, json=body)
    assert made.status_code == 200
    aggregate = made.json()["aggregate"]
    assert sorted(aggregate) == [
        "availability_zone",
        "created_at",
        "deleted",
        "deleted_at",
        "id",
        "name",
        "updated_at",
    ]
    assert admin.post("compute", AGGREGATES, json=body).status_code == 409
    path = f"{AGGREGATES}/{aggregate['id']}"
    added = admin.post("compute", f"{path}/action", json={"add_host": {"host": "ben"}})
    assert (added.status_code, added.json()["aggregate"]["hosts"]) == (200, ["ben"])
    assert admin.post("compute", f"{path}/action", json={"add_host": {"host": "ben"}}).status_code == 409
    assert admin.post("compute", f"{path}/action", json={"add_host": {"host": "nobody"}}).status_code == 404
    zones = member.get("compute", "/v2.1/os-availability-zone").json()["availabilityZoneInfo"]
    assert zones == [
        {"zoneName": "below", "zoneState": {"available": True}, "hosts": None},
        {"zoneName": "nova", "zoneState": {"available": True}, "hosts": None},
    ]
    detailed = admin.get("compute", "/v2.1/os-availability-zone/detail").json()["availabilityZoneInfo"]
    assert {zone["zoneName"]: sorted(zone["hosts"]) for zone in detailed} == {
        "below": ["ben"],
        "internal": [platform.node()],
        "nova": ["anna"],
    }
    assert detailed[0]["hosts"]["ben"]["nova-compute"]["available"] is True
    assert service_of(admin, "ben")["zone"] == "below"
    assert hosts.cloud.store.read(logic.zones) == {"below", "nova"}
    assert [host.host for host in hosts.cloud.store.read(lambda db: logic.usable(db, "below"))] == ["ben"]
    assert admin.delete("compute", path).status_code == 400
    gone = admin.post("compute", f"{path}/action", json={"remove_host": {"host": "ben"}})
    assert gone.json()["aggregate"]["hosts"] == []
    assert admin.delete("compute", path).status_code == 200
    assert admin.get("compute", path).status_code == 404


def test_a_host_stands_in_one_zone(hosts: RunningCloud, admin: Client) -> None:
    paths = []
    for name in ("left", "right"):
        made = admin.post("compute", AGGREGATES, json={"aggregate": {"name": name, "availability_zone": name}})
        paths.append(f"{AGGREGATES}/{made.json()['aggregate']['id']}")
    admin.post("compute", f"{paths[0]}/action", json={"add_host": {"host": "anna"}})
    refused = admin.post("compute", f"{paths[1]}/action", json={"add_host": {"host": "anna"}})
    assert refused.status_code == 409
    assert "already in availability zone(s) ['left']" in refused.json()["conflictingRequest"]["message"]
    admin.post("compute", f"{paths[0]}/action", json={"remove_host": {"host": "anna"}})
    for path in paths:
        assert admin.delete("compute", path).status_code == 200


def test_an_aggregates_name_and_metadata_change(hosts: RunningCloud, admin: Client) -> None:
    client = at(admin, "2.41")
    made = client.post("compute", AGGREGATES, json={"aggregate": {"name": "attic"}}).json()["aggregate"]
    assert len(made["uuid"]) == 36
    path = f"{AGGREGATES}/{made['id']}"
    change = {"set_metadata": {"metadata": {"ssd": "true", "colour": "red"}}}
    assert client.post("compute", f"{path}/action", json=change).json()["aggregate"]["metadata"] == {
        "ssd": "true",
        "colour": "red",
    }
    change = {"set_metadata": {"metadata": {"colour": None}}}  # type: ignore[dict-item]
    assert client.post("compute", f"{path}/action", json=change).json()["aggregate"]["metadata"] == {"ssd": "true"}
    renamed = client.put("compute", path, json={"aggregate": {"name": "loft", "availability_zone": "up"}})
    assert (renamed.json()["aggregate"]["name"], renamed.json()["aggregate"]["availability_zone"]) == ("loft", "up")
    assert client.put("compute", path, json={"aggregate": {}}).status_code == 400
    (listed,) = client.get("compute", AGGREGATES).json()["aggregates"]
    assert listed == client.get("compute", path).json()["aggregate"]
    assert client.delete("compute", path).status_code == 200


def test_hosts_are_administrators_business(hosts: RunningCloud, member: Client) -> None:
    for path in (SERVICES, HYPERVISORS, f"{HYPERVISORS}/detail", AGGREGATES, "/v2.1/os-availability-zone/detail"):
        assert member.get("compute", path).status_code == 403, path


def test_a_hypervisor_tells_how_long_its_host_is_up(hosts: RunningCloud, admin: Client) -> None:
    booted_at = now().timestamp() - 93_780
    beat(hosts, "ben", msgspec.structs.replace(FACTS, booted_at=booted_at, load=[0.5, 1.25, 2.0]))
    anna, ben = admin.get("compute", HYPERVISORS).json()["hypervisors"]
    told = admin.get("compute", f"{HYPERVISORS}/{ben['id']}/uptime").json()["hypervisor"]
    assert told["uptime"].endswith(" up 1 day,  2:03,  0 users,  load average: 0.50, 1.25, 2.00\n")
    newer = at(admin, "2.88").get("compute", f"{HYPERVISORS}/{logic.provider_of('ben')}").json()["hypervisor"]
    assert newer["uptime"].endswith(told["uptime"][-30:])
    assert admin.get("compute", f"{HYPERVISORS}/{anna['id']}/uptime").status_code == 501
    long_ago = now() - timedelta(seconds=61)
    hosts.cloud.store.write(lambda db: db.update(services, {"host": "ben"}, seen_at=long_ago))
    assert admin.get("compute", f"{HYPERVISORS}/{ben['id']}/uptime").status_code == 400
    beat(hosts, "ben")


def test_a_simulated_host_says_when_it_was_booted(cloud: RunningCloud, admin: Client) -> None:
    with simulated_host(cloud, "dora"):
        found = at(admin, "2.88").get("compute", f"{HYPERVISORS}/{logic.provider_of('dora')}").json()["hypervisor"]
    assert re.fullmatch(r" [0-9:]{8} up .*,  0 users,  load average: [0-9., ]+\n", found["uptime"])
    forgotten = service_of(at(admin, "2.53"), "dora")["id"]
    assert at(admin, "2.53").delete("compute", f"{SERVICES}/{forgotten}").status_code == 204


def test_older_clients_find_hypervisors_with_their_servers(hosts: RunningCloud, admin: Client) -> None:
    found = admin.get("compute", f"{HYPERVISORS}/ann/servers").json()["hypervisors"]
    assert [it["hypervisor_hostname"] for it in found] == ["anna"]
    assert admin.get("compute", f"{HYPERVISORS}/nobody/servers").status_code == 404
    assert at(admin, "2.53").get("compute", f"{HYPERVISORS}/ann/servers").status_code == 404


def test_no_host_is_switched_over_the_api(hosts: RunningCloud, admin: Client, member: Client) -> None:
    path = "/v2.1/os-hosts"
    for verb in ("startup", "shutdown", "reboot"):
        statuses = [client.get("compute", f"{path}/anna/{verb}").status_code for client in (admin, member)]
        assert [*statuses, admin.get("compute", f"{path}/nobody/{verb}").status_code] == [501, 403, 404]
    wanted = {"status": "enable", "maintenance_mode": "disable"}
    assert [client.put("compute", f"{path}/anna", json=wanted).status_code for client in (admin, member)] == [501, 403]
    assert admin.put("compute", f"{path}/nobody", json=wanted).status_code == 404
    for wrong in ({}, {"status": "invalid"}, {"maintenance_mode": "invalid"}, {"other": "enable"}):
        assert admin.put("compute", f"{path}/anna", json=wrong).status_code == 400


@pytest.mark.parametrize(("number", "status"), [("-1", 404), ("12345678901", 404), ("one", 400), ("1.5", 400)])
def test_an_aggregate_that_is_not_there(admin: Client, number: str, status: int) -> None:
    assert [admin.request(verb, "compute", f"{AGGREGATES}/{number}").status_code for verb in ("GET", "DELETE")] == [
        status,
        status,
    ]
