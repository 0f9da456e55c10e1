"""What a token may do depends on what it is for, and on whether the request says where."""

import pytest
from tests.services.identity.people import grant, make, persona, role_id
from tests.support.cloud import Client, RunningCloud

NOWHERE = "0123456789abcdef0123456789abcdef"


def test_a_domains_administrator_is_none_of_the_cloud(cloud: RunningCloud, admin: Client) -> None:
    domain = make(admin, "domain")
    master = persona(cloud, admin, "admin", f"domains/{domain['id']}", domain_id=domain["id"])
    service, role = make(admin, "service", type="probe"), role_id(admin, "reader")
    for method, path, body in (
        ("POST", "/v3/domains", {"domain": {"name": "another"}}),
        ("POST", "/v3/roles", {"role": {"name": "another"}}),
        ("PATCH", f"/v3/roles/{role}", {"role": {"description": "mine"}}),
        ("GET", f"/v3/services/{service['id']}", None),
        ("GET", "/v3/endpoints", None),
        ("POST", "/v3/regions", {"region": {"id": "mine"}}),
        ("GET", "/v3/role_inferences", None),
        ("PUT", f"/v3/system/users/{NOWHERE}/roles/{role}", None),
    ):
        status = master.request(method, "identity", path, json=body).status_code
        assert status == (404 if NOWHERE in path else 403), path
    assert master.get("identity", "/v3/regions").status_code == 200
    user = make(master, "user", domain_id=domain["id"])
    grant(master, user, "reader", f"domains/{domain['id']}")
    assert master.put("identity", f"/v3/system/users/{user['id']}/roles/{role}").status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "roles"), ("PATCH", "roles"), ("DELETE", "roles"), ("PATCH", "domains"), ("DELETE", "domains")],
)
def test_that_something_is_not_there_is_no_secret(cloud: RunningCloud, admin: Client, method: str, path: str) -> None:
    member = persona(cloud, admin, "member", f"projects/{make(admin, 'project')['id']}")
    body = {path.removesuffix("s"): {"description": "changed"}} if method == "PATCH" else None
    there = role_id(admin, "_member_") if path == "roles" else "default"
    statuses = [
        member.request(method, "identity", f"/v3/{path}/{one}", json=body).status_code for one in (NOWHERE, there)
    ]
    assert statuses == [404, 403]


def test_a_group_is_deleted_by_who_may(cloud: RunningCloud, admin: Client) -> None:
    member, group = persona(cloud, admin, "member", f"projects/{make(admin, 'project')['id']}"), make(admin, "group")
    assert member.delete("identity", f"/v3/groups/{NOWHERE}").status_code == 404
    assert member.get("identity", f"/v3/groups/{NOWHERE}").status_code == 403
    assert member.delete("identity", f"/v3/groups/{group['id']}").status_code == 403


@pytest.mark.parametrize("kind", ["user", "group", "project"])
def test_a_domains_manager_names_his_domain(cloud: RunningCloud, admin: Client, kind: str) -> None:
    domain = make(admin, "domain")
    manager = persona(cloud, admin, "manager", f"domains/{domain['id']}", domain_id=domain["id"])
    for where, status in (({}, 403), ({"domain_id": "default"}, 403), ({"domain_id": domain["id"]}, 201)):
        body = {kind: {"name": f"made-{kind}", **where}}
        assert manager.post("identity", f"/v3/{kind}s", json=body).status_code == status


def test_what_names_no_domain_is_of_the_default_one_or_the_tokens(cloud: RunningCloud, admin: Client) -> None:
    domain = make(admin, "domain")
    project = make(admin, "project", domain_id=domain["id"])
    place = f"projects/{project['id']}"
    assert make(persona(cloud, admin, "admin", place, domain_id=domain["id"]), "user")["domain_id"] == "default"
    master = persona(cloud, admin, "admin", f"domains/{domain['id']}", domain_id=domain["id"])
    assert [make(master, kind)["domain_id"] for kind in ("user", "group", "project")] == [domain["id"]] * 3


def test_a_domains_role_is_for_its_projects_and_for_any_domain(admin: Client) -> None:
    one, other = make(admin, "domain"), make(admin, "domain")
    role, user = make(admin, "role", domain_id=one["id"]), make(admin, "user")
    for place, status in (
        (f"projects/{make(admin, 'project', domain_id=one['id'])['id']}", 204),
        (f"projects/{make(admin, 'project', domain_id=other['id'])['id']}", 403),
        (f"domains/{one['id']}", 204),
        (f"domains/{other['id']}", 204),
        ("system", 400),
    ):
        answer = admin.put("identity", f"/v3/{place}/users/{user['id']}/roles/{role['id']}")
        assert answer.status_code == status, place
