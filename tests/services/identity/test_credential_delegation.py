"""What callers who act by a trust or an application credential may do with credentials, and what their keys are for."""

import hashlib
import json
from secrets import token_hex
from typing import Any

import httpx
import pytest
from tests.services.identity.delegates import Member, by_credential, credential, member
from tests.services.identity.people import PASSWORD, grant, make, persona
from tests.services.identity.signing import Request, ask, ask_s3, by_version, new_keys, s3_first, signed
from tests.support.cloud import Client, RunningCloud

from haneul.services.identity.credentials.models import credentials

LIST = "/v3/credentials"


@pytest.fixture(scope="module")
def service(cloud: RunningCloud, admin: Client) -> Client:
    return persona(cloud, admin, "service", f"projects/{make(admin, 'project')['id']}")


@pytest.fixture
def owner(cloud: RunningCloud, admin: Client) -> Member:
    """A user with two roles on a project, of which delegations get one."""
    return member(cloud, admin, "member", "manager")


def by_trust(cloud: RunningCloud, owner: Member, trustee: dict[str, Any], **fields: Any) -> Client:
    """The trustee, logged in by a new trust for the owner's role as a member."""
    body = {
        "trustor_user_id": owner.user["id"],
        "trustee_user_id": trustee["id"],
        "project_id": owner.project["id"],
        "impersonation": True,
        "roles": [{"name": "member"}],
        **fields,
    }
    answer = owner.client.post("identity", "/v3/OS-TRUST/trusts", json={"trust": body})
    assert answer.status_code == 201, answer.text
    auth = {
        "identity": {"methods": ["password"], "password": {"user": {"id": trustee["id"], "password": PASSWORD}}},
        "scope": {"OS-TRUST:trust": {"id": answer.json()["trust"]["id"]}},
    }
    login = cloud.http.post(cloud.url("identity") + "/v3/auth/tokens", json={"auth": auth})
    assert login.status_code == 201, login.text
    return Client(cloud, login.headers["X-Subject-Token"])


def token_of(client: Client) -> dict[str, Any]:
    answer = client.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": client.token})
    found: dict[str, Any] = answer.json()["token"]
    return found


@pytest.fixture(params=["trust", "application credential"])
def delegate(request: pytest.FixtureRequest, cloud: RunningCloud, admin: Client, owner: Member) -> Client:
    """Somebody who acts in the owner's name by a delegation."""
    if request.param == "trust":
        return by_trust(cloud, owner, make(admin, "user"))
    return by_credential(cloud, credential(owner, roles=[{"name": "member"}], unrestricted=True))


def ec2(owner: Member, project_id: str = "", **content: Any) -> dict[str, Any]:
    keys = {"access": token_hex(16), "secret": token_hex(16), **content}
    blob, project_id = json.dumps(keys), project_id or owner.project["id"]
    return {"type": "ec2", "user_id": owner.user["id"], "project_id": project_id, "blob": blob}


def store(client: Client, fields: dict[str, Any]) -> httpx.Response:
    return client.post("identity", LIST, json={"credential": fields})


def bound_of(client: Client) -> tuple[str, str]:
    """By what name a blob holds the delegation, and its id."""
    token = token_of(client)
    if "OS-TRUST:trust" in token:
        return "trust_id", token["OS-TRUST:trust"]["id"]
    return "app_cred_id", token["application_credential"]["id"]


def sign(service: Client, keys: Request) -> httpx.Response:
    return ask(service, signed(by_version(2, keys), keys["secret"]))


def test_keys_made_by_a_delegation_are_worth_no_more_than_it(
    cloud: RunningCloud, service: Client, owner: Member, delegate: Client
) -> None:
    """The class of CVE-2020-12691: the owner's further role must not come with the keys."""
    name, own_id = bound_of(delegate)
    fields = ec2(owner)
    made = store(delegate, fields)
    assert made.status_code == 201, made.text
    content = json.loads(made.json()["credential"]["blob"])
    assert content == {**json.loads(fields["blob"]), name: own_id}
    through_extension = new_keys(delegate, owner.user["id"], owner.project["id"])
    assert through_extension["trust_id"] == (own_id if name == "trust_id" else None)
    for keys in (content, through_extension):
        answer = sign(service, keys)
        assert answer.status_code == 200, answer.text
        client = Client(cloud, answer.headers["X-Subject-Token"])
        assert answer.json()["token"] == token_of(client)
        assert {role["name"] for role in token_of(client)["roles"]} == {"member", "reader"}
        assert (token_of(client)["user"]["id"], bound_of(client)) == (owner.user["id"], (name, own_id))


def test_keys_of_a_trust_without_impersonation_are_the_trustees(
    cloud: RunningCloud, admin: Client, service: Client, owner: Member
) -> None:
    trustee = make(admin, "user")
    client = by_trust(cloud, owner, trustee, impersonation=False)
    keys = new_keys(client, trustee["id"], owner.project["id"])
    token = sign(service, keys).json()["token"]
    assert (token["user"]["id"], token["project"]["id"]) == (trustee["id"], owner.project["id"])
    assert token["OS-TRUST:trust"]["impersonation"] is False


def test_what_a_delegation_may_not_reach(cloud: RunningCloud, admin: Client, owner: Member, delegate: Client) -> None:
    """The class of Keystone's bug 2150089: seeds of passcodes and other projects' keys are beyond any delegation."""
    elsewhere = make(admin, "project")
    grant(admin, owner.user, "member", f"projects/{elsewhere['id']}")
    seed = {"type": "totp", "blob": "a seed", "user_id": owner.user["id"]}
    beyond = [store(owner.client, fields).json()["credential"] for fields in (seed, ec2(owner, elsewhere["id"]))]
    within = store(owner.client, {**seed, "type": "cert", "project_id": owner.project["id"]}).json()["credential"]
    assert [one["id"] for one in delegate.get("identity", LIST).json()["credentials"]] == [within["id"]]
    for one in beyond:
        path = f"{LIST}/{one['id']}"
        assert delegate.get("identity", path).status_code == 403
        assert delegate.patch("identity", path, json={"credential": {"blob": "changed"}}).status_code == 403
        assert delegate.delete("identity", path).status_code == 403
        assert owner.client.get("identity", path).json()["credential"] == one
    path = f"{LIST}/{within['id']}"
    assert delegate.patch("identity", path, json={"credential": {"blob": "changed"}}).status_code == 200
    assert delegate.delete("identity", path).status_code == 204
    for fields in (seed, ec2(owner, elsewhere["id"])):
        assert store(delegate, fields).status_code == 403
    keys = new_keys(owner.client, owner.user["id"], elsewhere["id"])
    extension = f"/v3/users/{owner.user['id']}/credentials/OS-EC2"
    assert delegate.get("identity", extension).json()["credentials"] == []
    assert delegate.get("identity", f"{extension}/{keys['access']}").status_code == 403
    assert delegate.delete("identity", f"{extension}/{keys['access']}").status_code == 403
    assert delegate.post("identity", extension, json={"tenant_id": elsewhere["id"]}).status_code == 403


def test_no_delegate_makes_or_sees_a_seed_of_passcodes(owner: Member, delegate: Client) -> None:
    """A seed is a login of its own, without a delegation's bounds."""
    fields = {"type": "cert", "blob": "x", "user_id": owner.user["id"], "project_id": owner.project["id"]}
    within = f"{LIST}/{store(delegate, fields).json()['credential']['id']}"
    for kind in ("totp", "TOTP", "totp "):
        assert store(delegate, {**fields, "type": kind}).status_code == 403
        assert delegate.patch("identity", within, json={"credential": {"type": kind}}).status_code == 403
    seed = store(owner.client, {**fields, "type": "totp"}).json()["credential"]
    assert delegate.get("identity", f"{LIST}/{seed['id']}").status_code == 403
    listed = delegate.get("identity", LIST).json()["credentials"]
    assert [one["id"] for one in listed] == [within.rpartition("/")[2]]
    assert delegate.get("identity", LIST, params={"marker": seed["id"]}).status_code == 400


def test_nobody_steps_out_of_a_delegation_by_editing_keys(owner: Member, delegate: Client) -> None:
    name, own_id = bound_of(delegate)
    made = store(delegate, ec2(owner)).json()["credential"]
    path = f"{LIST}/{made['id']}"
    content = json.loads(made["blob"])
    without = {key: value for key, value in content.items() if key != name}
    for client in (delegate, owner.client):
        for edited in (without, {**content, name: None}, {**content, name: "0" * 32}):
            answer = client.patch("identity", path, json={"credential": {"blob": json.dumps(edited)}})
            assert (answer.status_code, name in answer.text) == (400, True)
        retyped = client.patch("identity", path, json={"credential": {"type": "cert", "blob": made["blob"]}})
        assert retyped.status_code == 400
    renewed = {**content, "secret": "a new one"}
    answer = delegate.patch("identity", path, json={"credential": {"blob": json.dumps(renewed)}})
    assert (answer.status_code, json.loads(answer.json()["credential"]["blob"])[name]) == (200, own_id)


def test_a_delegate_chooses_no_secret_of_keys_that_reach_further(
    cloud: RunningCloud, owner: Member, delegate: Client
) -> None:
    narrower = by_credential(cloud, credential(owner, roles=[{"name": "member"}], unrestricted=True))
    for maker in (owner.client, narrower):
        fields = ec2(owner)
        made = store(maker, fields).json()["credential"]
        content = {**json.loads(made["blob"]), "secret": "chosen"}
        path = f"{LIST}/{made['id']}"
        changed = delegate.patch("identity", path, json={"credential": {"blob": json.dumps(content)}})
        assert changed.status_code == 403, changed.text
        assert owner.client.get("identity", path).json()["credential"] == made


def test_a_delegate_claims_no_other_delegation(cloud: RunningCloud, owner: Member, delegate: Client) -> None:
    other = credential(owner, unrestricted=True)
    for name in ("trust_id", "app_cred_id"):
        answer = store(delegate, ec2(owner, **{name: other["id"]}))
        assert (answer.status_code, name in answer.text) == (400, True)


def test_a_delegated_administrator_makes_keys_for_himself_alone(
    cloud: RunningCloud, admin: Client, owner: Member
) -> None:
    chief = member(cloud, admin, "admin")
    client = by_credential(cloud, credential(chief, unrestricted=True))
    assert store(client, ec2(owner, chief.project["id"])).status_code == 403
    path = f"/v3/users/{owner.user['id']}/credentials/OS-EC2"
    assert client.post("identity", path, json={"tenant_id": chief.project["id"]}).status_code == 403
    note = {"type": "cert", "blob": "x", "user_id": owner.user["id"], "project_id": chief.project["id"]}
    assert store(client, note).status_code == 201


def test_a_restricted_application_credential_makes_and_changes_no_keys(cloud: RunningCloud, owner: Member) -> None:
    client = by_credential(cloud, credential(owner))
    path = f"/v3/users/{owner.user['id']}/credentials/OS-EC2"
    assert store(client, ec2(owner)).status_code == 403
    assert client.post("identity", path, json={"tenant_id": owner.project["id"]}).status_code == 403
    made = store(owner.client, ec2(owner)).json()["credential"]
    change = {"credential": {"blob": made["blob"]}}
    assert client.patch("identity", f"{LIST}/{made['id']}", json=change).status_code == 403


def test_a_token_by_keys_is_no_way_out_of_a_restriction(cloud: RunningCloud, service: Client, owner: Member) -> None:
    """Keystone asks by which method a token was had; keys hide it, so the credential itself is what is asked here."""
    unrestricted = credential(owner, roles=[{"name": "member"}], unrestricted=True)
    keys = new_keys(by_credential(cloud, unrestricted), owner.user["id"], owner.project["id"])
    client = Client(cloud, sign(service, keys).headers["X-Subject-Token"])
    second = new_keys(client, owner.user["id"], owner.project["id"])
    roles = {role["name"] for role in sign(service, second).json()["token"]["roles"]}
    assert roles == {"member", "reader"}


def test_keys_end_with_their_delegation(cloud: RunningCloud, admin: Client, service: Client, owner: Member) -> None:
    made = credential(owner, unrestricted=True)
    by_app = new_keys(by_credential(cloud, made), owner.user["id"], owner.project["id"])
    trusted = by_trust(cloud, owner, make(admin, "user"))
    by_trusted = new_keys(trusted, owner.user["id"], owner.project["id"])
    assert [sign(service, keys).status_code for keys in (by_app, by_trusted)] == [200, 200]
    assert owner.client.delete("identity", f"{owner.path}/{made['id']}").status_code == 204
    assert [sign(service, keys).status_code for keys in (by_app, by_trusted)] == [404, 200]
    trust_id = bound_of(trusted)[1]
    assert owner.client.delete("identity", f"/v3/OS-TRUST/trusts/{trust_id}").status_code == 204
    assert [sign(service, keys).status_code for keys in (by_app, by_trusted)] == [404, 404]


def test_keys_use_up_a_trust(cloud: RunningCloud, admin: Client, service: Client, owner: Member) -> None:
    client = by_trust(cloud, owner, make(admin, "user"), remaining_uses=3)
    keys = new_keys(client, owner.user["id"], owner.project["id"])
    assert [sign(service, keys).status_code for _ in range(3)] == [200, 200, 404]


def test_a_token_by_keys_ends_no_later_than_their_delegation(
    cloud: RunningCloud, service: Client, owner: Member
) -> None:
    until = token_of(owner.client)["expires_at"][:17] + "00.000000"
    made = credential(owner, unrestricted=True, expires_at=until)
    keys = new_keys(by_credential(cloud, made), owner.user["id"], owner.project["id"])
    assert sign(service, keys).json()["token"]["expires_at"] <= until + "Z"


def test_keys_with_access_rules_are_not_for_s3(cloud: RunningCloud, service: Client, owner: Member) -> None:
    """A gateway goes by the document alone, and knows nothing of the calls to which it is bound."""
    path = f"/v3/users/{owner.user['id']}/credentials/OS-EC2"
    rules = [{"service": "identity", "method": "POST", "path": path}]
    made = credential(owner, unrestricted=True, access_rules=rules)
    keys = new_keys(by_credential(cloud, made), owner.user["id"], owner.project["id"])
    text = "GET\n\n\n\n/bucket/object"
    assert ask_s3(service, keys, text, s3_first(keys["secret"], text)).status_code == 401
    assert sign(service, keys).json()["token"]["application_credential"]["access_rules"]


def test_keys_that_are_not_their_delegations_are_worth_nothing(
    cloud: RunningCloud, admin: Client, service: Client, owner: Member, delegate: Client
) -> None:
    """However the row came about: its user, its project and its delegation must fit each other."""
    other = member(cloud, admin)
    grant(admin, owner.user, "member", f"projects/{other.project['id']}")
    for change in ({"user_id": other.user["id"]}, {"project_id": other.project["id"]}):
        keys = new_keys(delegate, owner.user["id"], owner.project["id"])
        credential_id = hashlib.sha256(keys["access"].encode()).hexdigest()
        planted = cloud.cloud.store.write(
            lambda db, found=credential_id, new=change: db.update(credentials, {"id": found}, **new)
        )
        assert (planted, sign(service, keys).status_code) == (1, 401)
