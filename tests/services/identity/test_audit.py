"""The audit trail over HTTP, what it holds of groups, roles and grants, and who may read it."""

import time
from typing import Any

import pytest
from tests.services.identity.people import PASSWORD, grant, make, persona, role_id
from tests.support.cloud import Client, RunningCloud

from haneul.services.identity.audit.chain import verify

RECORDS = "/v3/HANEUL-AUDIT/records"
PATIENCE_S = 10


def records(client: Client, **filters: Any) -> list[dict[str, Any]]:
    answer = client.get("identity", RECORDS, params=filters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["records"]
    return found


def sealed(admin: Client, **filters: Any) -> list[dict[str, Any]]:
    """The records that these filters find, once all that was written so far is sealed."""
    make(admin, "role", name=(name := f"mark-{time.monotonic_ns()}"))
    mark = admin.get("identity", "/v3/roles", params={"name": name}).json()["roles"][0]["id"]
    deadline = time.monotonic() + PATIENCE_S
    while not records(admin, target_id=mark):
        assert time.monotonic() < deadline, "Nobody seals."
        time.sleep(0.02)
    return records(admin, **filters)


def done(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What was done, oldest first."""
    return [(one["resource"], one["action"]) for one in reversed(found)]


def test_a_record_says_who_did_what_from_where(admin: Client) -> None:
    answer = admin.post(
        "identity", "/v3/groups", json={"group": {"name": "told-of"}}, headers={"User-Agent": "a test of records"}
    )
    group = answer.json()["group"]
    (one,) = sealed(admin, target_id=group["id"])
    whoami = admin.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": admin.token}).json()["token"]
    assert (one["resource"], one["action"], one["outcome"]) == ("group", "created", "success")
    assert (one["user_id"], one["domain_id"], one["project_id"]) == (whoami["user"]["id"], "default", None)
    assert one["initiator"]["project_id"] == whoami["project"]["id"]
    assert one["initiator"]["address"] == "127.0.0.1"
    assert one["initiator"]["agent"] == "a test of records"
    assert one["request_id"] == answer.headers["x-openstack-request-id"]
    assert one["recorded_at"].endswith("Z")
    assert len(one["seal"]) == 64


def test_groups_and_their_members_are_recorded(admin: Client) -> None:
    group, user = make(admin, "group"), make(admin, "user")
    place = f"/v3/groups/{group['id']}"
    admin.patch("identity", place, json={"group": {"description": "Changed."}})
    member = f"{place}/users/{user['id']}"
    assert [admin.put("identity", member).status_code for _ in range(2)] == [204, 204]
    assert admin.delete("identity", member).status_code == 204
    assert admin.delete("identity", member).status_code == 404
    admin.delete("identity", place)
    found = sealed(admin, target_id=group["id"])
    assert [action for _, action in done(found)] == ["created", "updated", "updated", "updated", "deleted"]
    operations = [one["details"].get("actor_operation") for one in reversed(found)]
    assert operations == [None, None, "added", "removed", None]
    assert found[1]["details"]["actor_id"] == user["id"]


def test_roles_and_what_they_imply_are_recorded(admin: Client) -> None:
    domain = make(admin, "domain")
    role, implied = make(admin, "role", domain_id=domain["id"]), make(admin, "role")
    admin.patch("identity", f"/v3/roles/{role['id']}", json={"role": {"description": "Changed."}})
    inference = f"/v3/roles/{role['id']}/implies/{implied['id']}"
    assert admin.put("identity", inference).status_code == 201
    assert admin.delete("identity", inference).status_code == 204
    admin.delete("identity", f"/v3/roles/{role['id']}")
    found = sealed(admin, target_id=role["id"])
    assert done(found) == [
        ("role", "created"),
        ("role", "updated"),
        ("implied_role", "created"),
        ("implied_role", "deleted"),
        ("role", "deleted"),
    ]
    assert {one["domain_id"] for one in found} == {domain["id"]}
    assert found[1]["details"] == {"implied_role_id": implied["id"]}


@pytest.mark.parametrize("kind", ["project", "domain", "system"])
def test_grants_are_recorded_where_they_hold(admin: Client, kind: str) -> None:
    domain, user, role = make(admin, "domain"), make(admin, "user"), role_id(admin, "member")
    project = make(admin, "project", domain_id=domain["id"])
    place = {"project": f"projects/{project['id']}", "domain": f"domains/{domain['id']}", "system": "system"}[kind]
    path = f"/v3/{place}/users/{user['id']}/roles/{role}"
    for _ in range(2):
        assert admin.put("identity", path).status_code == 204
    assert admin.delete("identity", path).status_code == 204
    found = sealed(admin, target_id=user["id"], resource="role_assignment")
    assert done(found) == [("role_assignment", "created"), ("role_assignment", "deleted")]
    ids = {"project": project["id"], "domain": domain["id"], "system": "system"}
    assert found[0]["details"] == {
        "user": user["id"],
        kind: ids[kind],
        "role": role,
        "inherited_to_projects": False,
    }
    assert found[0]["project_id"] == (project["id"] if kind == "project" else None)
    assert found[0]["domain_id"] == (None if kind == "system" else domain["id"])


def test_records_are_filtered_and_paged(admin: Client) -> None:
    role = make(admin, "role")
    for number in range(4):
        admin.patch("identity", f"/v3/roles/{role['id']}", json={"role": {"description": str(number)}})
    found = sealed(admin, target_id=role["id"])
    assert [one["sequence"] for one in found] == sorted((one["sequence"] for one in found), reverse=True)
    assert len(records(admin, target_id=role["id"], action="updated", resource="role")) == 4
    assert records(admin, target_id=role["id"], outcome="failure") == []
    assert len(records(admin, target_id=role["id"], user_id=found[0]["user_id"])) == 5
    assert records(admin, target_id=role["id"], user_id="nobody") == []
    middle = found[2]["recorded_at"]
    assert records(admin, target_id=role["id"], since=middle) == found[:3]
    assert records(admin, target_id=role["id"], until=middle) == found[3:]
    assert records(admin, target_id=role["id"], since=middle.replace("Z", "+00:00")) == found[:3]

    def asked(url: str) -> dict[str, Any]:
        answer = admin.running.http.get(url, headers={"X-Auth-Token": admin.token})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    at, pages = f"{admin.running.url('identity')}{RECORDS}?target_id={role['id']}&limit=2", []
    while at:
        body = asked(at)
        pages.append(body["records"])
        at = body["links"]["next"]
    assert [len(one) for one in pages] == [2, 2, 1]
    assert [one for page in pages for one in page] == found


@pytest.mark.parametrize("query", ["marker=x", "marker=-1", "since=yesterday", "until=2026-13-01", "limit=few"])
def test_what_makes_no_sense_is_refused(admin: Client, query: str) -> None:
    assert admin.get("identity", f"{RECORDS}?{query}").status_code == 400


def test_a_marker_beyond_all_numbers_is_just_beyond(admin: Client) -> None:
    assert records(admin, marker="9" * 40, limit=1) == records(admin, limit=1)


def test_the_trail_is_read_by_those_whom_it_concerns(cloud: RunningCloud, admin: Client) -> None:
    domain, other = make(admin, "domain"), make(admin, "domain")
    project = make(admin, "project", domain_id=domain["id"])
    elsewhere = make(admin, "project", domain_id=other["id"])
    user = make(admin, "user", domain_id=domain["id"])
    group, foreign = make(admin, "group", domain_id=domain["id"]), make(admin, "group", domain_id=other["id"])
    for place in (project, elsewhere):
        grant(admin, user, "member", f"projects/{place['id']}")
    grant(admin, user, "reader", "system")
    everything = sealed(admin)
    of_domain = [one for one in everything if one["domain_id"] == domain["id"]]
    assert {group["id"], user["id"]} <= {one["target_id"] for one in of_domain}
    for role in ("reader", "member", "manager", "admin"):
        inside = persona(cloud, admin, role, f"domains/{domain['id']}", domain_id=domain["id"])
        sealed(admin)
        seen = records(inside)
        assert {one["domain_id"] for one in seen} == {domain["id"]}
        assert {one["sequence"] for one in of_domain} <= {one["sequence"] for one in seen}
        assert records(inside, target_id=foreign["id"]) == []
        assert records(inside, domain_id=other["id"]) == []
    for role in ("reader", "member", "manager"):
        within = persona(cloud, admin, role, f"projects/{project['id']}", domain_id=domain["id"])
        sealed(admin)
        seen = records(within)
        assert {one["project_id"] for one in seen} == {project["id"]}
        assert {one["resource"] for one in seen} >= {"role_assignment"}
        assert records(within, project_id=elsewhere["id"]) == []
        assert records(within, target_id=group["id"]) == []
    for whole in (
        persona(cloud, admin, "reader", "system"),
        persona(cloud, admin, "admin", f"projects/{project['id']}"),
    ):
        assert records(whole, target_id=foreign["id"]) != []
        assert records(whole, target_id=group["id"]) != []
    outsider = persona(cloud, admin, "member", f"projects/{elsewhere['id']}", domain_id=other["id"])
    assert {one["project_id"] for one in records(outsider)} == {elsewhere["id"]}


def test_who_has_no_role_here_reads_nothing(cloud: RunningCloud, admin: Client) -> None:
    user = make(admin, "user")
    body = {"identity": {"methods": ["password"], "password": {"user": {"id": user["id"], "password": PASSWORD}}}}
    answer = cloud.http.post(f"{cloud.url('identity')}/v3/auth/tokens", json={"auth": {**body, "scope": "unscoped"}})
    unscoped = Client(cloud, answer.headers["X-Subject-Token"])
    assert unscoped.get("identity", RECORDS).status_code == 403
    assert cloud.anonymous().get("identity", RECORDS).status_code == 401


def test_nobody_changes_the_trail(admin: Client) -> None:
    (newest,) = records(admin, limit=1)
    for path in (RECORDS, f"{RECORDS}/{newest['sequence']}"):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert admin.request(method, "identity", path, json={}).status_code in (404, 405)
    assert newest in records(admin)


def test_no_secret_is_recorded(cloud: RunningCloud, admin: Client) -> None:
    user = make(admin, "user")
    admin.patch("identity", f"/v3/users/{user['id']}", json={"user": {"password": "another secret of theirs"}})
    persona(cloud, admin, "member", f"domains/{make(admin, 'domain')['id']}")
    told = str(sealed(admin))
    for secret in (PASSWORD, "another secret of theirs", admin.token):
        assert secret not in told


def test_the_chain_of_a_running_cloud_holds(cloud: RunningCloud, admin: Client) -> None:
    sealed(admin)
    found = verify(cloud.cloud.store)
    assert found.broken is None
    assert found.sealed >= 1
