"""How to bring about the operations of block storage. All of them are work on a volume."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.support.cloud import Client
from tests.support.hosts import eventually

CINDER = "block-storage"
NEWEST = {"OpenStack-API-Version": "volume 3.71"}


def nothing(_client: Client) -> str:
    return ""


def create(client: Client, _id: str = "") -> str:
    answer = client.post(CINDER, "/v3/volumes", json={"volume": {"size": 1, "name": "law", "metadata": {"a": "b"}}})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["volume"]["id"])


def delete_volume(client: Client, volume_id: str) -> str:
    """With its snapshots, whatever state they are in."""
    path = f"/v3/volumes/{volume_id}?cascade=true&force=true"
    answer = client.delete(CINDER, path, headers=NEWEST)
    assert answer.status_code in (202, 404), answer.text
    return volume_id


def available(client: Client) -> str:
    volume_id = create(client)
    eventually(lambda: shown(client, f"/v3/volumes/{volume_id}")["status"] == "available")
    return volume_id


def with_snapshot(client: Client) -> str:
    volume_id = available(client)
    make_snapshot(client, volume_id)
    eventually(lambda: shown(client, f"/v3/snapshots/{snapshot_of(client, volume_id)}")["status"] == "available")
    return volume_id


def make_snapshot(client: Client, volume_id: str) -> str:
    body = {"snapshot": {"volume_id": volume_id, "metadata": {"c": "d"}}}
    assert client.post(CINDER, "/v3/snapshots", json=body).status_code == 202
    return volume_id


def delete_snapshot(client: Client, volume_id: str) -> str:
    assert client.delete(CINDER, f"/v3/snapshots/{snapshot_of(client, volume_id)}").status_code == 202
    return volume_id


def revert(client: Client, volume_id: str) -> str:
    return act(client, volume_id, {"revert": {"snapshot_id": snapshot_of(client, volume_id)}})


def extend(client: Client, volume_id: str) -> str:
    return act(client, volume_id, {"os-extend": {"new_size": 2}})


def act(client: Client, volume_id: str, body: dict[str, Any]) -> str:
    answer = client.post(CINDER, f"/v3/volumes/{volume_id}/action", json=body, headers=NEWEST)
    assert answer.status_code == 202, answer.text
    return volume_id


def snapshot_of(client: Client, volume_id: str) -> str:
    (one,) = client.get(CINDER, f"/v3/snapshots?volume_id={volume_id}").json()["snapshots"]
    return str(one["id"])


def shown(client: Client, path: str) -> dict[str, Any]:
    (found,) = client.get(CINDER, path).json().values()
    return dict(found)


VOLUME_SCENARIOS: Mapping[str, tuple[Callable[[Client], str], Callable[[Client, str], str]]] = {
    "volume-create": (nothing, create),
    "volume-delete": (available, delete_volume),
    "volume-extend": (available, extend),
    "volume-revert": (with_snapshot, revert),
    "snapshot-create": (available, make_snapshot),
    "snapshot-delete": (with_snapshot, delete_snapshot),
}
