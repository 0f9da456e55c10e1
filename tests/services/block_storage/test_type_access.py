import pytest
from tests.services.block_storage.kinds import (
    BLOCKS,
    PRIVATE,
    asked,
    kind,
    names,
    newest,
    refusal,
    someone,
    volume,
)
from tests.support.cloud import Client, RunningCloud
from tests.support.members import project_of


@pytest.fixture(scope="module")
def admin(cloud: RunningCloud) -> Client:
    return newest(cloud.login())


@pytest.fixture(scope="module")
def member(cloud: RunningCloud) -> Client:
    return someone(cloud, "garden")


def _act(client: Client, type_id: str, verb: str, project_id: str) -> tuple[int, str]:
    answer = client.post(BLOCKS, f"/v3/types/{type_id}/action", json={verb: {"project": project_id}})
    return (202, "") if answer.status_code == 202 else refusal(answer)


def test_a_private_type_is_for_the_projects_that_have_access(admin: Client, member: Client) -> None:
    made = kind(admin, "secret", **PRIVATE)
    type_id, project_id = made["id"], project_of(member)
    missing = (404, f"Volume type {type_id} could not be found.")
    assert refusal(member.get(BLOCKS, f"/v3/types/{type_id}")) == missing
    assert refusal(asked(member, volume_type=type_id)) == missing
    assert refusal(asked(member, volume_type="secret")) == missing
    assert "secret" not in names(member)
    assert _act(admin, type_id, "addProjectAccess", project_id) == (202, "")
    assert admin.get(BLOCKS, f"/v3/types/{type_id}/os-volume-type-access").json() == {
        "volume_type_access": [{"volume_type_id": type_id, "project_id": project_id}]
    }
    assert member.get(BLOCKS, f"/v3/types/{type_id}").json()["volume_type"]["is_public"] is False
    assert "secret" in names(member)
    assert volume(member, volume_type="secret")["volume_type"] == "secret"
    assert _act(admin, type_id, "removeProjectAccess", project_id) == (202, "")
    assert refusal(asked(member, volume_type=type_id)) == missing


def test_access_is_given_once_and_to_private_types(admin: Client, member: Client) -> None:
    type_id, project_id = kind(admin, "closed", **PRIVATE)["id"], project_of(member)
    pair = f"{type_id} / {project_id} combination"
    assert _act(admin, type_id, "removeProjectAccess", project_id) == (404, f"Volume type access not found for {pair}.")
    _act(admin, type_id, "addProjectAccess", project_id)
    assert _act(admin, type_id, "addProjectAccess", project_id) == (
        409,
        f"Volume type access for {pair} already exists.",
    )
    open_id = kind(admin, "public")["id"]
    refused = "Invalid volume type: Type access modification is not applicable to public volume type."
    assert _act(admin, open_id, "addProjectAccess", project_id) == (400, refused)
    assert _act(admin, open_id, "removeProjectAccess", project_id) == (400, refused)
    assert refusal(admin.get(BLOCKS, f"/v3/types/{open_id}/os-volume-type-access")) == (
        404,
        "Access list not available for public volume types.",
    )


def test_what_is_not_there_or_does_not_fit_is_refused(admin: Client, member: Client) -> None:
    missing = "11111111-2222-4333-8444-555555555555"
    assert _act(admin, missing, "addProjectAccess", "p") == (404, f"Volume type {missing} could not be found.")
    assert _act(admin, missing, "removeProjectAccess", "p")[0] == 404
    assert admin.get(BLOCKS, f"/v3/types/{missing}/os-volume-type-access").status_code == 404
    type_id = kind(admin, "fitting", **PRIVATE)["id"]
    assert _act(admin, type_id, "addProjectAccess", "")[0] == 400
    assert _act(admin, type_id, "addProjectAccess", "p" * 256)[0] == 400
    assert _act(member, type_id, "addProjectAccess", "p")[0] == 403
    assert _act(member, type_id, "removeProjectAccess", "p")[0] == 403
    assert member.get(BLOCKS, f"/v3/types/{type_id}/os-volume-type-access").status_code == 403


def test_a_deleted_type_takes_its_grants_along(admin: Client, member: Client) -> None:
    type_id = kind(admin, "passing", extra_specs={"a": "1"}, **PRIVATE)["id"]
    _act(admin, type_id, "addProjectAccess", project_of(member))
    assert admin.delete(BLOCKS, f"/v3/types/{type_id}").status_code == 202
    again = kind(admin, "passing", **PRIVATE)["id"]
    listed = admin.get(BLOCKS, f"/v3/types/{again}/os-volume-type-access").json()
    assert listed == {"volume_type_access": []}
