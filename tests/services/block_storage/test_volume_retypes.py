from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.services.block_storage.kinds import BLOCKS, PRIVATE, YES, kind, newest, refusal, someone, volume
from tests.support.cloud import Client, RunningCloud, running_cloud
from tests.support.hosts import eventually, simulated_host
from tests.support.members import project_of

from haneul.services.block_storage.volumes.models import volumes

WRONG = "Invalid volume: Retype needs volume to be in available or in-use state, not be part of an active migration"


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    with running_cloud() as running, simulated_host(running):
        yield running


@pytest.fixture(scope="module")
def admin(cloud: RunningCloud) -> Client:
    return newest(cloud.login())


@pytest.fixture(scope="module")
def member(cloud: RunningCloud) -> Client:
    return someone(cloud, "garden")


def _shown(client: Client, volume_id: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(BLOCKS, f"/v3/volumes/{volume_id}").json()["volume"]
    return found


@pytest.fixture
def volume_id(member: Client) -> str:
    """A volume that can be used."""
    made: str = volume(member)["id"]
    eventually(lambda: _shown(member, made)["status"] == "available")
    return made


def _retype(client: Client, volume_id: str, new_type: str, **more: str) -> httpx.Response:
    body = {"os-retype": {"new_type": new_type, **more}}
    return client.post(BLOCKS, f"/v3/volumes/{volume_id}/action", json=body)


def _state(cloud: RunningCloud, volume_id: str, status: str) -> None:
    """Put the volume into a state that it comes to by other ways than an administrator's word."""
    cloud.cloud.store.write(lambda db: db.update(volumes, {"id": volume_id}, status=status))


def test_a_volume_becomes_one_of_another_type(admin: Client, member: Client, volume_id: str) -> None:
    made = kind(admin, "shared", extra_specs={"multiattach": YES})
    assert _retype(member, volume_id, "shared").status_code == 202
    found = _shown(member, volume_id)
    assert (found["volume_type"], found["status"], found["multiattach"]) == ("shared", "available", True)
    again = refusal(_retype(member, volume_id, made["id"]))
    assert again[0] == 400
    assert again[1].startswith(WRONG)
    assert _retype(member, volume_id, "__DEFAULT__", migration_policy="never").status_code == 202
    assert _shown(member, volume_id)["multiattach"] is False


def test_what_can_not_be_is_refused(cloud: RunningCloud, admin: Client, member: Client, volume_id: str) -> None:
    kind(admin, "hidden", **PRIVATE)
    kind(admin, "large", extra_specs={"provisioning:min_vol_size": "9"})
    assert refusal(_retype(member, volume_id, "nowhere")) == (
        404,
        "Volume type with name nowhere could not be found.",
    )
    assert _retype(member, volume_id, "hidden").status_code == 404
    assert "less than the minimum required size" in refusal(_retype(member, volume_id, "large"))[1]
    assert _retype(member, volume_id, "hidden", migration_policy="sometimes").status_code == 400
    assert _retype(someone(cloud, "orchard"), volume_id, "__DEFAULT__").status_code == 404
    sealed = kind(admin, "sealed")["id"]
    encryption = {"encryption": {"provider": "luks", "control_location": "front-end"}}
    assert admin.post(BLOCKS, f"/v3/types/{sealed}/encryption", json=encryption).status_code == 200
    assert _retype(member, volume_id, "sealed").status_code == 501


def test_a_volume_is_not_moved_for_its_type(admin: Client, member: Client, volume_id: str) -> None:
    kind(admin, "elsewhere", extra_specs={"volume_backend_name": "another"})
    assert refusal(_retype(member, volume_id, "elsewhere")) == (
        400,
        "Invalid volume: Volumes of the type elsewhere lie on another back end, and the migration policy is never.",
    )
    assert refusal(_retype(member, volume_id, "elsewhere", migration_policy="on-demand")) == (
        501,
        "haneul does not move volumes between back ends yet, as the volume type elsewhere needs it.",
    )


def test_the_state_and_what_a_server_was_told_stand_in_the_way(
    cloud: RunningCloud, admin: Client, member: Client, volume_id: str
) -> None:
    kind(admin, "many", extra_specs={"multiattach": YES})
    limited, plain = kind(admin, "limited")["id"], kind(admin, "plain")["id"]
    body = {"qos_specs": {"name": "slow", "consumer": "front-end"}}
    qos_id = admin.post(BLOCKS, "/v3/qos-specs", json=body).json()["qos_specs"]["id"]
    admin.get(BLOCKS, f"/v3/qos-specs/{qos_id}/associate", params={"vol_type_id": limited})
    _state(cloud, volume_id, "in-use")
    assert refusal(_retype(member, volume_id, "many"))[1].endswith("currently has a status of: in-use.")
    assert refusal(_retype(member, volume_id, "limited"))[1].startswith(WRONG)
    assert _retype(member, volume_id, plain).status_code == 202
    _state(cloud, volume_id, "error")
    assert refusal(_retype(member, volume_id, "limited"))[1].startswith(WRONG)


def test_the_quota_of_the_new_type_holds(admin: Client, member: Client, volume_id: str) -> None:
    kind(admin, "scarce")
    path = f"/v3/os-quota-sets/{project_of(member)}"
    assert admin.put(BLOCKS, path, json={"quota_set": {"volumes_scarce": 0}}).status_code == 200
    answer = _retype(member, volume_id, "scarce")
    assert refusal(answer) == (413, "Maximum number of volumes allowed (0) exceeded for quota 'volumes_scarce'.")
