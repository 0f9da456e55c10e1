"""Block storage's services: back ends, the scheduler, and what an administrator does with them."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually, simulated_host

from haneul.services.block_storage.services import logic
from haneul.services.block_storage.services.models import storage_services
from haneul.services.block_storage.wire import BackendReport, VolumeHostReport

PATH = "/v3/os-services"
BACKEND = "host-1@file"


@pytest.fixture(scope="module", autouse=True)
def host(cloud: RunningCloud, admin: Client) -> Iterator[None]:
    with simulated_host(cloud):
        eventually(lambda: any(one["host"] == BACKEND for one in admin.get("block-storage", PATH).json()["services"]))
        yield


@pytest.fixture(scope="module")
def newest(admin: Client) -> Client:
    return admin.with_headers(OpenStack_API_Version="volume 3.71")


def services(client: Client, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("block-storage", PATH, params=query).json()["services"]
    return found


def backend(client: Client) -> dict[str, Any]:
    (found,) = services(client, host=BACKEND)
    return found


def message(answer: Any) -> str:
    (fault,) = answer.json().values()
    text: str = fault["message"]
    return text


def test_services_are_the_scheduler_and_each_back_end(admin: Client, newest: Client) -> None:
    assert {one["binary"] for one in services(newest)} == {"cinder-scheduler", "cinder-volume"}
    found = backend(newest)
    assert found.pop("updated_at")
    assert found == {
        "binary": "cinder-volume",
        "host": BACKEND,
        "zone": "nova",
        "status": "enabled",
        "state": "up",
        "disabled_reason": None,
        "cluster": None,
        "backend_state": "up",
        "replication_status": "disabled",
        "active_backend_id": None,
        "frozen": False,
    }
    assert {"cluster", "backend_state"}.isdisjoint(backend(admin))
    (scheduler,) = services(newest, binary="cinder-scheduler")
    assert scheduler["state"] == "up"
    assert "frozen" not in scheduler


def test_services_are_filtered_by_host_and_binary(newest: Client) -> None:
    assert [one["host"] for one in services(newest, host="host-1")] == [BACKEND]
    assert services(newest, host="host-1", binary="cinder-scheduler") == []
    assert services(newest, host="elsewhere") == []


def test_a_service_is_disabled_with_a_reason_and_enabled_again(newest: Client) -> None:
    named = {"host": BACKEND, "binary": "cinder-volume"}
    answer = newest.put("block-storage", PATH + "/disable-log-reason", json={**named, "disabled_reason": "repair"})
    assert answer.status_code == 200
    assert answer.json() == {
        **named,
        "service": "",
        "status": "disabled",
        "disabled": True,
        "disabled_reason": "repair",
    }
    assert (backend(newest)["status"], backend(newest)["disabled_reason"]) == ("disabled", "repair")
    assert newest.get("block-storage", "/v3/os-availability-zone").json() == {
        "availabilityZoneInfo": [{"zoneName": "nova", "zoneState": {"available": False}}]
    }
    answer = newest.put("block-storage", PATH + "/enable", json={"host": BACKEND, "service": "cinder-volume"})
    assert (answer.json()["status"], answer.json()["disabled"]) == ("enabled", False)
    assert (backend(newest)["status"], backend(newest)["disabled_reason"]) == ("enabled", None)
    answer = newest.put("block-storage", PATH + "/disable", json=named)
    assert answer.json() == {**named, "service": "", "status": "disabled", "disabled": True}
    newest.put("block-storage", PATH + "/enable", json=named)
    zones = newest.get("block-storage", "/v3/os-availability-zone").json()["availabilityZoneInfo"]
    assert zones == [{"zoneName": "nova", "zoneState": {"available": True}}]


@pytest.mark.parametrize(
    ("action", "body", "status", "sentence"),
    [
        (
            "enable",
            {"host": "elsewhere", "binary": "cinder-volume"},
            404,
            "Service cinder-volume could not be found on host elsewhere.",
        ),
        ("disable", {"host": BACKEND, "binary": "other"}, 404, f"Service other could not be found on host {BACKEND}."),
        ("disable", {"binary": "cinder-volume"}, 400, "Invalid input received: Host field is missing."),
        (
            "freeze",
            {"host": "elsewhere"},
            400,
            "No service found with host=elsewhere",
        ),
        ("thaw", {}, 400, "Invalid input received: One and only one of cluster and host must be set."),
        ("thaw", {"cluster": "c"}, 400, "No service found with cluster=c"),
        (
            "thaw",
            {"host": BACKEND},
            400,
            f"Invalid input received: No service could be changed: frozen in ['{BACKEND}'] must be True to failover.",
        ),
        (
            "failover_host",
            {"host": BACKEND, "backend_id": "there"},
            400,
            f"Invalid input received: No service could be changed: replication_status in ['{BACKEND}'] must be "
            "['enabled', 'failed-over'] and must be up to failover.",
        ),
        (
            "failover",
            {"host": "elsewhere"},
            400,
            "No service found with host=elsewhere",
        ),
        ("set-log", {"level": "LOUD"}, 400, "Invalid input received: LOUD is not a valid log level."),
    ],
)
def test_refusals(newest: Client, action: str, body: dict[str, str], status: int, sentence: str) -> None:
    answer = newest.put("block-storage", f"{PATH}/{action}", json=body)
    assert (answer.status_code, message(answer)) == (status, sentence)


def test_a_reason_is_needed_where_one_is_asked_for(newest: Client) -> None:
    named = {"host": BACKEND, "binary": "cinder-volume"}
    for reason in (None, "", "  ", "x" * 256):
        body = {**named, "disabled_reason": reason}
        assert newest.put("block-storage", PATH + "/disable-log-reason", json=body).status_code == 400


def test_a_frozen_back_end_gets_no_volumes(newest: Client) -> None:
    assert newest.put("block-storage", PATH + "/freeze", json={"host": BACKEND}).status_code == 200
    assert newest.put("block-storage", PATH + "/freeze", json={"host": BACKEND}).status_code == 400
    found = backend(newest)
    assert (found["frozen"], found["status"], found["disabled_reason"]) == (True, "disabled", "frozen")
    newest.put("block-storage", PATH + "/enable", json={"host": BACKEND, "binary": "cinder-volume"})
    assert backend(newest)["backend_state"] is None
    made = newest.post("block-storage", "/v3/volumes", json={"volume": {"size": 1}}).json()["volume"]["id"]
    eventually(lambda: shown(newest, made)["status"] == "error")
    assert newest.put("block-storage", PATH + "/thaw", json={"host": BACKEND}).status_code == 200
    assert (backend(newest)["frozen"], backend(newest)["status"]) == (False, "enabled")
    newest.delete("block-storage", f"/v3/volumes/{made}")


def shown(client: Client, volume_id: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get("block-storage", f"/v3/volumes/{volume_id}").json()["volume"]
    return found


def test_log_levels_are_told_and_set(newest: Client) -> None:
    body = {"binary": "cinder-api", "server": None, "prefix": "haneul"}
    assert newest.put("block-storage", PATH + "/set-log", json={**body, "level": "debug"}).status_code == 202
    (told,) = newest.put("block-storage", PATH + "/get-log", json=body).json()["log_levels"]
    assert told["binary"] == "cinder-api"
    assert told["levels"]["haneul"] == "DEBUG"
    newest.put("block-storage", PATH + "/set-log", json={**body, "level": "INFO"})
    all_of_them = newest.put("block-storage", PATH + "/get-log", json={"binary": "*", "prefix": "haneul"})
    told = all_of_them.json()["log_levels"]
    assert [one["binary"] for one in told] == ["cinder-api", "cinder-scheduler", "cinder-volume"]
    assert [one["levels"]["haneul"] for one in told[:2]] == ["INFO", "INFO"]
    elsewhere = newest.put("block-storage", PATH + "/get-log", json={"server": "elsewhere"})
    assert elsewhere.json() == {"log_levels": []}
    assert newest.put("block-storage", PATH + "/get-log", json={"binary": "nova"}).status_code == 400


def test_a_host_is_told_its_log_levels_with_its_next_heartbeat(cloud: RunningCloud, newest: Client) -> None:
    def beat(levels: dict[str, str]) -> dict[str, str]:
        report = VolumeHostReport("host-9", (BackendReport("disk", "fake"),), levels)
        return cloud.cloud.store.write(lambda db: logic.heard(db, report)).log_levels

    assert beat({"haneul": "INFO", "other": "WARNING"}) == {}
    body = {"binary": "cinder-volume", "server": "host-9"}
    assert newest.put("block-storage", PATH + "/get-log", json=body).json()["log_levels"] == [
        {"host": "host-9@disk", "binary": "cinder-volume", "levels": {"haneul": "INFO", "other": "WARNING"}}
    ]
    order = {**body, "prefix": "han", "level": "debug"}
    assert newest.put("block-storage", PATH + "/set-log", json=order).status_code == 202
    assert beat({"haneul": "INFO"}) == {"haneul": "DEBUG"}
    beat({"haneul": "DEBUG"})
    (told,) = newest.put("block-storage", PATH + "/get-log", json=body).json()["log_levels"]
    assert told["levels"] == {"haneul": "DEBUG"}
    cloud.cloud.store.write(lambda db: db.delete(storage_services, host="host-9@disk"))


def test_pools_are_those_of_back_ends_that_may_get_volumes(admin: Client, newest: Client) -> None:
    path = "/v3/scheduler-stats/get_pools"
    name = f"{BACKEND}#fake"
    assert newest.get("block-storage", path).json() == {"pools": [{"name": name}]}
    (pool,) = newest.get("block-storage", path, params={"detail": "True"}).json()["pools"]
    told = pool["capabilities"]
    assert (told["volume_backend_name"], told["vendor_name"], told["total_capacity_gb"]) == ("file", "haneul", 100000.0)
    assert told["timestamp"]
    assert newest.get("block-storage", path, params={"name": "other"}).json() == {"pools": []}
    assert len(newest.get("block-storage", path, params={"volume_type": "__DEFAULT__"}).json()["pools"]) == 1
    assert newest.get("block-storage", path, params={"volume_type": "none such"}).status_code == 404
    refused = newest.get("block-storage", path, params={"vendor_name": "haneul"})
    assert message(refused) == "Invalid filters vendor_name are found in query options."
    middle = admin.with_headers(OpenStack_API_Version="volume 3.28")
    assert len(middle.get("block-storage", path, params={"vendor_name": "haneul"}).json()["pools"]) == 1
    assert middle.get("block-storage", path, params={"vendor_name": "other"}).json() == {"pools": []}
    assert len(admin.get("block-storage", path, params={"vendor_name": "other"}).json()["pools"]) == 1
    wrong = newest.get("block-storage", path, params={"detail": "maybe"})
    assert (wrong.status_code, message(wrong)) == (400, "Value 'maybe' for 'detail' is not a boolean.")
    newest.put("block-storage", PATH + "/freeze", json={"host": BACKEND})
    assert newest.get("block-storage", path).json() == {"pools": []}
    newest.put("block-storage", PATH + "/thaw", json={"host": BACKEND})


def test_capabilities_say_what_a_back_end_can_do(newest: Client) -> None:
    told = newest.get("block-storage", f"/v3/capabilities/{BACKEND}").json()
    assert told["namespace"] == f"OS::Storage::Capabilities::{BACKEND}"
    assert told["volume_backend_name"] == "file"
    assert told["properties"]["qos"] == {"title": "QoS", "description": "Enables QoS.", "type": "boolean"}
    absent = newest.get("block-storage", "/v3/capabilities/elsewhere")
    assert (absent.status_code, message(absent)) == (404, "Can't find service: elsewhere")


def test_hosts_are_listed_shown_and_switched(newest: Client) -> None:
    hosts = newest.get("block-storage", "/v3/os-hosts").json()["hosts"]
    (found,) = [one for one in hosts if one["host_name"] == BACKEND]
    assert found.pop("last-update")
    assert found == {
        "host_name": BACKEND,
        "service": "cinder-volume",
        "zone": "nova",
        "service-status": "available",
        "service-state": "enabled",
    }
    assert newest.get("block-storage", "/v3/os-hosts", params={"zone": "other"}).json() == {"hosts": []}
    made = newest.post("block-storage", "/v3/volumes", json={"volume": {"size": 2}}).json()["volume"]["id"]
    eventually(lambda: shown(newest, made)["status"] == "available")
    total, own = (one["resource"] for one in newest.get("block-storage", f"/v3/os-hosts/{BACKEND}").json()["host"])
    assert own["project"] == shown(newest, made)["os-vol-tenant-attr:tenant_id"]
    assert (own["host"], own["volume_count"], own["total_volume_gb"]) == (BACKEND, "1", "2")
    assert (own["snapshot_count"], own["total_snapshot_gb"]) == ("0", "0")
    assert total == {**own, "project": "(total)"}
    newest.delete("block-storage", f"/v3/volumes/{made}")
    switched = newest.put("block-storage", f"/v3/os-hosts/{BACKEND}", json={"status": "Disable"})
    assert switched.json() == {"host": BACKEND, "status": "disabled"}
    assert backend(newest)["status"] == "disabled"
    hidden = newest.get("block-storage", f"/v3/os-hosts/{BACKEND}")
    assert (hidden.status_code, message(hidden)) == (
        404,
        f"Service cinder-volume could not be found on host {BACKEND}.",
    )
    newest.put("block-storage", f"/v3/os-hosts/{BACKEND}", json={"status": "enable"})
    assert backend(newest)["status"] == "enabled"


@pytest.mark.parametrize(
    ("host", "body", "status", "sentence"),
    [
        ("elsewhere", {"status": "enable"}, 404, "Host elsewhere could not be found."),
        (BACKEND, {"status": "maybe"}, 400, "Invalid status: 'maybe'"),
        (BACKEND, {"colour": "red"}, 400, "Invalid update setting: 'colour'"),
    ],
)
def test_hosts_refuse(newest: Client, host: str, body: dict[str, str], status: int, sentence: str) -> None:
    answer = newest.put("block-storage", f"/v3/os-hosts/{host}", json=body)
    assert (answer.status_code, message(answer)) == (status, sentence)


def test_there_are_no_clusters(admin: Client, newest: Client) -> None:
    for path in ("/v3/clusters", "/v3/clusters/detail"):
        assert newest.get("block-storage", path, params={"is_up": "true"}).json() == {"clusters": []}
        wrong = newest.get("block-storage", path, params={"colour": "red"})
        assert message(wrong) == "Invalid input received: Invalid filter keys: colour"
        assert newest.get("block-storage", path, params={"is_up": "maybe"}).status_code == 400
    shown = newest.get("block-storage", "/v3/clusters/north")
    assert shown.status_code == 404
    assert message(shown) == "Cluster {'binary': 'cinder-volume', 'name': 'north'} could not be found."
    assert newest.put("block-storage", "/v3/clusters/enable", json={"name": "north"}).status_code == 404
    disabled = newest.put("block-storage", "/v3/clusters/disable", json={"name": "north", "disabled_reason": "x"})
    assert disabled.status_code == 404
    older = admin.with_headers(OpenStack_API_Version="volume 3.7")
    assert older.get("block-storage", "/v3/clusters", params={"frozen": "true"}).status_code == 400


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_cleaning_up_names_the_services_that_do_it(newest: Client, method: str) -> None:
    def cleaned(body: dict[str, object]) -> Any:
        answer = newest.request(method, "block-storage", "/v3/workers/cleanup", json=body)
        return answer.json() if answer.status_code == 202 else (answer.status_code, message(answer))

    assert cleaned({}) == {"cleaning": [], "unavailable": []}
    up = cleaned({"is_up": "true", "host": BACKEND})
    assert [(one["host"], one["binary"], one["cluster_name"]) for one in up["cleaning"]] == [
        (BACKEND, "cinder-volume", None)
    ]
    number = up["cleaning"][0]["id"]
    assert cleaned({"is_up": True, "service_id": number})["cleaning"] == up["cleaning"]
    assert cleaned({"is_up": True, "disabled": True})["cleaning"] == []
    assert cleaned({"is_up": True, "cluster_name": "north"})["cleaning"] == []
    status, sentence = cleaned({"resource_type": "server"})
    assert (status, sentence) == (
        400,
        "Invalid input received: Resource type Server not valid, must be Volume or Snapshot",
    )
    status, sentence = cleaned({"resource_id": "6f7f2a3e-5c2b-4a43-9d3b-58c3d4c3f2aa"})
    assert status == 400
    assert sentence.endswith("pending cleanup.")
    assert cleaned({"colour": "red"})[0] == 400


def test_extensions_are_listed_and_shown(newest: Client) -> None:
    found = newest.get("block-storage", "/v3/extensions").json()["extensions"]
    assert {"os-services", "os-hosts", "os-quota-sets", "scheduler-stats"} <= {one["alias"] for one in found}
    (hosts,) = [one for one in found if one["alias"] == "os-hosts"]
    assert newest.get("block-storage", "/v3/extensions/os-hosts").json() == {"extension": hosts}
    assert "backups" not in {one["alias"] for one in found}
    assert newest.get("block-storage", "/v3/extensions/foxinsocks").status_code == 404


def test_members_administer_nothing(cloud: RunningCloud, member: Client) -> None:
    member = member.with_headers(OpenStack_API_Version="volume 3.71")
    for path in ("/v3/os-services", "/v3/os-hosts", "/v3/clusters", "/v3/scheduler-stats/get_pools"):
        assert member.get("block-storage", path).status_code == 403
    assert member.get("block-storage", f"/v3/capabilities/{BACKEND}").status_code == 403
    for action in ("enable", "disable", "freeze", "thaw", "failover", "failover_host", "get-log", "set-log"):
        body = {"host": BACKEND} if action not in ("get-log", "set-log") else {}
        assert member.put("block-storage", f"{PATH}/{action}", json=body).status_code == 403
    assert member.post("block-storage", "/v3/workers/cleanup", json={}).status_code == 403
    assert member.get("block-storage", "/v3/os-availability-zone").status_code == 200
    assert member.get("block-storage", "/v3/extensions").status_code == 200
