from typing import Any

import pytest
from tests.services.block_storage.kinds import BLOCKS, at, newest, refusal, someone
from tests.support.cloud import Client, RunningCloud, running_cloud

MISSING = "11111111-2222-4333-8444-555555555555"
PATH = "/v3/group_types"


@pytest.fixture(scope="module")
def admin(cloud: RunningCloud) -> Client:
    return newest(cloud.login())


@pytest.fixture(scope="module")
def member(cloud: RunningCloud) -> Client:
    return someone(cloud, "garden")


def _made(client: Client, name: str, **fields: Any) -> dict[str, Any]:
    answer = client.post(BLOCKS, PATH, json={"group_type": {"name": name, **fields}})
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()["group_type"]
    return found


def _names(client: Client, **query: str) -> list[str]:
    return [one["name"] for one in client.get(BLOCKS, PATH, params=query).json()["group_types"]]


def test_a_group_type_is_made_shown_changed_and_deleted(admin: Client, member: Client) -> None:
    made = _made(admin, "steady", description="All at once", group_specs={"consistent": "<is> True"})
    assert made == {
        "id": made["id"],
        "name": "steady",
        "description": "All at once",
        "is_public": True,
        "group_specs": {"consistent": "<is> True"},
    }
    one = f"{PATH}/{made['id']}"
    assert admin.get(BLOCKS, one).json() == {"group_type": made}
    assert "group_specs" not in member.get(BLOCKS, one).json()["group_type"]
    changed = admin.put(BLOCKS, one, json={"group_type": {"name": "firm", "is_public": "False"}})
    assert (changed.status_code, changed.json()["group_type"]["name"]) == (200, "firm")
    gone = (404, f"Group type {made['id']} could not be found.")
    assert refusal(member.get(BLOCKS, one)) == gone
    assert admin.delete(BLOCKS, one).status_code == 202
    assert refusal(admin.get(BLOCKS, one)) == gone
    assert refusal(admin.delete(BLOCKS, one)) == gone
    assert refusal(admin.put(BLOCKS, one, json={"group_type": {"name": "firm"}})) == gone


def test_what_does_not_fit_is_refused(admin: Client) -> None:
    one = f"{PATH}/{_made(admin, 'once')['id']}"
    for wrong in ({}, {"name": " "}, {"name": "n", "group_specs": {"a": None}}, {"name": "n", "is_public": "maybe"}):
        assert admin.post(BLOCKS, PATH, json={"group_type": wrong}).status_code == 400, wrong
    again = admin.post(BLOCKS, PATH, json={"group_type": {"name": "once"}})
    assert refusal(again) == (409, "Group Type once already exists.")
    blank = admin.put(BLOCKS, one, json={"group_type": {"name": " "}})
    assert refusal(blank) == (400, "Group type name can not be empty.")
    nothing = admin.put(BLOCKS, one, json={"group_type": {}})
    assert refusal(nothing) == (400, "Specify group type name, description or a combination thereof.")
    _made(admin, "other")
    taken = admin.put(BLOCKS, one, json={"group_type": {"name": "other"}})
    assert refusal(taken) == (409, "Group Type other already exists.")


def test_the_list_is_bounded_and_paged(cloud: RunningCloud, admin: Client, member: Client) -> None:
    for number in (1, 2, 3):
        _made(admin, f"l{number}", is_public=number != 2)
    assert {"l1", "l3"} <= set(_names(member, is_public="None"))
    assert "l2" not in _names(member, is_public="None")
    assert _names(admin, is_public="false") == ["l2"]
    assert {"l1", "l2", "l3"} <= set(_names(admin, is_public="none"))
    page = admin.get(BLOCKS, PATH, params={"limit": "1", "sort": "name:desc", "is_public": "none"}).json()
    following = page["group_type_links"][0]["href"].removeprefix(cloud.url(BLOCKS))
    assert len(admin.get(BLOCKS, following).json()["group_types"]) == 1
    wrong = admin.get(BLOCKS, PATH, params={"is_public": "maybe"})
    assert refusal(wrong) == (400, "Invalid is_public filter [maybe]")


def test_group_types_are_there_from_3_11_on_and_for_admins_to_change(admin: Client, member: Client) -> None:
    one = f"{PATH}/{_made(admin, 'ours')['id']}"
    assert at(admin, "3.10").get(BLOCKS, PATH).status_code == 404
    assert member.post(BLOCKS, PATH, json={"group_type": {"name": "mine"}}).status_code == 403
    assert member.put(BLOCKS, one, json={"group_type": {"name": "mine"}}).status_code == 403
    assert member.delete(BLOCKS, one).status_code == 403
    for method, path, body in (
        ("GET", "", None),
        ("POST", "", {"group_specs": {"a": "1"}}),
        ("GET", "/a", None),
        ("PUT", "/a", {"a": "1"}),
        ("DELETE", "/a", None),
    ):
        assert member.request(method, BLOCKS, f"{one}/group_specs{path}", json=body).status_code == 403


def test_the_configuration_names_the_default(admin: Client) -> None:
    missing = (404, "Default group type can not be found.")
    assert refusal(admin.get(BLOCKS, f"{PATH}/default")) == missing
    with running_cloud(block_storage={"default_group_type": "usual"}) as cloud:
        other = newest(cloud.login())
        assert refusal(other.get(BLOCKS, f"{PATH}/default")) == missing
        _made(other, "usual")
        assert other.get(BLOCKS, f"{PATH}/default").json()["group_type"]["name"] == "usual"


def test_specs_are_set_shown_and_deleted(admin: Client) -> None:
    made = _made(admin, "specified", group_specs={"a": "1"})
    path = f"{PATH}/{made['id']}/group_specs"
    answer = admin.post(BLOCKS, path, json={"group_specs": {"b": "2"}})
    assert (answer.status_code, answer.json()) == (202, {"group_specs": {"b": "2"}})
    assert admin.get(BLOCKS, path).json() == {"group_specs": {"a": "1", "b": "2"}}
    changed = admin.put(BLOCKS, f"{path}/a", json={"a": "3"})
    assert (changed.status_code, changed.json()) == (200, {"a": "3"})
    assert admin.get(BLOCKS, f"{path}/a").json() == {"a": "3"}
    assert refusal(admin.put(BLOCKS, f"{path}/a", json={"b": "1"})) == (400, "Request body and URI mismatch")
    assert admin.put(BLOCKS, f"{path}/a", json={"a": "1", "b": "2"}).status_code == 400
    assert admin.post(BLOCKS, path, json={"group_specs": {"a b": "1"}}).status_code == 400
    assert admin.delete(BLOCKS, f"{path}/a").status_code == 202
    shown = admin.get(BLOCKS, f"{path}/a")
    assert refusal(shown) == (404, f"Group Type {made['id']} has no extra spec with key a.")
    assert refusal(admin.delete(BLOCKS, f"{path}/a"))[1] == f"Group Type {made['id']} has no specs with key a."


def test_a_group_type_that_is_not_there_has_no_specs(admin: Client) -> None:
    path, gone = f"{PATH}/{MISSING}/group_specs", (404, f"Group type {MISSING} could not be found.")
    assert refusal(admin.get(BLOCKS, path)) == gone
    assert refusal(admin.post(BLOCKS, path, json={"group_specs": {"a": "1"}})) == gone
    assert refusal(admin.get(BLOCKS, f"{path}/a")) == gone
    assert refusal(admin.put(BLOCKS, f"{path}/a", json={"a": "1"})) == gone
    assert refusal(admin.delete(BLOCKS, f"{path}/a")) == gone
