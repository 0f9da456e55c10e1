from typing import Any

import pytest
from tests.services.block_storage.kinds import BLOCKS, kind, newest, refusal, someone
from tests.support.cloud import Client, RunningCloud

MISSING = "11111111-2222-4333-8444-555555555555"
PATH = "/v3/qos-specs"


@pytest.fixture(scope="module")
def admin(cloud: RunningCloud) -> Client:
    return newest(cloud.login())


@pytest.fixture(scope="module")
def member(cloud: RunningCloud) -> Client:
    return someone(cloud, "garden")


def _made(client: Client, name: str, **specs: str) -> dict[str, Any]:
    answer = client.post(BLOCKS, PATH, json={"qos_specs": {"name": name, **specs}})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["qos_specs"]
    return found


def _shown(client: Client, qos_id: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(BLOCKS, f"{PATH}/{qos_id}").json()["qos_specs"]
    return found


def _associated(client: Client, qos_id: str) -> list[str]:
    found = client.get(BLOCKS, f"{PATH}/{qos_id}/associations").json()["qos_associations"]
    assert all(one["association_type"] == "volume_type" and one["id"] for one in found)
    return [one["name"] for one in found]


def test_specs_are_made_shown_changed_and_deleted(cloud: RunningCloud, admin: Client) -> None:
    wanted = {"name": " brisk ", "consumer": "front-end", "read_iops_sec": "2000"}
    answer = admin.post(BLOCKS, PATH, json={"qos_specs": wanted})
    made = answer.json()["qos_specs"]
    specs = {"read_iops_sec": "2000"}
    assert made == {"id": made["id"], "name": "brisk", "consumer": "front-end", "specs": specs}
    base, one = cloud.url(BLOCKS), f"{PATH}/{made['id']}"
    links = [{"rel": "self", "href": base + one}, {"rel": "bookmark", "href": f"{base}/qos-specs/{made['id']}"}]
    assert answer.json()["links"] == links
    assert admin.get(BLOCKS, one).json() == answer.json()
    changed = admin.put(BLOCKS, one, json={"qos_specs": {"consumer": "both", "iops_bytes": "500"}})
    assert (changed.status_code, changed.json()) == (200, {"qos_specs": {"consumer": "both", "iops_bytes": "500"}})
    assert _shown(admin, made["id"]) == {**made, "consumer": "both", "specs": {**specs, "iops_bytes": "500"}}
    assert admin.put(BLOCKS, f"{one}/delete_keys", json={"keys": ["iops_bytes"]}).status_code == 202
    assert _shown(admin, made["id"])["specs"] == specs
    assert admin.delete(BLOCKS, one).status_code == 202
    assert refusal(admin.get(BLOCKS, one)) == (404, f"No such QoS spec {made['id']}.")


def test_keys_go_all_or_none(admin: Client) -> None:
    made = _made(admin, "keys", a="1", b="2")
    refused = admin.put(BLOCKS, f"{PATH}/{made['id']}/delete_keys", json={"keys": ["a", "z"]})
    assert refusal(refused) == (404, f"QoS spec {made['id']} has no spec with key z.")
    assert _shown(admin, made["id"])["specs"] == {"a": "1", "b": "2"}


def test_the_back_end_is_the_usual_consumer_and_names_stand_once(admin: Client) -> None:
    assert _made(admin, "plain")["consumer"] == "back-end"
    again = admin.post(BLOCKS, PATH, json={"qos_specs": {"name": "plain"}})
    assert refusal(again) == (409, "QoS Specs plain already exists.")


@pytest.mark.parametrize(
    "wrong",
    [{}, {"name": " "}, {"name": "n" * 256}, {"name": "n", "consumer": "nobody"}, {"name": "n", "a": 1}, {"": "n"}],
)
def test_what_does_not_fit_is_refused(admin: Client, wrong: dict[str, object]) -> None:
    assert admin.post(BLOCKS, PATH, json={"qos_specs": wrong}).status_code == 400


def test_a_change_that_does_not_fit_is_refused(admin: Client) -> None:
    one = f"{PATH}/{_made(admin, 'firm')['id']}"
    nobody = admin.put(BLOCKS, one, json={"qos_specs": {"consumer": "nobody"}})
    sentence = "Invalid qos specs: Valid consumer of QoS specs are: back-end, front-end, both"
    assert refusal(nobody) == (400, sentence)
    assert admin.put(BLOCKS, one, json={"qos_specs": {"a?": "1"}}).status_code == 400
    assert admin.put(BLOCKS, f"{one}/delete_keys", json={"keys": "a"}).status_code == 400
    forced = admin.delete(BLOCKS, one, params={"force": "perhaps"})
    assert refusal(forced) == (400, "Value 'perhaps' for 'force' is not a boolean.")


def test_types_are_given_specs_and_lose_them(admin: Client) -> None:
    made, other = _made(admin, "shared"), _made(admin, "rival")
    one = f"{PATH}/{made['id']}"
    first, second, third = (kind(admin, name)["id"] for name in ("q1", "q2", "q3"))
    for type_id in (first, second, third, first):
        assert admin.get(BLOCKS, f"{one}/associate", params={"vol_type_id": type_id}).status_code == 202
    assert _associated(admin, made["id"]) == ["q1", "q2", "q3"]
    assert admin.get(BLOCKS, f"/v3/types/{first}").json()["volume_type"]["qos_specs_id"] == made["id"]
    rival = admin.get(BLOCKS, f"{PATH}/{other['id']}/associate", params={"vol_type_id": first})
    sentence = f"Invalid volume type: Type {first} is already associated with another qos specs: {made['id']}"
    assert refusal(rival) == (400, sentence)
    assert admin.get(BLOCKS, f"{one}/disassociate", params={"vol_type_id": first}).status_code == 202
    assert _associated(admin, made["id"]) == ["q2", "q3"]
    assert refusal(admin.delete(BLOCKS, one)) == (400, "Qos specs still in use.")
    assert admin.get(BLOCKS, f"{one}/disassociate_all").status_code == 202
    assert _associated(admin, made["id"]) == []
    admin.get(BLOCKS, f"{one}/associate", params={"vol_type_id": second})
    assert admin.delete(BLOCKS, one, params={"force": "True"}).status_code == 202
    assert admin.get(BLOCKS, f"/v3/types/{second}").json()["volume_type"]["qos_specs_id"] is None


def test_what_is_not_there_is_missed(admin: Client) -> None:
    one, gone = f"{PATH}/{MISSING}", (404, f"No such QoS spec {MISSING}.")
    assert refusal(admin.put(BLOCKS, one, json={"qos_specs": {"a": "1"}})) == gone
    assert refusal(admin.put(BLOCKS, f"{one}/delete_keys", json={"keys": ["a"]})) == gone
    assert refusal(admin.delete(BLOCKS, one)) == gone
    assert refusal(admin.get(BLOCKS, f"{one}/associations")) == gone
    assert refusal(admin.get(BLOCKS, f"{one}/disassociate_all")) == gone
    made = f"{PATH}/{_made(admin, 'lonely')['id']}"
    for verb in ("associate", "disassociate"):
        assert refusal(admin.get(BLOCKS, f"{one}/{verb}", params={"vol_type_id": MISSING})) == gone
        assert refusal(admin.get(BLOCKS, f"{made}/{verb}")) == (400, "Volume Type id must not be None.")
        missing = admin.get(BLOCKS, f"{made}/{verb}", params={"vol_type_id": MISSING})
        assert refusal(missing) == (404, f"Volume type {MISSING} could not be found.")


def test_the_list_is_filtered_and_paged(cloud: RunningCloud, admin: Client) -> None:
    for number in (1, 2, 3):
        _made(admin, f"l{number}", consumer="front-end")
    query = {"consumer": "front-end", "sort": "name:asc", "limit": "2"}
    page = admin.get(BLOCKS, PATH, params=query).json()
    assert [one["name"] for one in page["qos_specs"]] == ["l1", "l2"]
    following = page["qos_specs_links"][0]["href"].removeprefix(cloud.url(BLOCKS))
    assert [one["name"] for one in admin.get(BLOCKS, following).json()["qos_specs"]] == ["l3"]
    (only,) = admin.get(BLOCKS, PATH, params={"name": "l2"}).json()["qos_specs"]
    assert only["name"] == "l2"
    assert admin.get(BLOCKS, PATH, params={"colour": "blue"}).json() == {"qos_specs": []}


def test_specs_are_for_admins(admin: Client, member: Client) -> None:
    one = f"{PATH}/{_made(admin, 'ours')['id']}"
    assert member.get(BLOCKS, PATH).status_code == 403
    assert member.post(BLOCKS, PATH, json={"qos_specs": {"name": "mine"}}).status_code == 403
    assert member.put(BLOCKS, one, json={"qos_specs": {"a": "1"}}).status_code == 403
    assert member.put(BLOCKS, f"{one}/delete_keys", json={"keys": ["a"]}).status_code == 403
    assert member.delete(BLOCKS, one).status_code == 403
    for verb in ("", "/associations", "/associate", "/disassociate", "/disassociate_all"):
        assert member.get(BLOCKS, one + verb).status_code == 403, verb
