"""Messages about what has failed after its request was accepted."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually, simulated_host

from haneul.kernel.operations import Fault
from haneul.services.block_storage.messages.events import event_of, in_words

PATH = "/v3/messages"


@pytest.fixture(scope="module", autouse=True)
def host(cloud: RunningCloud) -> Iterator[None]:
    with simulated_host(cloud):
        yield


@pytest.fixture(scope="module")
def newest(admin: Client) -> Client:
    return admin.with_headers(OpenStack_API_Version="volume 3.71")


@pytest.fixture(scope="module")
def gardener(member: Client, newest: Client) -> Client:
    """A member whose project may have volumes that no back end has room for."""
    (found,) = newest.get("identity", "/v3/projects", params={"name": "garden"}).json()["projects"]
    body = {"quota_set": {"gigabytes": -1, "volumes": -1}}
    assert newest.put("block-storage", f"/v3/os-quota-sets/{found['id']}", json=body).status_code == 200
    return member.with_headers(OpenStack_API_Version="volume 3.71")


def failed(client: Client) -> str:
    """A volume that found no place."""
    answer = client.post("block-storage", "/v3/volumes", json={"volume": {"size": 2_000_000}})
    volume_id: str = answer.json()["volume"]["id"]
    eventually(lambda: client.get("block-storage", f"/v3/volumes/{volume_id}").json()["volume"]["status"] == "error")
    return volume_id


def messages(client: Client, **query: object) -> list[dict[str, Any]]:
    answer = client.get("block-storage", PATH, params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["messages"]
    return found


def sentence(answer: Any) -> str:
    (fault,) = answer.json().values()
    text: str = fault["message"]
    return text


def test_a_volume_without_a_place_leaves_a_message(newest: Client, gardener: Client) -> None:
    volume_id = failed(gardener)
    (told,) = messages(gardener, resource_uuid=volume_id)
    assert told["event_id"] == "VOLUME_VOLUME_001_003"
    assert told["user_message"] == "schedule allocate volume:Could not find any available weighted backend."
    assert (told["resource_type"], told["resource_uuid"], told["message_level"]) == ("VOLUME", volume_id, "ERROR")
    assert told["request_id"].startswith("req-")
    assert told["guaranteed_until"] > told["created_at"]
    assert [link["rel"] for link in told["links"]] == ["self", "bookmark"]
    path = f"{PATH}/{told['id']}"
    assert gardener.get("block-storage", path).json() == {"message": told}
    assert newest.get("block-storage", path).json()["message"]["id"] == told["id"]
    assert gardener.delete("block-storage", path).status_code == 204
    missing = gardener.get("block-storage", path)
    assert (missing.status_code, sentence(missing)) == (404, f"Message {told['id']} could not be found.")
    assert gardener.delete("block-storage", path).status_code == 404


def test_messages_are_filtered_sorted_and_paged(newest: Client, gardener: Client) -> None:
    first, second = failed(gardener), failed(gardener)
    assert [one["resource_uuid"] for one in messages(gardener)][:2] == [second, first]
    assert [one["resource_uuid"] for one in messages(gardener, sort="created_at:asc")][-2:] == [first, second]
    (newest_one,) = messages(gardener, limit=1)
    assert newest_one["resource_uuid"] == second
    assert messages(gardener, limit=1, marker=newest_one["id"])[0]["resource_uuid"] == first
    assert messages(gardener, limit=1, offset=1)[0]["resource_uuid"] == first
    assert messages(gardener, event_id="VOLUME_VOLUME_001_003", message_level="ERROR")
    assert messages(gardener, resource_type="VOLUME_SNAPSHOT") == []
    wrong = gardener.get("block-storage", PATH, params={"colour": "red"})
    assert (wrong.status_code, sentence(wrong)) == (400, "Invalid filters colour are found in query options.")
    assert messages(newest, colour="red") == []
    lost = gardener.get("block-storage", PATH, params={"marker": "6f7f2a3e-5c2b-4a43-9d3b-58c3d4c3f2aa"})
    assert lost.status_code == 404
    assert gardener.get("block-storage", PATH, params={"sort_key": "colour"}).status_code == 400


def test_projects_see_their_own_and_administrators_all(newest: Client, gardener: Client) -> None:
    own, other = failed(gardener), failed_of_admin(newest)
    assert {one["resource_uuid"] for one in messages(newest)} >= {own, other}
    assert other not in {one["resource_uuid"] for one in messages(gardener)}
    (of_admin,) = messages(newest, resource_uuid=other)
    assert gardener.get("block-storage", f"{PATH}/{of_admin['id']}").status_code == 404
    assert gardener.delete("block-storage", f"{PATH}/{of_admin['id']}").status_code == 404
    (projects,) = newest.get("identity", "/v3/projects", params={"name": "garden"}).json()["projects"]
    assert {one["resource_uuid"] for one in messages(newest, project_id=projects["id"])} >= {own}
    assert other not in {one["resource_uuid"] for one in messages(newest, project_id=projects["id"])}


def failed_of_admin(client: Client) -> str:
    (found,) = client.get("identity", "/v3/projects", params={"name": "admin"}).json()["projects"]
    body = {"quota_set": {"gigabytes": -1}}
    assert client.put("block-storage", f"/v3/os-quota-sets/{found['id']}", json=body).status_code == 200
    return failed(client)


@pytest.mark.parametrize(
    ("operation", "reason", "words"),
    [
        ("volume-create", "HostRefused", "create volume from backend storage:Driver failed to create the volume."),
        ("volume-extend", "HostRefused", "extend volume:Volume Driver failed to extend volume."),
        ("volume-extend", "OverQuota", "extend volume:Not enough quota resource for operation."),
        ("snapshot-create", "deadline", "create snapshot:An unknown error occurred."),
        ("snapshot-delete", "HostRefused", "delete snapshot:Snapshot failed to delete."),
    ],
)
def test_what_failed_is_told_in_cinders_words(operation: str, reason: str, words: str) -> None:
    event = event_of(operation, Fault(reason, "a sentence for the log"))
    assert event is not None
    assert in_words(*event) == words


def test_what_cinder_has_no_words_for_leaves_no_message() -> None:
    assert event_of("volume-delete", Fault("HostRefused", "busy")) is None


def test_there_are_no_messages_before_3_3(admin: Client) -> None:
    older = admin.with_headers(OpenStack_API_Version="volume 3.2")
    assert older.get("block-storage", PATH).status_code == 404


def test_resource_filters_say_by_what_lists_are_filtered(newest: Client, gardener: Client) -> None:
    found = newest.get("block-storage", "/v3/resource_filters").json()["resource_filters"]
    told = {one["resource"]: one["filters"] for one in found}
    assert {"name", "status", "metadata", "bootable"} <= set(told["volume"])
    assert {"name", "status", "volume_id"} <= set(told["snapshot"])
    assert told["pool"] == ["name", "volume_type"]
    assert told["message"] == ["resource_uuid", "resource_type", "event_id", "request_id", "message_level"]
    (only,) = newest.get("block-storage", "/v3/resource_filters", params={"resource": "pool"}).json()[
        "resource_filters"
    ]
    assert only == {"resource": "pool", "filters": ["name", "volume_type"]}
    none = newest.get("block-storage", "/v3/resource_filters", params={"resource": "colour"})
    assert none.json() == {"resource_filters": []}
    for name in told["message"]:
        assert messages(gardener, **{name: "none such"}) == []
