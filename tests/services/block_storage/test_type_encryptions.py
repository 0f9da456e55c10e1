from typing import Any

import pytest
from tests.services.block_storage.kinds import BLOCKS, asked, kind, newest, refusal, someone, volume
from tests.support.cloud import Client, RunningCloud

MISSING = "11111111-2222-4333-8444-555555555555"
LUKS = {"provider": "luks", "control_location": "front-end", "cipher": "aes-xts-plain64", "key_size": 256}


@pytest.fixture(scope="module")
def admin(cloud: RunningCloud) -> Client:
    return newest(cloud.login())


@pytest.fixture(scope="module")
def member(cloud: RunningCloud) -> Client:
    return someone(cloud, "garden")


def _path(client: Client, name: str) -> str:
    return f"/v3/types/{kind(client, name)['id']}/encryption"


def _encrypt(client: Client, path: str, **changes: Any) -> Any:
    return client.post(BLOCKS, path, json={"encryption": {**LUKS, **changes}})


def test_an_encryption_is_made_shown_changed_and_deleted(admin: Client) -> None:
    path = _path(admin, "sealed")
    assert admin.get(BLOCKS, path).json() == {}
    answer = _encrypt(admin, path, key_size="256")
    made = answer.json()["encryption"]
    own = {"volume_type_id": path.split("/")[3], "encryption_id": made["encryption_id"]}
    assert (answer.status_code, made) == (200, {**LUKS, **own})
    shown = admin.get(BLOCKS, path).json()
    assert shown == {**LUKS, **own, "deleted": False, "deleted_at": None, "updated_at": None} | {
        "created_at": shown["created_at"]
    }
    one = f"{path}/{made['encryption_id']}"
    changed = admin.put(BLOCKS, one, json={"encryption": {"key_size": 128, "cipher": None}})
    assert (changed.status_code, changed.json()) == (200, {"encryption": {"key_size": 128, "cipher": None}})
    assert admin.get(BLOCKS, f"{path}/key_size").json() == {"key_size": 128}
    assert admin.get(BLOCKS, f"{path}/provider").json() == {"provider": "luks"}
    assert admin.get(BLOCKS, path).json()["updated_at"]
    assert admin.delete(BLOCKS, one).status_code == 202
    gone = (404, f"Volume type encryption for type {own['volume_type_id']} does not exist.")
    assert refusal(admin.delete(BLOCKS, one)) == gone
    assert refusal(admin.put(BLOCKS, one, json={"encryption": {"key_size": 128}})) == gone
    assert refusal(admin.get(BLOCKS, f"{path}/cipher")) == gone
    assert admin.get(BLOCKS, path).json() == {}


def test_a_type_has_one_encryption(admin: Client) -> None:
    path = _path(admin, "once")
    assert _encrypt(admin, path).status_code == 200
    type_id = path.split("/")[3]
    assert refusal(_encrypt(admin, path)) == (400, f"Volume type encryption for type {type_id} already exists.")


@pytest.mark.parametrize(
    "wrong",
    [
        {"provider": None},
        {"control_location": "nowhere"},
        {"key_size": -1},
        {"key_size": "many"},
        {"key_size": 2**31},
        {"cipher": "c" * 256},
    ],
)
def test_what_does_not_fit_is_refused(admin: Client, wrong: dict[str, object]) -> None:
    path = f"/v3/types/{MISSING}/encryption"
    assert _encrypt(admin, path, **wrong).status_code == 400
    assert admin.put(BLOCKS, f"{path}/{MISSING}", json={"encryption": wrong}).status_code == 400


def test_a_type_that_is_not_there_has_no_encryption(admin: Client) -> None:
    path, missing = f"/v3/types/{MISSING}/encryption", (404, f"Volume type {MISSING} could not be found.")
    assert refusal(_encrypt(admin, path)) == missing
    assert refusal(admin.get(BLOCKS, path)) == missing
    assert refusal(admin.get(BLOCKS, f"{path}/cipher")) == missing
    assert refusal(admin.put(BLOCKS, f"{path}/{MISSING}", json={"encryption": {}})) == missing
    assert admin.delete(BLOCKS, f"{path}/{MISSING}").status_code == 404


def test_the_encryption_of_a_type_in_use_stands(admin: Client, member: Client) -> None:
    path = _path(admin, "in use")
    volume(member, volume_type="in use")
    sentence = "Cannot {} encryption specs. Volume type in use."
    assert refusal(_encrypt(admin, path)) == (400, sentence.format("create"))
    changed = admin.put(BLOCKS, f"{path}/{MISSING}", json={"encryption": {}})
    assert refusal(changed) == (400, sentence.format("update"))
    assert refusal(admin.delete(BLOCKS, f"{path}/{MISSING}")) == (400, sentence.format("delete"))


def test_encryptions_are_for_admins(admin: Client, member: Client) -> None:
    path = _path(admin, "kept")
    assert member.get(BLOCKS, path).status_code == 403
    assert member.get(BLOCKS, f"{path}/cipher").status_code == 403
    assert _encrypt(member, path).status_code == 403
    assert member.put(BLOCKS, f"{path}/{MISSING}", json={"encryption": {}}).status_code == 403
    assert member.delete(BLOCKS, f"{path}/{MISSING}").status_code == 403


def test_no_volume_is_made_in_clear_that_was_to_be_encrypted(admin: Client, member: Client) -> None:
    _encrypt(admin, _path(admin, "promised"))
    assert refusal(asked(member, volume_type="promised")) == (
        501,
        "haneul does not encrypt volumes yet, as the volume type promised wants it.",
    )


def test_a_volume_says_how_it_is_encrypted(cloud: RunningCloud, member: Client) -> None:
    path = f"/v3/volumes/{volume(member)['id']}/encryption"
    assert member.get(BLOCKS, path).json() == {"encryption_key_id": None}
    assert member.get(BLOCKS, f"{path}/encryption_key_id").json() == {"encryption_key_id": None}
    assert member.get(BLOCKS, f"{path}/cipher").status_code == 404
    stranger = someone(cloud, "orchard")
    assert stranger.get(BLOCKS, path).status_code == 404
    assert stranger.get(BLOCKS, f"{path}/encryption_key_id").status_code == 404
