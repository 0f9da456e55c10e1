import pytest
from tests.services.block_storage.kinds import BLOCKS, PRIVATE, asked, at, kind, newest, refusal, someone, volume
from tests.support.cloud import Client, RunningCloud
from tests.support.members import project_of

MISSING = "11111111222243338444555555555555"


@pytest.fixture(scope="module")
def admin(cloud: RunningCloud) -> Client:
    return newest(cloud.login())


@pytest.fixture(scope="module")
def member(cloud: RunningCloud) -> Client:
    return someone(cloud, "garden")


def _set(client: Client, project_id: str, name: str) -> tuple[int, object]:
    answer = client.put(BLOCKS, f"/v3/default-types/{project_id}", json={"default_type": {"volume_type": name}})
    return (200, answer.json()["default_type"]) if answer.status_code == 200 else refusal(answer)


def test_a_project_has_a_default_type_of_its_own(admin: Client, member: Client) -> None:
    project_id, first, second = project_of(member), kind(admin, "first"), kind(admin, "second")
    path = f"/v3/default-types/{project_id}"
    none = (404, f"Default type for project {project_id} not found.")
    assert refusal(admin.get(BLOCKS, path)) == none
    assert volume(member)["volume_type"] == "__DEFAULT__"
    for wanted, given in ((first, "first"), (second, second["id"])):
        shown = {"project_id": project_id, "volume_type_id": wanted["id"]}
        assert _set(admin, project_id, given) == (200, shown)
        assert admin.get(BLOCKS, path).json() == {"default_type": shown}
        assert admin.get(BLOCKS, "/v3/default-types").json() == {"default_types": [shown]}
        assert volume(member)["volume_type"] == wanted["name"]
        assert member.get(BLOCKS, "/v3/types/default").json()["volume_type"]["id"] == wanted["id"]
    assert volume(admin)["volume_type"] == "__DEFAULT__"
    assert admin.delete(BLOCKS, path).status_code == 204
    assert refusal(admin.get(BLOCKS, path)) == none
    assert admin.delete(BLOCKS, path).status_code == 204
    assert volume(member)["volume_type"] == "__DEFAULT__"


def test_what_is_not_there_is_refused(admin: Client, member: Client) -> None:
    kind(admin, "there")
    assert _set(admin, MISSING, "there") == (404, f"Project with id {MISSING} not found.")
    assert _set(admin, "default", "there")[0] == 404
    assert admin.get(BLOCKS, f"/v3/default-types/{MISSING}").status_code == 404
    named = _set(admin, project_of(member), "nowhere")
    assert named == (400, "Volume type with name nowhere could not be found.")
    assert _set(admin, project_of(member), "")[0] == 400


def test_defaults_are_set_by_admins_from_3_62_on(admin: Client, member: Client) -> None:
    path = f"/v3/default-types/{project_of(member)}"
    assert member.get(BLOCKS, "/v3/default-types").status_code == 403
    assert member.get(BLOCKS, path).status_code == 403
    assert member.delete(BLOCKS, path).status_code == 403
    assert _set(member, project_of(member), "first")[0] == 403
    older = at(admin, "3.61")
    assert older.get(BLOCKS, "/v3/default-types").status_code == 404
    assert older.get(BLOCKS, path).status_code == 404


def test_a_default_that_the_project_may_not_use_is_no_way_in(admin: Client, member: Client) -> None:
    hidden = kind(admin, "hidden", **PRIVATE)
    _set(admin, project_of(member), "hidden")
    assert refusal(asked(member)) == (404, f"Volume type {hidden['id']} could not be found.")
    assert member.get(BLOCKS, "/v3/types/default").status_code == 404
    admin.delete(BLOCKS, f"/v3/default-types/{project_of(member)}")
