import pytest
from tests.services.block_storage.kinds import BLOCKS, PRIVATE, YES, kind, newest, refusal, someone, volume
from tests.support.cloud import Client, RunningCloud

MISSING = "11111111-2222-4333-8444-555555555555"


@pytest.fixture(scope="module")
def admin(cloud: RunningCloud) -> Client:
    return newest(cloud.login())


@pytest.fixture(scope="module")
def member(cloud: RunningCloud) -> Client:
    return someone(cloud, "garden")


def _path(client: Client, name: str, **fields: object) -> str:
    return f"/v3/types/{kind(client, name, **fields)['id']}/extra_specs"


def test_specs_are_set_shown_and_deleted(admin: Client) -> None:
    path = _path(admin, "made", extra_specs={"a": "1"})
    wanted = {"extra_specs": {"b": "2", "c": None}}
    answer = admin.post(BLOCKS, path, json=wanted)
    assert (answer.status_code, answer.json()) == (200, wanted)
    assert admin.get(BLOCKS, path).json() == {"extra_specs": {"a": "1", "b": "2", "c": None}}
    changed = admin.put(BLOCKS, f"{path}/a", json={"a": "3"})
    assert (changed.status_code, changed.json()) == (200, {"a": "3"})
    assert admin.get(BLOCKS, f"{path}/a").json() == {"a": "3"}
    assert admin.delete(BLOCKS, f"{path}/a").status_code == 202
    gone = admin.get(BLOCKS, f"{path}/a")
    type_id = path.split("/")[3]
    assert refusal(gone) == (404, f"Volume Type {type_id} has no extra specs with key a.")
    assert admin.delete(BLOCKS, f"{path}/a").status_code == 404


def test_what_does_not_fit_is_refused(admin: Client) -> None:
    path = _path(admin, "wrong")
    for body in ({}, {"extra_specs": None}, {"extra_specs": ["a"]}, {"extra_specs": {"a b": "1"}}):
        assert admin.post(BLOCKS, path, json=body).status_code == 400, body
    assert refusal(admin.put(BLOCKS, f"{path}/a", json={"b": "1"})) == (400, "Request body and URI mismatch")
    assert admin.put(BLOCKS, f"{path}/a", json={"a": "1", "b": "2"}).status_code == 400
    assert admin.put(BLOCKS, f"{path}/a", json={"a": 1}).status_code == 400
    both = admin.post(BLOCKS, path, json={"extra_specs": {"multiattach": YES, "cacheable": YES}})
    assert refusal(both) == (400, "cacheable cannot be set with multiattach.")


def test_a_type_that_is_not_there_has_no_specs(admin: Client) -> None:
    path = f"/v3/types/{MISSING}/extra_specs"
    sentence = f"Volume type {MISSING} could not be found."
    assert refusal(admin.get(BLOCKS, path)) == (404, sentence)
    assert refusal(admin.get(BLOCKS, f"{path}/a")) == (404, sentence)
    assert refusal(admin.post(BLOCKS, path, json={"extra_specs": {"a": "1"}})) == (404, sentence)
    assert refusal(admin.put(BLOCKS, f"{path}/a", json={"a": "1"})) == (404, sentence)
    assert refusal(admin.delete(BLOCKS, f"{path}/a")) == (404, sentence)


def test_the_specs_of_a_type_in_use_stand(admin: Client, member: Client) -> None:
    path = _path(admin, "in use", extra_specs={"a": "1"})
    volume(member, volume_type="in use")
    refused = (400, "Volume Type is currently in use.")
    assert refusal(admin.post(BLOCKS, path, json={"extra_specs": {"a": "2"}})) == refused
    assert refusal(admin.put(BLOCKS, f"{path}/a", json={"a": "2"})) == refused
    assert refusal(admin.delete(BLOCKS, f"{path}/a")) == refused


def test_who_is_no_admin_sees_few_and_changes_none(admin: Client, member: Client) -> None:
    path = _path(admin, "seen", extra_specs={"multiattach": YES, "vendor_name": "Acme"})
    assert member.get(BLOCKS, path).json() == {"extra_specs": {"multiattach": YES}}
    assert member.get(BLOCKS, f"{path}/multiattach").json() == {"multiattach": YES}
    assert member.get(BLOCKS, f"{path}/vendor_name").status_code == 404
    assert member.post(BLOCKS, path, json={"extra_specs": {"a": "1"}}).status_code == 403
    assert member.put(BLOCKS, f"{path}/a", json={"a": "1"}).status_code == 403
    assert member.delete(BLOCKS, f"{path}/multiattach").status_code == 403
    hidden = _path(admin, "unseen", **PRIVATE)
    assert member.get(BLOCKS, hidden).status_code == 404
