import threading

from tests.services.identity.people import PASSWORD, grant, login, make, persona, try_login, whoami
from tests.support.cloud import Client, RunningCloud


def test_a_user_is_created_shown_changed_and_deleted(admin: Client) -> None:
    project = make(admin, "project")
    user = make(
        admin, "user", name="developer1", default_project_id=project["id"], email="dev@example.org", description=None
    )
    assert user | {"id": "", "links": {}} == {
        "id": "",
        "name": "developer1",
        "domain_id": "default",
        "enabled": True,
        "options": {},
        "password_expires_at": None,
        "default_project_id": project["id"],
        "email": "dev@example.org",
        "description": None,
        "links": {},
    }
    path = f"/v3/users/{user['id']}"
    assert admin.get("identity", path).json()["user"] == user
    changed = admin.patch("identity", path, json={"user": {"email": None, "desk": 7, "default_project_id": None}})
    shown = changed.json()["user"]
    assert (shown["email"], shown["desk"], shown.get("default_project_id", "none")) == (None, 7, "none")
    assert admin.delete("identity", path).status_code == 204
    assert admin.get("identity", path).status_code == 404


def test_a_password_is_never_shown(admin: Client) -> None:
    user = make(admin, "user", password="do not show this", original_password="do not show this")
    shown = admin.get("identity", f"/v3/users/{user['id']}").text + admin.get("identity", "/v3/users").text
    assert "password" not in user
    assert "do not show this" not in shown
    assert "bcrypt" not in shown


def test_the_list_can_be_filtered_and_paged(admin: Client) -> None:
    domain = make(admin, "domain")
    for number in range(3):
        make(admin, "user", name=f"listed-{number}", domain_id=domain["id"], enabled=number != 1)
    inside = {"domain_id": domain["id"]}

    def names(**filters: str) -> list[str]:
        found = admin.get("identity", "/v3/users", params={**inside, **filters}).json()["users"]
        return [user["name"] for user in found]

    assert names() == ["listed-0", "listed-1", "listed-2"]
    assert names(name="listed-2") == ["listed-2"]
    assert names(enabled="false") == ["listed-1"]
    assert names(enabled="") == ["listed-0", "listed-2"]
    first = admin.get("identity", "/v3/users", params={**inside, "limit": 2}).json()
    rest = admin.running.http.get(first["links"]["next"], headers={"X-Auth-Token": admin.token}).json()
    assert [user["name"] for user in rest["users"]] == ["listed-2"]


def test_a_name_stands_once_in_a_domain_and_may_stand_in_another(admin: Client) -> None:
    make(admin, "user", name="twin")
    assert admin.post("identity", "/v3/users", json={"user": {"name": "twin"}}).status_code == 409
    other = make(admin, "domain")
    twin = make(admin, "user", name="twin", domain_id=other["id"])
    taken = make(admin, "user", name="taken", domain_id=other["id"])
    renamed = admin.patch("identity", f"/v3/users/{taken['id']}", json={"user": {"name": "twin"}})
    assert (renamed.status_code, twin["domain_id"]) == (409, other["id"])


def test_a_user_changes_his_own_password_and_every_token_ends(cloud: RunningCloud, admin: Client) -> None:
    user = make(admin, "user")
    client, path = login(cloud, user), f"/v3/users/{user['id']}/password"
    wrong = {"user": {"original_password": "wrong", "password": "new"}}
    assert client.post("identity", path, json=wrong).status_code == 401
    assert whoami(client) == 200
    right = {"user": {"original_password": PASSWORD, "password": "a new one"}}
    assert client.post("identity", path, json=right).status_code == 204
    assert whoami(client) == 401
    assert try_login(cloud, user).status_code == 401
    assert try_login(cloud, user, password="a new one").status_code == 201


def test_a_token_of_the_same_second_outlives_the_reset_before_it(cloud: RunningCloud, admin: Client) -> None:
    user = make(admin, "user")
    path, before = f"/v3/users/{user['id']}", login(cloud, user)
    assert admin.patch("identity", path, json={"user": {"password": "reset"}}).status_code == 200
    after = try_login(cloud, user, password="reset")
    assert after.status_code == 201
    assert (whoami(before), whoami(Client(cloud, after.headers["X-Subject-Token"]))) == (401, 200)


def test_what_says_nothing_of_access_ends_no_token(cloud: RunningCloud, admin: Client) -> None:
    user = make(admin, "user")
    client = login(cloud, user)
    changed = {"user": {"name": "renamed by admin", "enabled": True, "email": "new@example.org"}}
    assert admin.patch("identity", f"/v3/users/{user['id']}", json=changed).status_code == 200
    assert whoami(client) == 200


def test_a_disabled_user_is_out_at_once_and_his_tokens_stay_dead(cloud: RunningCloud, admin: Client) -> None:
    user = make(admin, "user")
    client, path = login(cloud, user), f"/v3/users/{user['id']}"
    admin.patch("identity", path, json={"user": {"enabled": False}})
    assert (whoami(client), try_login(cloud, user).status_code) == (401, 401)
    admin.patch("identity", path, json={"user": {"enabled": True}})
    assert (whoami(client), try_login(cloud, user).status_code) == (401, 201)


def test_a_deleted_user_is_gone_with_his_roles(cloud: RunningCloud, admin: Client) -> None:
    project, user = make(admin, "project"), make(admin, "user")
    grant(admin, user, "member", f"projects/{project['id']}")
    client = login(cloud, user)
    assert admin.delete("identity", f"/v3/users/{user['id']}").status_code == 204
    assert whoami(client) == 401
    params = {"scope.project.id": project["id"]}
    assert admin.get("identity", "/v3/role_assignments", params=params).json()["role_assignments"] == []


def test_a_user_without_a_password_cannot_log_in(cloud: RunningCloud, admin: Client) -> None:
    user = make(admin, "user", password=None)
    assert try_login(cloud, user, password="").status_code == 401
    admin.patch("identity", f"/v3/users/{user['id']}", json={"user": {"password": "given"}})
    assert try_login(cloud, user, password="given").status_code == 201
    admin.patch("identity", f"/v3/users/{user['id']}", json={"user": {"password": None}})
    assert try_login(cloud, user, password="given").status_code == 401


def test_a_locked_password_is_the_administrators(cloud: RunningCloud, admin: Client) -> None:
    user = make(admin, "user", options={"lock_password": True})
    change = {"user": {"original_password": PASSWORD, "password": "new"}}
    assert login(cloud, user).post("identity", f"/v3/users/{user['id']}/password", json=change).status_code == 400
    assert try_login(cloud, user).status_code == 201


def test_what_is_not_built_is_refused_and_not_stored(admin: Client) -> None:
    rules = {"multi_factor_auth_enabled": True, "multi_factor_auth_rules": [["password", "totp"]]}
    for field in ({"options": rules}, {"federated": [{"idp_id": "elsewhere", "protocols": []}]}):
        answer = admin.post("identity", "/v3/users", json={"user": {"name": "unbuilt", **field}})
        assert answer.status_code == 501, field
    assert admin.get("identity", "/v3/users", params={"name": "unbuilt"}).json()["users"] == []


def test_a_domain_is_nobodys_default_project(admin: Client) -> None:
    body = {"name": "misplaced", "default_project_id": "default"}
    assert admin.post("identity", "/v3/users", json={"user": body}).status_code == 400


def test_a_user_sees_himself_and_his_projects_and_nobody_else(cloud: RunningCloud, admin: Client) -> None:
    project, other = make(admin, "project"), make(admin, "user")
    client = persona(cloud, admin, "member", f"projects/{project['id']}", name="modest")
    own_id = admin.get("identity", "/v3/users", params={"name": "modest"}).json()["users"][0]["id"]
    assert client.get("identity", f"/v3/users/{own_id}").status_code == 200
    listed = client.get("identity", f"/v3/users/{own_id}/projects").json()["projects"]
    assert [one["id"] for one in listed] == [project["id"]]
    for path in (f"/v3/users/{other['id']}", "/v3/users/0123456789abcdef", "/v3/users"):
        assert client.get("identity", path).status_code == 403, path
    assert client.patch("identity", f"/v3/users/{own_id}", json={"user": {"enabled": False}}).status_code == 403


def test_two_changes_of_a_password_at_once_do_not_both_succeed(cloud: RunningCloud, admin: Client) -> None:
    user = make(admin, "user")
    found: list[int] = []

    def change(new: str) -> None:
        body = {"user": {"original_password": PASSWORD, "password": new}}
        answer = cloud.anonymous().post("identity", f"/v3/users/{user['id']}/password", json=body)
        found.append(answer.status_code)

    threads = [threading.Thread(target=change, args=(new,)) for new in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    works = [try_login(cloud, user, password=new).status_code for new in ("first", "second")]
    assert (sorted(found), sorted(works)) == ([204, 401], [201, 401])
