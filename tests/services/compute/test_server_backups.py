"""Backups of servers: images of which only the newest of a kind are kept."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.services.compute.test_server_images import image_of, is_idle
from tests.services.compute.test_server_states import guest_of_another_cloud
from tests.services.compute.test_servers import (
    create,
    flavor,
    image,
    is_gone,
    member_of_a_new_project,
    reaches,
    shown,
)
from tests.services.image.shelf import change
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually, simulated_host

__all__ = ["flavor", "image"]


@pytest.fixture(scope="module")
def nova(cloud: RunningCloud) -> Iterator[Client]:
    with simulated_host(cloud):
        yield cloud.login().with_headers(OpenStack_API_Version="compute 2.100")


@pytest.fixture(scope="module")
def server_id(nova: Client, flavor: str, image: str) -> Iterator[str]:
    made = create(nova, flavor, image, "original")
    reaches(nova, made, "ACTIVE")
    yield made
    nova.delete("compute", f"/v2.1/servers/{made}")
    eventually(lambda: is_gone(nova, made))


def ask(client: Client, server_id: str, /, **wanted: Any) -> Any:
    body = {"name": "copy", "backup_type": "daily", "rotation": 2, **wanted}
    return client.post("compute", f"/v2.1/servers/{server_id}/action", json={"createBackup": body})


def backed_up(nova: Client, server_id: str, **wanted: Any) -> str:
    answer = ask(nova, server_id, **wanted)
    assert answer.status_code == 202, answer.text
    eventually(lambda: is_idle(nova, server_id))
    return str(answer.json()["image_id"])


def backups(nova: Client, backup_type: str) -> list[str]:
    """The backups of a type, the newest first."""
    return [one["id"] for one in nova.get("image", f"/v2/images?backup_type={backup_type}").json()["images"]]


def test_the_oldest_of_its_kind_goes_once_a_new_one_is_there(nova: Client, server_id: str) -> None:
    weekly = backed_up(nova, server_id, backup_type="weekly")
    # What metadata say hides no backup from its rotation.
    first = backed_up(nova, server_id, rotation=1, metadata={"image_type": "snapshot", "backup_type": "other"})
    assert backups(nova, "daily") == [first]
    second = backed_up(nova, server_id, rotation=1, metadata={"colour": "red"})
    assert (backups(nova, "daily"), backups(nova, "weekly")) == ([second], [weekly])
    found = image_of(nova, second)
    told = ("name", "status", "image_type", "backup_type", "instance_uuid", "colour")
    assert [found[name] for name in told] == ["copy", "active", "backup", "daily", server_id, "red"]
    assert shown(nova, server_id)["status"] == "ACTIVE"
    (newest, *_) = nova.get("compute", f"/v2.1/servers/{server_id}/os-instance-actions").json()["instanceActions"]
    assert (newest["action"], newest["message"]) == ("backup", None)


def test_of_none_that_are_kept_only_protected_ones_stay(nova: Client, server_id: str) -> None:
    (weekly,) = backups(nova, "weekly")
    assert change(nova, weekly, {"op": "replace", "path": "/protected", "value": True}).status_code == 200
    backed_up(nova, server_id, backup_type="weekly", rotation="0")
    assert backups(nova, "weekly") == [weekly]


def test_older_clients_are_told_the_address_of_what_is_kept(nova: Client, server_id: str) -> None:
    older = nova.with_headers(OpenStack_API_Version="compute 2.44")
    answer, second = ask(older, server_id, backup_type="old"), ask(older, server_id, backup_type="old")
    assert (answer.status_code, answer.content, second.status_code) == (202, b"", 409)
    said = second.json()["conflictingRequest"]["message"]
    assert said.startswith(f"Cannot 'createBackup' instance {server_id} while it is in task_state image_")
    base, _, image_id = answer.headers["Location"].rpartition("/")
    assert base == nova.running.url("compute") + "/v2.1/images"
    eventually(lambda: is_idle(nova, server_id))
    assert backups(nova, "old") == [image_id]
    assert "Location" not in ask(older, server_id, backup_type="old", rotation=0).headers
    eventually(lambda: is_idle(nova, server_id))
    assert backups(nova, "old") == []


@pytest.mark.parametrize(
    "wanted",
    [
        {"name": ""},
        {"name": " "},
        {"name": "x" * 256},
        {"backup_type": None},
        {"backup_type": "x" * 256},
        {"rotation": -1},
        {"rotation": "-1"},
        {"rotation": "many"},
        {"rotation": None},
        {"metadata": {"key": 1}},
        {"metadata": {"owner": "somebody"}},
        {"unknown": 1},
    ],
)
def test_what_cannot_be_a_backup_is_refused(nova: Client, server_id: str, wanted: dict[str, Any]) -> None:
    assert ask(nova, server_id, **wanted).status_code == 400
    assert is_idle(nova, server_id)


def test_many_metadata_are_refused_as_once(nova: Client, server_id: str) -> None:
    older = nova.with_headers(OpenStack_API_Version="compute 2.38")
    answer = ask(older, server_id, metadata={str(number): "" for number in range(129)})
    assert (answer.status_code, answer.json()["forbidden"]["message"]) == (403, "Image metadata limit exceeded")


def test_a_backup_that_a_host_cannot_make_costs_no_other(cloud: RunningCloud, nova: Client, server_id: str) -> None:
    kept = backups(nova, "daily")
    with guest_of_another_cloud(cloud, server_id):
        image_id = ask(nova, server_id, rotation=1).json()["image_id"]
        eventually(lambda: nova.get("image", f"/v2/images/{image_id}").status_code == 404)
        eventually(lambda: is_idle(nova, server_id))
    assert (backups(nova, "daily"), len(kept)) == (kept, 1)
    assert shown(nova, server_id)["status"] == "ACTIVE"


def test_strangers_make_no_backups(cloud: RunningCloud, server_id: str) -> None:
    stranger = member_of_a_new_project(cloud, "strangers")
    assert ask(stranger, server_id).status_code == 404
