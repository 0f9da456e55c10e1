import threading

import pytest
from sqlalchemy import select
from tests.services.identity.people import PASSWORD, grant, login, make, persona, try_login, whoami
from tests.support.cloud import Client, RunningCloud

from haneul.services.identity.audit.models import audit_records as records


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


def test_federated_users_are_refused_and_not_stored(admin: Client) -> None:
    federated = [{"idp_id": "elsewhere", "protocols": []}]
    answer = admin.post("identity", "/v3/users", json={"user": {"name": "unbuilt", "federated": federated}})
    assert answer.status_code == 501
    assert admin.get("identity", "/v3/users", params={"name": "unbuilt"}).json()["users"] == []
    user = make(admin, "user", federated=[])
    assert "federated" not in user
    path = f"/v3/users/{user['id']}"
    assert admin.patch("identity", path, json={"user": {"federated": federated}}).status_code == 501
    assert admin.get("identity", "/v3/users", params={"idp_id": "elsewhere"}).json()["users"] == []


def test_options_are_set_changed_and_taken_away(admin: Client) -> None:
    rules = [["password", "totp"], ["password", "application_credential"]]
    options = {"multi_factor_auth_enabled": False, "multi_factor_auth_rules": rules, "lock_password": True}
    user = make(admin, "user", options=options)
    assert user["options"] == options
    path = f"/v3/users/{user['id']}"
    changed = {"multi_factor_auth_rules": None, "lock_password": False, "ignore_password_expiry": True}
    shown = admin.patch("identity", path, json={"user": {"options": changed}}).json()["user"]["options"]
    assert shown == {"multi_factor_auth_enabled": False, "lock_password": False, "ignore_password_expiry": True}
    assert admin.patch("identity", path, json={"user": {"options": {}}}).json()["user"]["options"] == shown


@pytest.mark.parametrize(
    "options",
    [
        {"multi_factor_auth_rules": [["password"], ["password"]]},
        {"multi_factor_auth_rules": [["password", "password"]]},
        {"multi_factor_auth_rules": [[]]},
        {"multi_factor_auth_rules": [[7]]},
        {"multi_factor_auth_rules": ["password"]},
        {"multi_factor_auth_rules": {"password": "totp"}},
        {"multi_factor_auth_rules": [["m" * 256]]},
        {"multi_factor_auth_enabled": "yes"},
        {"lock_password": 1},
        {"nobody_knows_it": True},
        [],
    ],
    ids=str,
)
def test_options_of_another_shape_are_refused(admin: Client, options: object) -> None:
    body = {"user": {"name": "misshapen", "options": options}}
    assert admin.post("identity", "/v3/users", json=body).status_code == 400
    assert admin.get("identity", "/v3/users", params={"name": "misshapen"}).json()["users"] == []


def test_the_list_can_be_asked_for_parts_of_names(admin: Client) -> None:
    domain = make(admin, "domain")
    for name in ("The Ministry", "the office", "of The", "100%_The"):
        make(admin, "user", name=name, domain_id=domain["id"])
    expected = {
        ("name__contains", "The"): ["100%_The", "The Ministry", "of The"],
        ("name__icontains", "THE"): ["100%_The", "The Ministry", "of The", "the office"],
        ("name__startswith", "The"): ["The Ministry"],
        ("name__istartswith", "THE"): ["The Ministry", "the office"],
        ("name__endswith", "The"): ["100%_The", "of The"],
        ("name__iendswith", "tHe"): ["100%_The", "of The"],
        ("name__icontains", "%_"): ["100%_The"],
        ("name__contains", "*"): [],
        ("name__contains", ""): ["100%_The", "The Ministry", "of The", "the office"],
        ("name__rhymes", "nobody knows how"): ["100%_The", "The Ministry", "of The", "the office"],
    }
    for (key, value), names in expected.items():
        params = {"domain_id": domain["id"], key: value}
        found = [user["name"] for user in admin.get("identity", "/v3/users", params=params).json()["users"]]
        assert found == names, (key, value)


def test_a_name_has_a_sign_in_it_and_no_space_around_it(admin: Client) -> None:
    for wrong in ("", "   ", "n" * 256, None, 7):
        body = {"user": {"name": wrong}}
        assert admin.post("identity", "/v3/users", json=body).status_code == 400, wrong
    user = make(admin, "user", name=f"  {'n' * 40} n ")
    assert user["name"] == f"{'n' * 40} n"
    path = f"/v3/users/{user['id']}"
    assert (
        admin.patch("identity", path, json={"user": {"name": "  spaced out "}}).json()["user"]["name"] == "spaced out"
    )
    assert admin.patch("identity", path, json={"user": {"name": " "}}).status_code == 400
    capital = make(admin, "user", name="Spaced out")
    assert capital["id"] != user["id"]


def test_a_change_of_nothing_and_a_description_of_no_text_are_refused(admin: Client) -> None:
    user = make(admin, "user", description="a text")
    path = f"/v3/users/{user['id']}"
    for body in ({}, {"description": 7}, {"id": "another"}, {"domain_id": "another"}, {"enabled": "yes"}):
        assert admin.patch("identity", path, json={"user": body}).status_code == 400, body
    assert admin.get("identity", path).json()["user"] == user


def test_changes_of_users_are_written_down(cloud: RunningCloud, admin: Client) -> None:
    user = make(admin, "user")
    path = f"/v3/users/{user['id']}"
    admin.patch("identity", path, json={"user": {"enabled": False}})
    admin.patch("identity", path, json={"user": {"password": "do not write this down"}})
    admin.delete("identity", path)
    mine = select(records).where(records.c.target_id == user["id"]).order_by(records.c.id)
    found = cloud.cloud.store.read(lambda db: db.tuples(mine))
    assert [(one.resource, one.action, one.outcome) for one in found] == [
        ("user", action, "success") for action in ("created", "updated", "updated", "deleted")
    ]
    assert {one.domain_id for one in found} == {"default"}
    assert "do not write" not in str(found)


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
