from tests.services.identity.people import grant, login, make, role_id, try_login, whoami
from tests.support.cloud import Client, RunningCloud


def test_a_domain_is_created_shown_changed_and_deleted(admin: Client) -> None:
    domain = make(admin, "domain", name="heat", description="Stack projects and users")
    assert domain | {"id": "", "links": {}} == {
        "id": "",
        "name": "heat",
        "description": "Stack projects and users",
        "enabled": True,
        "tags": [],
        "options": {},
        "links": {},
    }
    path = f"/v3/domains/{domain['id']}"
    assert admin.get("identity", path).json()["domain"] == domain
    refused = admin.delete("identity", path)
    assert (refused.status_code, "disable it first" in refused.text) == (403, True)
    changed = admin.patch("identity", path, json={"domain": {"enabled": False, "owner": "stack team"}})
    assert (changed.json()["domain"]["enabled"], changed.json()["domain"]["owner"]) == (False, "stack team")
    assert admin.delete("identity", path).status_code == 204
    assert admin.get("identity", path).status_code == 404


def test_deleting_a_domain_takes_all_that_is_in_it(cloud: RunningCloud, admin: Client) -> None:
    domain = make(admin, "domain")
    inside = {"domain_id": domain["id"]}
    project, user, group = (
        make(admin, "project", **inside),
        make(admin, "user", **inside),
        make(admin, "group", **inside),
    )
    guest = make(admin, "user", default_project_id=project["id"])
    grant(admin, user, "member", f"projects/{project['id']}")
    grant(admin, guest, "reader", f"domains/{domain['id']}")
    admin.patch("identity", f"/v3/domains/{domain['id']}", json={"domain": {"enabled": False}})
    assert admin.delete("identity", f"/v3/domains/{domain['id']}").status_code == 204
    for path in (f"projects/{project['id']}", f"users/{user['id']}", f"groups/{group['id']}"):
        assert admin.get("identity", f"/v3/{path}").status_code == 404, path
    assert "default_project_id" not in admin.get("identity", f"/v3/users/{guest['id']}").json()["user"]
    left = admin.get("identity", "/v3/role_assignments", params={"user.id": guest["id"]}).json()
    assert left["role_assignments"] == []


def test_a_disabled_domain_lets_nobody_in(cloud: RunningCloud, admin: Client) -> None:
    domain = make(admin, "domain")
    user = make(admin, "user", domain_id=domain["id"])
    client = login(cloud, user)
    path = f"/v3/domains/{domain['id']}"
    admin.patch("identity", path, json={"domain": {"enabled": False}})
    assert (whoami(client), try_login(cloud, user).status_code) == (401, 401)
    admin.patch("identity", path, json={"domain": {"enabled": True}})
    assert try_login(cloud, user).status_code == 201


def test_domains_are_found_by_name_and_never_among_projects(admin: Client) -> None:
    domain = make(admin, "domain", name="unlike")
    found = admin.get("identity", "/v3/domains", params={"name": "unlike", "enabled": "true"}).json()["domains"]
    assert [one["id"] for one in found] == [domain["id"]]
    names = [one["name"] for one in admin.get("identity", "/v3/projects").json()["projects"]]
    assert "unlike" not in names
    as_project = admin.get("identity", f"/v3/projects/{domain['id']}").json()["project"]
    assert (as_project["is_domain"], as_project["domain_id"]) == (True, None)
    assert admin.get("identity", f"/v3/domains/{make(admin, 'project')['id']}").status_code == 404


def test_a_domains_name_and_chosen_id_stand_once(admin: Client) -> None:
    chosen = "fedcba9876543210fedcba9876543210"
    assert make(admin, "domain", name="chosen", explicit_domain_id=chosen)["id"] == chosen
    for body in ({"name": "chosen"}, {"name": "other", "explicit_domain_id": chosen}):
        assert admin.post("identity", "/v3/domains", json={"domain": body}).status_code == 409
    odd = {"name": "odd", "explicit_domain_id": "not hexadecimal"}
    assert admin.post("identity", "/v3/domains", json={"domain": odd}).status_code == 400


def test_an_immutable_domain_stays_until_it_is_freed(admin: Client) -> None:
    domain = make(admin, "domain", options={"immutable": True}, enabled=False)
    path = f"/v3/domains/{domain['id']}"
    assert admin.patch("identity", path, json={"domain": {"name": "renamed"}}).status_code == 403
    assert admin.delete("identity", path).status_code == 403
    freed = admin.patch("identity", path, json={"domain": {"options": {"immutable": None}}})
    assert freed.json()["domain"]["options"] == {}
    assert admin.delete("identity", path).status_code == 204


def test_a_domains_own_role_is_no_role_of_the_cloud(cloud: RunningCloud, admin: Client) -> None:
    domain = make(admin, "domain")
    own = make(admin, "role", name="admin", domain_id=domain["id"])
    project, user = make(admin, "project", domain_id=domain["id"]), make(admin, "user", domain_id=domain["id"])
    path = f"/v3/projects/{project['id']}/users/{user['id']}/roles/{own['id']}"
    assert admin.put("identity", path).status_code == 204
    scope = {"project": {"id": project["id"]}}
    assert try_login(cloud, user, scope).status_code == 401
    implied = f"/v3/roles/{own['id']}/implies/{role_id(admin, 'reader')}"
    assert admin.put("identity", implied).status_code == 201
    document = try_login(cloud, user, scope).json()["token"]
    assert [role["name"] for role in document["roles"]] == ["reader"]
    elsewhere = make(admin, "project")
    foreign = f"/v3/projects/{elsewhere['id']}/users/{user['id']}/roles/{own['id']}"
    assert admin.put("identity", foreign).status_code == 403
