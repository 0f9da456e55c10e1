"""What tokens by trusts and by application credentials may do, and when they end."""

from typing import Any

import httpx
import pytest
from tests.services.identity.people import PASSWORD, grant, login, make, persona, role_id, try_login, whoami
from tests.support.cloud import Client, RunningCloud


class Delegator:
    """A user with two roles on a project, who gives away some of what he may do."""

    def __init__(self, cloud: RunningCloud, admin: Client) -> None:
        self.cloud, self.admin = cloud, admin
        self.user, self.project = make(admin, "user"), make(admin, "project")
        for role in ("member", "manager"):
            grant(admin, self.user, role, f"projects/{self.project['id']}")
        self.scope = {"project": {"id": self.project["id"]}}
        self.client = login(cloud, self.user, self.scope)

    def credential(self, **fields: Any) -> dict[str, Any]:
        body = {"name": "for a program", **fields}
        path = f"/v3/users/{self.user['id']}/application_credentials"
        answer = self.client.post("identity", path, json={"application_credential": body})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()["application_credential"]
        return found

    def trust(self, trustee: dict[str, Any], **fields: Any) -> dict[str, Any]:
        body = {
            "trustor_user_id": self.user["id"],
            "trustee_user_id": trustee["id"],
            "project_id": self.project["id"],
            "impersonation": False,
            "roles": [{"name": "member"}],
            **fields,
        }
        answer = self.client.post("identity", "/v3/OS-TRUST/trusts", json={"trust": body})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()["trust"]
        return found

    def lose(self, role: str) -> None:
        path = f"/v3/projects/{self.project['id']}/users/{self.user['id']}/roles/{role_id(self.admin, role)}"
        assert self.admin.delete("identity", path).status_code == 204


@pytest.fixture
def giver(cloud: RunningCloud, admin: Client) -> Delegator:
    return Delegator(cloud, admin)


def with_credential(cloud: RunningCloud, method: dict[str, Any], scope: Any = None) -> httpx.Response:
    auth: dict[str, Any] = {"identity": {"methods": ["application_credential"], "application_credential": method}}
    if scope is not None:
        auth["scope"] = scope
    return cloud.http.post(cloud.url("identity") + "/v3/auth/tokens", json={"auth": auth})


def by(credential: dict[str, Any]) -> dict[str, Any]:
    return {"id": credential["id"], "secret": credential["secret"]}


def client_of(cloud: RunningCloud, answer: httpx.Response) -> Client:
    assert answer.status_code == 201, answer.text
    return Client(cloud, answer.headers["X-Subject-Token"])


def roles_of(answer: httpx.Response) -> set[str]:
    return {role["name"] for role in answer.json()["token"]["roles"]}


def test_a_program_acts_within_its_credential(cloud: RunningCloud, giver: Delegator) -> None:
    credential = giver.credential(roles=[{"name": "member"}])
    answer = with_credential(cloud, by(credential))
    token = answer.json()["token"]
    assert answer.status_code == 201
    assert roles_of(answer) == {"member", "reader"}
    assert token["methods"] == ["application_credential"]
    assert (token["user"]["id"], token["project"]["id"]) == (giver.user["id"], giver.project["id"])
    assert token["application_credential"] == {"id": credential["id"], "name": "for a program", "restricted": True}
    assert whoami(client_of(cloud, answer)) == 200


def test_a_credential_is_named_with_its_user(cloud: RunningCloud, giver: Delegator) -> None:
    credential = giver.credential(secret="a secret of my own")
    named = {"name": credential["name"], "secret": "a secret of my own", "user": {"id": giver.user["id"]}}
    assert with_credential(cloud, named).status_code == 201
    assert with_credential(cloud, {**named, "secret": "another"}).status_code == 401
    assert with_credential(cloud, {**named, "name": "nothing"}).status_code == 401
    assert with_credential(cloud, {"name": "nothing", "secret": "x"}).status_code == 400
    assert with_credential(cloud, {"secret": "x"}).status_code == 400


def test_a_wrong_secret_or_a_scope_is_refused(cloud: RunningCloud, giver: Delegator) -> None:
    credential = giver.credential()
    assert with_credential(cloud, {**by(credential), "secret": "wrong"}).status_code == 401
    assert with_credential(cloud, {"id": "0" * 32, "secret": "wrong"}).status_code == 401
    assert with_credential(cloud, by(credential), giver.scope).status_code == 401


def test_a_credentials_token_makes_no_wider_one(cloud: RunningCloud, giver: Delegator) -> None:
    token = client_of(cloud, with_credential(cloud, by(giver.credential(roles=[{"name": "reader"}])))).token
    identity = {"methods": ["token"], "token": {"id": token}}
    url = cloud.url("identity") + "/v3/auth/tokens"
    assert cloud.http.post(url, json={"auth": {"identity": identity, "scope": giver.scope}}).status_code == 403
    again = cloud.http.post(url, json={"auth": {"identity": identity}})
    assert (again.status_code, roles_of(again)) == (201, {"reader"})
    assert again.json()["token"]["application_credential"]["restricted"] is True


def test_a_restricted_credential_makes_no_other(cloud: RunningCloud, giver: Delegator) -> None:
    path = f"/v3/users/{giver.user['id']}/application_credentials"
    body = {"application_credential": {"name": "a second one"}}
    restricted = client_of(cloud, with_credential(cloud, by(giver.credential())))
    assert restricted.post("identity", path, json=body).status_code == 403
    free = giver.credential(name="free", unrestricted=True)
    assert client_of(cloud, with_credential(cloud, by(free))).post("identity", path, json=body).status_code == 201


def test_access_rules_bind_in_every_service(cloud: RunningCloud, giver: Delegator) -> None:
    rules = [
        {"service": "identity", "method": "GET", "path": "/v3/auth/projects"},
        {"service": "image", "method": "GET", "path": "/v2/images/*"},
    ]
    program = client_of(cloud, with_credential(cloud, by(giver.credential(access_rules=rules))))
    assert program.get("identity", "/v3/auth/projects").status_code == 200
    assert program.get("image", "/v2/images/none").status_code == 404
    for service, path in (("identity", "/v3/auth/domains"), ("image", "/v2/images"), ("compute", "/v2.1/servers")):
        assert program.get(service, path).status_code == 401, path
    assert program.post("image", "/v2/images", json={"name": "x"}).status_code == 401
    about = {"X-Subject-Token": program.token}
    assert giver.admin.get("identity", "/v3/auth/tokens", headers=about).status_code == 404
    knowing = {**about, "OpenStack-Identity-Access-Rules": "1.0"}
    shown = giver.admin.get("identity", "/v3/auth/tokens", headers=knowing).json()["token"]
    found = shown["application_credential"]["access_rules"]
    assert sorted(found, key=lambda rule: rule["service"]) == rules


def test_a_deleted_credential_ends_its_tokens(cloud: RunningCloud, giver: Delegator) -> None:
    credential = giver.credential()
    program = client_of(cloud, with_credential(cloud, by(credential)))
    path = f"/v3/users/{giver.user['id']}/application_credentials/{credential['id']}"
    assert giver.client.delete("identity", path).status_code == 204
    assert whoami(program) == 401
    assert with_credential(cloud, by(credential)).status_code == 401


def test_a_lost_role_ends_the_credentials_that_had_it(cloud: RunningCloud, giver: Delegator) -> None:
    program = client_of(cloud, with_credential(cloud, by(giver.credential(roles=[{"name": "manager"}]))))
    giver.lose("manager")
    assert whoami(program) == 401


def test_a_disabled_users_credential_is_worth_nothing(cloud: RunningCloud, giver: Delegator) -> None:
    credential = giver.credential()
    program = client_of(cloud, with_credential(cloud, by(credential)))
    giver.admin.patch("identity", f"/v3/users/{giver.user['id']}", json={"user": {"enabled": False}})
    assert whoami(program) == 401
    assert with_credential(cloud, by(credential)).status_code == 401


def test_a_trustee_acts_with_the_roles_of_the_trust(cloud: RunningCloud, admin: Client, giver: Delegator) -> None:
    trustee = make(admin, "user")
    trust = giver.trust(trustee)
    answer = try_login(cloud, trustee, {"OS-TRUST:trust": {"id": trust["id"]}})
    token = answer.json()["token"]
    assert answer.status_code == 201, answer.text
    assert roles_of(answer) == {"member", "reader"}
    assert (token["user"]["id"], token["project"]["id"]) == (trustee["id"], giver.project["id"])
    assert token["OS-TRUST:trust"] == {
        "id": trust["id"],
        "trustor_user": {"id": giver.user["id"]},
        "trustee_user": {"id": trustee["id"]},
        "impersonation": False,
    }


def test_an_impersonating_trustee_appears_as_the_trustor(cloud: RunningCloud, admin: Client, giver: Delegator) -> None:
    trustee = make(admin, "user")
    trust = giver.trust(trustee, impersonation=True)
    answer = try_login(cloud, trustee, {"OS-TRUST:trust": {"id": trust["id"]}})
    assert answer.json()["token"]["user"]["id"] == giver.user["id"]
    acting = client_of(cloud, answer)
    assert acting.get("identity", f"/v3/users/{giver.user['id']}").status_code == 200
    assert acting.get("identity", f"/v3/users/{trustee['id']}").status_code == 403


def test_nobody_else_uses_the_trust(cloud: RunningCloud, admin: Client, giver: Delegator) -> None:
    trust = giver.trust(make(admin, "user"))
    scope = {"OS-TRUST:trust": {"id": trust["id"]}}
    assert try_login(cloud, make(admin, "user"), scope).status_code == 403
    assert try_login(cloud, giver.user, scope).status_code == 403
    assert try_login(cloud, giver.user, {"OS-TRUST:trust": {"id": "nothing"}}).status_code == 401
    assert try_login(cloud, giver.user, {"OS-TRUST:trust": {}}).status_code == 400


def test_a_trusts_token_makes_no_other(cloud: RunningCloud, admin: Client, giver: Delegator) -> None:
    trustee = make(admin, "user")
    grant(admin, trustee, "reader", f"projects/{giver.project['id']}")
    scope = {"OS-TRUST:trust": {"id": giver.trust(trustee)["id"]}}
    token = client_of(cloud, try_login(cloud, trustee, scope)).token
    identity = {"methods": ["token"], "token": {"id": token}}
    for wanted in (giver.scope, scope, "unscoped"):
        answer = cloud.http.post(
            cloud.url("identity") + "/v3/auth/tokens", json={"auth": {"identity": identity, "scope": wanted}}
        )
        assert answer.status_code == 403, wanted


def test_uses_of_a_trust_run_out(cloud: RunningCloud, admin: Client, giver: Delegator) -> None:
    trustee = make(admin, "user")
    scope = {"OS-TRUST:trust": {"id": giver.trust(trustee, remaining_uses=2)["id"]}}
    assert [try_login(cloud, trustee, scope).status_code for _ in range(3)] == [201, 201, 401]


def test_a_failed_login_uses_nothing(cloud: RunningCloud, admin: Client, giver: Delegator) -> None:
    trustee = make(admin, "user")
    scope = {"OS-TRUST:trust": {"id": giver.trust(trustee, remaining_uses=1)["id"]}}
    assert try_login(cloud, trustee, scope, password="wrong").status_code == 401
    assert try_login(cloud, make(admin, "user"), scope).status_code == 403
    assert try_login(cloud, trustee, scope).status_code == 201


@pytest.mark.parametrize("end", ["trust", "role", "trustor", "project", "trustor's password"])
def test_what_ends_the_trustors_right_ends_the_trustees_token(
    cloud: RunningCloud, admin: Client, giver: Delegator, end: str
) -> None:
    trustee = make(admin, "user")
    trust = giver.trust(trustee, impersonation=True)
    acting = client_of(cloud, try_login(cloud, trustee, {"OS-TRUST:trust": {"id": trust["id"]}}))
    assert whoami(acting) == 200
    match end:
        case "trust":
            assert giver.client.delete("identity", f"/v3/OS-TRUST/trusts/{trust['id']}").status_code == 204
        case "role":
            giver.lose("member")
            giver.lose("manager")
        case "trustor":
            admin.patch("identity", f"/v3/users/{giver.user['id']}", json={"user": {"enabled": False}})
        case "project":
            admin.patch("identity", f"/v3/projects/{giver.project['id']}", json={"project": {"enabled": False}})
        case _:
            admin.patch("identity", f"/v3/users/{giver.user['id']}", json={"user": {"password": PASSWORD + "!"}})
    assert whoami(acting) == 401


def test_a_system_token_makes_none_for_a_project(cloud: RunningCloud, admin: Client) -> None:
    token = persona(cloud, admin, "admin", "system").token
    identity = {"methods": ["token"], "token": {"id": token}}
    project = make(admin, "project")
    auth = {"identity": identity, "scope": {"project": {"id": project["id"]}}}
    assert cloud.http.post(cloud.url("identity") + "/v3/auth/tokens", json={"auth": auth}).status_code == 403
