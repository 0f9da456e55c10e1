"""Volumes and snapshots as tests make them and wait for them."""

from typing import Any

from tests.support.cloud import Client
from tests.support.hosts import eventually

CINDER = "block-storage"
NEWEST = "volume 3.71"


def made(cinder: Client, **wanted: Any) -> dict[str, Any]:
    """A volume that is asked for, as the answer has it; of one GiB unless that or a source is given."""
    size = {} if wanted.keys() & {"snapshot_id", "source_volid"} else {"size": 1}
    answer = cinder.post(CINDER, "/v3/volumes", json={"volume": {**size, **wanted}})
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()["volume"]
    return found


def volume(cinder: Client, **wanted: Any) -> str:
    """A volume that is available."""
    volume_id = str(made(cinder, **wanted)["id"])
    becomes(cinder, f"/v3/volumes/{volume_id}", "available")
    return volume_id


def snapshot(cinder: Client, volume_id: str, **wanted: Any) -> str:
    """A snapshot that is available."""
    answer = cinder.post(CINDER, "/v3/snapshots", json={"snapshot": {"volume_id": volume_id, **wanted}})
    assert answer.status_code == 202, answer.text
    snapshot_id = str(answer.json()["snapshot"]["id"])
    becomes(cinder, f"/v3/snapshots/{snapshot_id}", "available")
    return snapshot_id


def shown(cinder: Client, path: str) -> dict[str, Any]:
    """What is shown at a path, without what is around it."""
    answer = cinder.get(CINDER, path)
    assert answer.status_code == 200, answer.text
    (found,) = answer.json().values()
    return dict(found)


def becomes(cinder: Client, path: str, status: str) -> None:
    eventually(lambda: shown(cinder, path)["status"] == status)


def vanishes(cinder: Client, path: str) -> None:
    eventually(lambda: cinder.get(CINDER, path).status_code == 404)


def act(cinder: Client, path: str, name: str, **values: Any) -> Any:
    """The answer to an action; the path is that of the actions."""
    return cinder.post(CINDER, path, json={name: values})


def refusal(answer: Any) -> tuple[int, str]:
    """The status and the sentence of what is refused."""
    (fault,) = answer.json().values()
    return answer.status_code, fault["message"]
