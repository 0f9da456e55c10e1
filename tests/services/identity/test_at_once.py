"""The same thing asked for by many at once is done once, and nobody hears of an error in the server."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
from tests.services.identity.entries import endpoint_of, region_in
from tests.services.identity.people import make, role_id
from tests.support.cloud import Client, RunningCloud

MANY = 8


def statuses(ask: Callable[[], httpx.Response]) -> list[int]:
    with ThreadPoolExecutor(MANY) as threads:
        return sorted(future.result().status_code for future in [threads.submit(ask) for _ in range(MANY)])


def test_a_name_is_taken_once(admin: Client) -> None:
    for kind in ("user", "project", "group", "role", "domain"):
        body = {kind: {"name": f"wanted-by-many-{kind}"}}
        found = statuses(lambda kind=kind, body=body: admin.post("identity", f"/v3/{kind}s", json=body))
        assert found == [201, *[409] * (MANY - 1)], kind


def test_a_role_a_tag_and_a_place_in_a_group_are_given_once(admin: Client) -> None:
    project, user, group = make(admin, "project"), make(admin, "user"), make(admin, "group")
    on_project = f"/v3/projects/{project['id']}"
    granted = f"{on_project}/users/{user['id']}/roles/{role_id(admin, 'member')}"
    assert statuses(lambda: admin.put("identity", granted)) == [204] * MANY
    assert statuses(lambda: admin.delete("identity", granted)) == [204, *[404] * (MANY - 1)]
    inside = f"/v3/groups/{group['id']}/users/{user['id']}"
    assert statuses(lambda: admin.put("identity", inside)) == [204] * MANY
    assert set(statuses(lambda: admin.put("identity", f"{on_project}/tags/busy"))) <= {201, 409}
    assert admin.get("identity", on_project).json()["project"]["tags"] == ["busy"]


def test_a_token_is_revoked_once_and_for_all(cloud: RunningCloud, admin: Client) -> None:
    token = cloud.login("unscoped").token
    headers = {"X-Subject-Token": token}
    assert statuses(lambda: admin.delete("identity", "/v3/auth/tokens", headers=headers)) == [204] * MANY
    assert admin.get("identity", "/v3/auth/tokens", headers=headers).status_code == 404


def test_nobody_is_given_a_role_after_his_end(admin: Client) -> None:
    project, user = make(admin, "project"), make(admin, "user")
    granted = f"/v3/projects/{project['id']}/users/{user['id']}/roles/{role_id(admin, 'member')}"
    with ThreadPoolExecutor(MANY) as threads:
        futures = [threads.submit(admin.put, "identity", granted) for _ in range(MANY - 1)]
        futures.append(threads.submit(admin.delete, "identity", f"/v3/users/{user['id']}"))
        found = {future.result().status_code for future in futures}
    assert found <= {204, 404}
    left = admin.get("identity", "/v3/role_assignments", params={"scope.project.id": project["id"]}).json()
    assert left["role_assignments"] == []


def test_changes_of_different_attributes_all_stay(admin: Client) -> None:
    user = make(admin, "user")
    path = f"/v3/users/{user['id']}"
    with ThreadPoolExecutor(MANY) as threads:
        bodies = [{"user": {f"attribute_{number}": number}} for number in range(MANY)]
        futures = [threads.submit(admin.patch, "identity", path, json=body) for body in bodies]
        assert {future.result().status_code for future in futures} == {200}
    shown = admin.get("identity", path).json()["user"]
    assert {shown[f"attribute_{number}"] for number in range(MANY)} == set(range(MANY))


def test_two_moves_of_regions_close_no_circle(admin: Client) -> None:
    one, other = region_in(admin), region_in(admin)
    moves = {one: other, other: one}
    with ThreadPoolExecutor(MANY) as threads:
        futures = [
            threads.submit(admin.patch, "identity", f"/v3/regions/{own}", json={"region": {"parent_region_id": around}})
            for own, around in [*moves.items()] * (MANY // 2)
        ]
        assert {future.result().status_code for future in futures} == {200, 400}
    around = [admin.get("identity", f"/v3/regions/{own}").json()["region"]["parent_region_id"] for own in moves]
    assert around.count(None) == 1


def test_a_project_is_given_an_endpoint_once_and_a_place_has_one_policy(admin: Client) -> None:
    service = make(admin, "service", type="busy")
    endpoint, project = endpoint_of(admin, service), make(admin, "project")
    path = f"/v3/OS-EP-FILTER/projects/{project['id']}/endpoints/{endpoint['id']}"
    assert statuses(lambda: admin.put("identity", path)) == [204, *[409] * (MANY - 1)]
    assert statuses(lambda: admin.delete("identity", path)) == [204, *[404] * (MANY - 1)]
    policy = admin.post("identity", "/v3/policies", json={"policy": {"blob": "{}", "type": "x"}}).json()["policy"]
    place = f"/v3/policies/{policy['id']}/OS-ENDPOINT-POLICY/services/{service['id']}"
    assert statuses(lambda: admin.put("identity", place)) == [204] * MANY
    found = admin.get("identity", f"/v3/policies/{policy['id']}/OS-ENDPOINT-POLICY/endpoints").json()["endpoints"]
    assert [one["id"] for one in found] == [endpoint["id"]]
