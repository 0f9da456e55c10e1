import pytest
from tests.services.identity.people import grant, login, make, persona, role_id, try_login, whoami
from tests.support.cloud import Client, RunningCloud

NOWHERE = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("kind", ["projects", "domains", "system"])
@pytest.mark.parametrize("actor", ["users", "groups"])
def test_a_role_is_given_checked_listed_and_taken(admin: Client, kind: str, actor: str) -> None:
    place = kind if kind == "system" else f"{kind}/{make(admin, kind.removesuffix('s'))['id']}"
    who = make(admin, actor.removesuffix("s"))
    every = f"/v3/{place}/{actor}/{who['id']}/roles"
    one = f"{every}/{role_id(admin, 'member')}"
    assert admin.get("identity", one).status_code == 404
    assert [admin.put("identity", one).status_code for _ in range(2)] == [204, 204]
    assert (admin.get("identity", one).status_code, admin.request("HEAD", "identity", one).status_code) == (204, 204)
    assert [role["name"] for role in admin.get("identity", every).json()["roles"]] == ["member"]
    assert admin.delete("identity", one).status_code == 204
    assert admin.delete("identity", one).status_code == 404
    assert admin.get("identity", every).json()["roles"] == []


def test_a_role_counts_at_once_and_no_longer_than_it_is_held(cloud: RunningCloud, admin: Client) -> None:
    project, user = make(admin, "project"), make(admin, "user")
    place, scope = f"projects/{project['id']}", {"project": {"id": project["id"]}}
    assert try_login(cloud, user, scope).status_code == 401
    grant(admin, user, "reader", place)
    client = login(cloud, user, scope)
    assert client.get("identity", "/v3/users").status_code == 403
    grant(admin, user, "admin", place)
    assert client.get("identity", "/v3/users").status_code == 200
    for role in ("admin", "reader"):
        admin.delete("identity", f"/v3/{place}/users/{user['id']}/roles/{role_id(admin, role)}")
    assert whoami(client) == 401


def test_a_group_gives_its_roles_to_its_members(cloud: RunningCloud, admin: Client) -> None:
    project, user, group = make(admin, "project"), make(admin, "user"), make(admin, "group")
    path = f"/v3/projects/{project['id']}/groups/{group['id']}/roles/{role_id(admin, 'member')}"
    assert admin.put("identity", path).status_code == 204
    scope = {"project": {"id": project["id"]}}
    assert try_login(cloud, user, scope).status_code == 401
    assert admin.put("identity", f"/v3/groups/{group['id']}/users/{user['id']}").status_code == 204
    client = login(cloud, user, scope)
    mine = client.get("identity", "/v3/auth/projects").json()["projects"]
    assert [one["id"] for one in mine] == [project["id"]]
    assert admin.delete("identity", f"/v3/groups/{group['id']}").status_code == 204
    assert whoami(client) == 401


def test_an_inherited_role_holds_below_and_not_here(cloud: RunningCloud, admin: Client) -> None:
    domain, user = make(admin, "domain"), make(admin, "user")
    parent = make(admin, "project", domain_id=domain["id"])
    child = make(admin, "project", parent_id=parent["id"])
    on_domain = f"/v3/OS-INHERIT/domains/{domain['id']}/users/{user['id']}/roles"
    one = f"{on_domain}/{role_id(admin, 'member')}/inherited_to_projects"
    assert admin.put("identity", one).status_code == 204
    listed = admin.get("identity", f"{on_domain}/inherited_to_projects").json()["roles"]
    assert [role["name"] for role in listed] == ["member"]
    for project in (parent, child):
        assert try_login(cloud, user, {"project": {"id": project["id"]}}).status_code == 201
    assert try_login(cloud, user, {"domain": {"id": domain["id"]}}).status_code == 401
    mine = login(cloud, user).get("identity", "/v3/auth/projects").json()["projects"]
    assert {project["id"] for project in mine} == {parent["id"], child["id"]}
    assert admin.delete("identity", one).status_code == 204
    on_project = f"/v3/OS-INHERIT/projects/{parent['id']}/users/{user['id']}/roles/{role_id(admin, 'member')}"
    assert admin.put("identity", f"{on_project}/inherited_to_projects").status_code == 204
    statuses = [try_login(cloud, user, {"project": {"id": one["id"]}}).status_code for one in (parent, child)]
    assert statuses == [401, 201]


def test_nothing_is_given_of_or_to_what_is_not_there(admin: Client) -> None:
    project, user, role = make(admin, "project")["id"], make(admin, "user")["id"], role_id(admin, "member")
    for path in (
        f"projects/{NOWHERE}/users/{user}/roles/{role}",
        f"projects/{project}/users/{NOWHERE}/roles/{role}",
        f"projects/{project}/users/{user}/roles/{NOWHERE}",
        f"domains/{project}/users/{user}/roles/{role}",
    ):
        assert admin.put("identity", f"/v3/{path}").status_code == 404, path


def test_where_roles_are_inherited_the_rule_comes_before_what_is_missing(cloud: RunningCloud, admin: Client) -> None:
    project, user, role = make(admin, "project")["id"], make(admin, "user")["id"], role_id(admin, "member")
    member = persona(cloud, admin, "member", f"projects/{project}")
    for path in (
        f"projects/{NOWHERE}/users/{user}/roles/{role}",
        f"projects/{project}/users/{NOWHERE}/roles/{role}",
        f"domains/default/users/{user}/roles/{NOWHERE}",
    ):
        inherited = f"/v3/OS-INHERIT/{path}/inherited_to_projects"
        assert member.put("identity", inherited).status_code == 403, path
        assert admin.put("identity", inherited).status_code == 404, path
        assert member.delete("identity", inherited).status_code == 403, path


@pytest.mark.parametrize("kind", ["users", "groups"])
def test_every_grant_answers_head_as_get(admin: Client, kind: str) -> None:
    role, who = role_id(admin, "member"), make(admin, kind.removesuffix("s"))["id"]
    for place in (f"projects/{make(admin, 'project')['id']}", f"domains/{make(admin, 'domain')['id']}", "system"):
        path = f"/v3/{place}/{kind}/{who}/roles"
        assert admin.request("HEAD", "identity", f"{path}/{role}").status_code == 404
        assert admin.put("identity", f"{path}/{role}").status_code == 204
        assert admin.request("HEAD", "identity", f"{path}/{role}").status_code == 204
        assert admin.request("HEAD", "identity", path).status_code == 200
        if place == "system":
            continue
        inherited = f"{path.replace('/v3', '/v3/OS-INHERIT', 1)}/{role}/inherited_to_projects"
        assert admin.request("HEAD", "identity", inherited).status_code == 404
        assert admin.put("identity", inherited).status_code == 204
        assert admin.request("HEAD", "identity", inherited).status_code == 204


def test_a_domains_manager_gives_lesser_roles_inside_his_domain(cloud: RunningCloud, admin: Client) -> None:
    domain = make(admin, "domain")
    inside = {"domain_id": domain["id"]}
    manager = persona(cloud, admin, "manager", f"domains/{domain['id']}", **inside)
    project, user = make(manager, "project", **inside), make(manager, "user", **inside)
    outside, stranger = make(admin, "project"), make(admin, "user")

    def give(project_id: str, user_id: str, role: str) -> int:
        path = f"/v3/projects/{project_id}/users/{user_id}/roles/{role_id(admin, role)}"
        return manager.put("identity", path).status_code

    assert [give(project["id"], user["id"], role) for role in ("reader", "member", "manager")] == [204, 204, 204]
    assert [give(project["id"], user["id"], role) for role in ("admin", "service")] == [403, 403]
    assert give(outside["id"], user["id"], "member") == 403
    assert give(project["id"], stranger["id"], "member") == 403
    listed = manager.get("identity", f"/v3/projects/{project['id']}/users/{user['id']}/roles")
    assert {role["name"] for role in listed.json()["roles"]} == {"reader", "member", "manager"}
    below = {"name": "slipped in", "parent_id": outside["id"]}
    assert manager.post("identity", "/v3/projects", json={"project": below}).status_code == 403
    system = f"/v3/system/users/{user['id']}/roles/{role_id(admin, 'reader')}"
    assert manager.put("identity", system).status_code == 403
    assert (
        manager.post("identity", "/v3/users", json={"user": {"name": "x", "domain_id": "default"}}).status_code == 403
    )


def test_a_system_reader_sees_all_and_changes_nothing(cloud: RunningCloud, admin: Client) -> None:
    reader = persona(cloud, admin, "reader", "system")
    project, user = make(admin, "project"), make(admin, "user")
    one = f"/v3/projects/{project['id']}/users/{user['id']}/roles/{role_id(admin, 'reader')}"
    for path in ("users", "projects", "domains", "roles", "services", "endpoints", "role_assignments", "groups"):
        assert reader.get("identity", f"/v3/{path}").status_code == 200, path
    assert (reader.get("identity", one).status_code, reader.put("identity", one).status_code) == (404, 403)
    assert reader.delete("identity", f"/v3/projects/{project['id']}").status_code == 403
    assert reader.post("identity", "/v3/projects", json={"project": {"name": "mine"}}).status_code == 403


def test_a_domains_reader_sees_his_domain_alone(cloud: RunningCloud, admin: Client) -> None:
    domain, other = make(admin, "domain"), make(admin, "domain")
    reader = persona(cloud, admin, "reader", f"domains/{domain['id']}", domain_id=domain["id"])
    own, foreign = make(admin, "project", domain_id=domain["id"]), make(admin, "project", domain_id=other["id"])
    stranger = make(admin, "user", domain_id=other["id"])
    assert [one["id"] for one in reader.get("identity", "/v3/projects").json()["projects"]] == [own["id"]]
    assert reader.get("identity", "/v3/projects", params={"domain_id": other["id"]}).json()["projects"] == []
    assert {one["domain_id"] for one in reader.get("identity", "/v3/users").json()["users"]} == {domain["id"]}
    assert [one["id"] for one in reader.get("identity", "/v3/domains").json()["domains"]] == [domain["id"]]
    for path in (f"projects/{foreign['id']}", f"users/{stranger['id']}", f"domains/{other['id']}", "projects/nowhere"):
        assert reader.get("identity", f"/v3/{path}").status_code == 403, path
    assert reader.patch("identity", f"/v3/projects/{own['id']}", json={"project": {"name": "x"}}).status_code == 403
