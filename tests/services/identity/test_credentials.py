"""Credentials over HTTP: whose they are, what they hold, and what cannot be done to them."""

import hashlib
import json
from secrets import token_hex
from typing import Any

import httpx
import pytest
from tests.services.identity.delegates import Member, member
from tests.services.identity.people import grant, login, make, persona
from tests.support.cloud import Client, RunningCloud, running_cloud

LIST = "/v3/credentials"


@pytest.fixture
def owner(cloud: RunningCloud, admin: Client) -> Member:
    return member(cloud, admin)


def ask(client: Client, owner: Member, **fields: Any) -> httpx.Response:
    body = {"type": "cert", "blob": "a secret", "user_id": owner.user["id"], **fields}
    return client.post("identity", LIST, json={"credential": body})


def made(client: Client, owner: Member, **fields: Any) -> dict[str, Any]:
    answer = ask(client, owner, **fields)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["credential"]
    return found


def ec2(owner: Member, **content: Any) -> dict[str, Any]:
    """The fields of a new EC2 credential."""
    keys = {"access": token_hex(16), "secret": token_hex(16), **content}
    return {"type": "ec2", "project_id": owner.project["id"], "blob": json.dumps(keys)}


def test_a_credential_is_created_shown_listed_changed_and_deleted(owner: Member) -> None:
    credential = made(owner.client, owner, project_id=owner.project["id"], note="kept with it")
    path = f"{LIST}/{credential['id']}"
    assert credential | {"id": "", "links": {}} == {
        "id": "",
        "type": "cert",
        "blob": "a secret",
        "user_id": owner.user["id"],
        "project_id": owner.project["id"],
        "note": "kept with it",
        "links": {},
    }
    assert credential["links"]["self"].endswith(path)
    assert owner.client.get("identity", path).json() == {"credential": credential}
    assert owner.client.get("identity", LIST).json()["credentials"] == [credential]
    changed = owner.client.patch("identity", path, json={"credential": {"blob": "another", "note": None}})
    assert changed.json()["credential"] == {**credential, "blob": "another", "note": None}
    assert owner.client.get("identity", path).json() == changed.json()
    assert owner.client.delete("identity", path).status_code == 204
    assert owner.client.delete("identity", path).status_code == 403


@pytest.mark.parametrize("kind", ["cert", "totp", "anything at all", "", "하늘"])
def test_any_type_holds_any_text(owner: Member, kind: str) -> None:
    for blob in ("", "not JSON {", '{"access": 1}', "하늘 \0 ☁"):
        credential = made(owner.client, owner, type=kind, blob=blob)
        assert (credential["type"], credential["blob"], credential["project_id"]) == (kind, blob, None)
        assert len(credential["id"]) == 32


def test_an_ec2_credentials_id_is_the_digest_of_its_access_key(owner: Member) -> None:
    fields = ec2(owner)
    credential = made(owner.client, owner, **fields)
    access = json.loads(fields["blob"])["access"]
    assert credential["id"] == hashlib.sha256(access.encode()).hexdigest()
    assert json.loads(credential["blob"]) == json.loads(fields["blob"])
    again = ask(owner.client, owner, **fields)
    assert (again.status_code, "Duplicate entry" in again.text) == (409, True)


@pytest.mark.parametrize(
    "blob",
    [
        "",
        "{",
        "null",
        "[]",
        "{}",
        '"access"',
        '{"access": "a"}',
        '{"secret": "s"}',
        '{"access": 1, "secret": "s"}',
        '{"access": "a", "secret": null}',
        '{"access": "", "secret": "s"}',
        "[" * 5000,
    ],
)
def test_an_ec2_credential_holds_an_access_key_and_a_secret(owner: Member, blob: str) -> None:
    for kind in ("ec2", "EC2", " ec2 "):
        answer = ask(owner.client, owner, type=kind, project_id=owner.project["id"], blob=blob)
        assert answer.status_code == 400, answer.text


def test_an_ec2_credential_is_for_a_project(owner: Member) -> None:
    fields = ec2(owner)
    del fields["project_id"]
    for missing in (fields, {**fields, "project_id": None}):
        answer = ask(owner.client, owner, **missing)
        assert (answer.status_code, "project_id" in answer.text) == (400, True)


@pytest.mark.parametrize("missing", ["blob", "type", "user_id"])
def test_what_a_credential_needs(owner: Member, missing: str) -> None:
    body = {"type": "cert", "blob": "a secret", "user_id": owner.user["id"]}
    del body[missing]
    answer = owner.client.post("identity", LIST, json={"credential": body})
    assert answer.status_code == 400
    for wrong in (7, None, {"access": "a"}):
        assert ask(owner.client, owner, **{missing: wrong}).status_code == 400


def test_a_blob_has_a_limit_in_bytes(owner: Member) -> None:
    path = f"{LIST}/{made(owner.client, owner, blob='x' * 48_000)['id']}"
    assert len(owner.client.get("identity", path).json()["credential"]["blob"]) == 48_000
    for long in ("x" * 48_001, "하" * 16_001):
        answer = ask(owner.client, owner, blob=long)
        assert (answer.status_code, "48000" in answer.text) == (400, True)
        assert owner.client.patch("identity", path, json={"credential": {"blob": long}}).status_code == 400


def test_users_and_projects_must_be_there(admin: Client, owner: Member) -> None:
    nobody = ask(admin, owner, user_id="0" * 32)
    assert (nobody.status_code, "Could not find user" in nobody.text) == (404, True)
    nowhere = ask(admin, owner, project_id="0" * 32)
    assert (nowhere.status_code, "Could not find project" in nowhere.text) == (404, True)


def test_lists_are_filtered_by_user_and_type(cloud: RunningCloud, admin: Client, owner: Member) -> None:
    other = member(cloud, admin)
    first, second = made(owner.client, owner, type="cert"), made(owner.client, owner, type="totp")
    third = made(other.client, other, type="totp")

    def listed(client: Client, **query: str) -> set[str]:
        answer = client.get("identity", LIST, params=query)
        assert answer.status_code == 200, answer.text
        return {one["id"] for one in answer.json()["credentials"]}

    assert listed(owner.client) == {first["id"], second["id"]}
    assert listed(owner.client, type="totp") == {second["id"]}
    assert listed(owner.client, user_id=other.user["id"]) == set()
    assert listed(admin, user_id=owner.user["id"]) == {first["id"], second["id"]}
    assert listed(admin, user_id=other.user["id"], type="totp") == {third["id"]}
    assert listed(admin, user_id=other.user["id"], type="cert") == set()
    assert listed(admin) >= {first["id"], second["id"], third["id"]}


def test_a_list_is_paged(owner: Member) -> None:
    ids = sorted(made(owner.client, owner)["id"] for _ in range(3))
    page = owner.client.get("identity", LIST, params={"limit": 2}).json()
    assert [one["id"] for one in page["credentials"]] == ids[:2]
    rest = owner.client.get("identity", LIST, params={"limit": 2, "marker": ids[1]}).json()
    assert ([one["id"] for one in rest["credentials"]], rest["links"]["next"]) == (ids[2:], None)


def test_a_strangers_credential_is_no_marker(cloud: RunningCloud, admin: Client, owner: Member) -> None:
    other = member(cloud, admin)
    theirs = made(other.client, other)
    assert owner.client.get("identity", LIST, params={"marker": theirs["id"]}).status_code == 400


SEES_ALL = [("admin", "system"), ("reader", "system"), ("member", "system"), ("admin", "project"), ("admin", "domain")]
SEES_OWN = [("reader", "project"), ("member", "project"), ("manager", "project"), ("reader", "domain")]


@pytest.mark.parametrize(("role", "kind"), [*SEES_ALL, *SEES_OWN])
def test_who_sees_and_changes_others_credentials(
    cloud: RunningCloud, admin: Client, owner: Member, role: str, kind: str
) -> None:
    place = {"system": "system", "project": f"projects/{owner.project['id']}", "domain": "domains/default"}[kind]
    client = persona(cloud, admin, role, place)
    path = f"{LIST}/{made(owner.client, owner)['id']}"
    sees, changes = (role, kind) in SEES_ALL, role == "admin"
    assert client.get("identity", path).status_code == (200 if sees else 403)
    found = client.get("identity", LIST).json()["credentials"]
    assert any(path.endswith(one["id"]) for one in found) is sees
    assert client.get("identity", f"{LIST}/{'0' * 32}").status_code == (404 if sees else 403)
    body = {"credential": {"blob": "changed"}}
    assert client.patch("identity", path, json=body).status_code == (200 if changes else 403)
    assert client.patch("identity", f"{LIST}/{'0' * 32}", json=body).status_code == (404 if changes else 403)
    assert ask(client, owner).status_code == (201 if changes else 403)
    assert client.delete("identity", path).status_code == (204 if changes else 403)
    assert client.delete("identity", f"{LIST}/{'0' * 32}").status_code == (404 if changes else 403)


def test_an_unscoped_token_keeps_ones_own_credentials(cloud: RunningCloud, owner: Member) -> None:
    unscoped = login(cloud, owner.user)
    credential = made(unscoped, owner, type="totp")
    assert unscoped.get("identity", LIST).json()["credentials"] == [credential]


def test_a_credential_never_changes_hands(cloud: RunningCloud, admin: Client, owner: Member) -> None:
    other = member(cloud, admin)
    credential = made(owner.client, owner, project_id=owner.project["id"])
    path = f"{LIST}/{credential['id']}"
    given_away = {"credential": {"user_id": other.user["id"]}}
    assert owner.client.patch("identity", path, json=given_away).status_code == 403
    assert other.client.patch("identity", path, json=given_away).status_code == 403
    for change in (
        given_away["credential"],
        {"project_id": other.project["id"]},
        {"project_id": None},
        {"type": "ec2"},
        {"type": "EC2 "},
    ):
        answer = admin.patch("identity", path, json={"credential": change})
        assert (answer.status_code, next(iter(change)) in answer.text) == (400, True)
    assert admin.patch("identity", path, json={"credential": {"id": "0" * 32}}).status_code == 400
    assert admin.patch("identity", path, json={"credential": {}}).status_code == 400
    assert owner.client.get("identity", path).json()["credential"] == credential


def test_a_type_changes_but_never_from_or_to_ec2(owner: Member) -> None:
    path = f"{LIST}/{made(owner.client, owner)['id']}"
    changed = owner.client.patch("identity", path, json={"credential": {"type": "totp", "blob": "a seed"}})
    assert (changed.json()["credential"]["type"], changed.json()["credential"]["blob"]) == ("totp", "a seed")
    path = f"{LIST}/{made(owner.client, owner, **ec2(owner))['id']}"
    assert owner.client.patch("identity", path, json={"credential": {"type": "cert"}}).status_code == 400


def test_saying_again_what_stays_is_no_change_of_it(owner: Member) -> None:
    credential = made(owner.client, owner)
    same = {name: credential[name] for name in ("user_id", "type", "project_id")}
    path = f"{LIST}/{credential['id']}"
    changed = owner.client.patch("identity", path, json={"credential": {**same, "blob": "new"}})
    assert changed.json()["credential"] == {**credential, "blob": "new"}


@pytest.mark.parametrize("name", ["trust_id", "app_cred_id", "access_token_id", "access_id"])
def test_nobody_writes_the_bounds_of_an_ec2_credential(admin: Client, owner: Member, name: str) -> None:
    for client in (owner.client, admin):
        answer = ask(client, owner, **ec2(owner, **{name: "0" * 32}))
        assert (answer.status_code, name in answer.text) == (400, True)
        credential = made(client, owner, **ec2(owner, **{name: None}))
        path = f"{LIST}/{credential['id']}"
        content = {**json.loads(credential["blob"]), name: "0" * 32}
        changed = client.patch("identity", path, json={"credential": {"blob": json.dumps(content)}})
        assert (changed.status_code, f"{name} can not be updated for credential" in changed.text) == (400, True)
        assert client.get("identity", path).json()["credential"] == credential


def test_an_ec2_credentials_keys_may_change(owner: Member) -> None:
    credential = made(owner.client, owner, **ec2(owner))
    path = f"{LIST}/{credential['id']}"
    keys = json.dumps({"access": "new access", "secret": "new secret"})
    changed = owner.client.patch("identity", path, json={"credential": {"blob": keys}}).json()["credential"]
    assert (changed["id"], json.loads(changed["blob"])) == (credential["id"], json.loads(keys))
    for blob in ("{", '{"access": "a"}'):
        assert owner.client.patch("identity", path, json={"credential": {"blob": blob}}).status_code == 400


def test_a_request_names_no_target_of_its_own(cloud: RunningCloud, admin: Client, owner: Member) -> None:
    """The class of CVE-2026-42999: a body must not say of whom the rule is asked."""
    other = member(cloud, admin)
    path = f"{LIST}/{made(owner.client, owner)['id']}"
    claim = {"credential": {"user_id": other.user["id"]}}
    body = {"credential": {"blob": "stolen", "target": claim}}
    assert other.client.patch("identity", path, json=body).status_code == 403
    assert other.client.request("GET", "identity", path, json={"target": claim}).status_code == 403
    assert ask(other.client, owner, target=claim).status_code == 403


def test_a_user_has_so_many_credentials_at_most() -> None:
    with running_cloud(bare=True, identity={"credentials_per_user_most": 2}) as cloud:
        admin = cloud.login()
        owner = member(cloud, admin)
        first = made(owner.client, owner)
        made(owner.client, owner, **ec2(owner))
        path = f"/v3/users/{owner.user['id']}/credentials/OS-EC2"
        for answer in (
            ask(owner.client, owner),
            ask(admin, owner),
            owner.client.post("identity", path, json={"tenant_id": owner.project["id"]}),
        ):
            assert (answer.status_code, "maximum of 2 already exceeded" in answer.text) == (403, True)
        assert owner.client.delete("identity", f"{LIST}/{first['id']}").status_code == 204
        assert ask(owner.client, owner).status_code == 201


def test_credentials_go_with_their_user_and_their_project(cloud: RunningCloud, admin: Client) -> None:
    owner, other = member(cloud, admin), member(cloud, admin)
    grant(admin, owner.user, "member", f"projects/{other.project['id']}")
    stays = made(admin, owner)
    of_project = made(admin, owner, project_id=other.project["id"])
    of_user = made(admin, other)

    def shown(credential: dict[str, Any]) -> int:
        return admin.get("identity", f"{LIST}/{credential['id']}").status_code

    assert admin.delete("identity", f"/v3/projects/{other.project['id']}").status_code == 204
    assert [shown(one) for one in (of_project, of_user, stays)] == [404, 200, 200]
    assert admin.delete("identity", f"/v3/users/{other.user['id']}").status_code == 204
    assert [shown(one) for one in (of_user, stays)] == [404, 200]


def test_credentials_go_with_their_domain(cloud: RunningCloud, admin: Client) -> None:
    domain = make(admin, "domain")
    inside = member(cloud, admin, domain_id=domain["id"])
    outside = member(cloud, admin)
    gone = [made(admin, inside), made(admin, outside, project_id=inside.project["id"])]
    admin.patch("identity", f"/v3/domains/{domain['id']}", json={"domain": {"enabled": False}})
    assert admin.delete("identity", f"/v3/domains/{domain['id']}").status_code == 204
    for credential in gone:
        assert admin.get("identity", f"{LIST}/{credential['id']}").status_code == 404
