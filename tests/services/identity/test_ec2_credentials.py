"""EC2 credentials as the OS-EC2 extension has them."""

import json

import pytest
from tests.services.identity.delegates import Member, member
from tests.services.identity.people import login, make, persona
from tests.services.identity.signing import new_keys
from tests.support.cloud import Client, RunningCloud


@pytest.fixture
def owner(cloud: RunningCloud, admin: Client) -> Member:
    return member(cloud, admin)


def path_of(owner: Member, access: str = "") -> str:
    return f"/v3/users/{owner.user['id']}/credentials/OS-EC2" + (f"/{access}" if access else "")


def keys_of(owner: Member) -> dict[str, str]:
    return new_keys(owner.client, owner.user["id"], owner.project["id"])


def test_keys_are_created_shown_listed_and_deleted(owner: Member) -> None:
    keys = keys_of(owner)
    assert (len(keys["access"]), len(keys["secret"])) == (32, 32)
    assert keys | {"access": "", "secret": "", "links": {}} == {
        "user_id": owner.user["id"],
        "tenant_id": owner.project["id"],
        "access": "",
        "secret": "",
        "trust_id": None,
        "links": {},
    }
    path = path_of(owner, keys["access"])
    assert keys["links"]["self"].endswith(path)  # type: ignore[index]
    assert owner.client.get("identity", path).json() == {"credential": keys}
    listed = owner.client.get("identity", path_of(owner)).json()
    assert (listed["credentials"], listed["links"]["self"].endswith(path_of(owner))) == ([keys], True)
    for one in (path, path_of(owner)):
        head = owner.client.request("HEAD", "identity", one)
        assert (head.status_code, head.content) == (200, b"")
    assert owner.client.delete("identity", path).status_code == 204
    gone = owner.client.get("identity", path)
    assert (gone.status_code, "Could not find credential" in gone.text) == (404, True)
    assert owner.client.delete("identity", path).status_code == 404


def test_keys_are_a_credential_like_any_other(owner: Member) -> None:
    keys = keys_of(owner)
    found = owner.client.get("identity", "/v3/credentials", params={"type": "ec2"}).json()["credentials"]
    assert [(one["type"], one["project_id"]) for one in found] == [("ec2", owner.project["id"])]
    content = json.loads(found[0]["blob"])
    assert content == {"access": keys["access"], "secret": keys["secret"], "trust_id": None}
    body = {"type": "cert", "blob": "other", "user_id": owner.user["id"]}
    assert owner.client.post("identity", "/v3/credentials", json={"credential": body}).status_code == 201
    assert owner.client.get("identity", path_of(owner)).json()["credentials"] == [keys]


def test_what_keys_need(admin: Client, owner: Member) -> None:
    for body in ({}, {"tenant_id": None}, {"tenant_id": 7}, []):
        assert owner.client.post("identity", path_of(owner), json=body).status_code == 400
    nowhere = owner.client.post("identity", path_of(owner), json={"tenant_id": "0" * 32})
    assert (nowhere.status_code, "Could not find project" in nowhere.text) == (404, True)
    path = f"/v3/users/{'0' * 32}/credentials/OS-EC2"
    nobody = admin.post("identity", path, json={"tenant_id": owner.project["id"]})
    assert (nobody.status_code, "Could not find user" in nobody.text) == (404, True)
    assert admin.get("identity", path).status_code == 404


READS = {("admin", "system"), ("member", "system"), ("reader", "system"), ("admin", "project")}
WRITES = {("admin", "system"), ("admin", "project")}
OTHERS = {("manager", "project"), ("member", "project"), ("reader", "project"), ("admin", "domain")}


@pytest.mark.parametrize(("role", "kind"), sorted(READS | OTHERS))
def test_who_reaches_others_keys(cloud: RunningCloud, admin: Client, owner: Member, role: str, kind: str) -> None:
    place = {"system": "system", "project": f"projects/{owner.project['id']}", "domain": "domains/default"}[kind]
    client, keys = persona(cloud, admin, role, place), keys_of(owner)
    path = path_of(owner, keys["access"])
    reads, writes = (role, kind) in READS, (role, kind) in WRITES
    assert client.get("identity", path).status_code == (200 if reads else 403)
    assert client.get("identity", path_of(owner)).status_code == (200 if reads else 403)
    assert client.get("identity", path_of(owner, "nothing")).status_code == 404
    body = {"tenant_id": owner.project["id"]}
    assert client.post("identity", path_of(owner), json=body).status_code == (201 if writes else 403)
    assert client.delete("identity", path).status_code == (204 if writes else 403)


def test_a_reader_makes_no_keys_and_deletes_none(cloud: RunningCloud, admin: Client) -> None:
    reader = member(cloud, admin, "reader")
    body = {"tenant_id": reader.project["id"]}
    assert reader.client.post("identity", path_of(reader), json=body).status_code == 403
    keys = new_keys(admin, reader.user["id"], reader.project["id"])
    path = path_of(reader, keys["access"])
    assert reader.client.get("identity", path).json() == {"credential": keys}
    assert reader.client.delete("identity", path).status_code == 403


def test_naming_oneself_in_the_path_gives_nobody_elses_keys(cloud: RunningCloud, admin: Client, owner: Member) -> None:
    other, keys = member(cloud, admin), keys_of(owner)
    path = path_of(other, keys["access"])
    assert other.client.get("identity", path).status_code == 403
    assert other.client.delete("identity", path).status_code == 403


def test_a_domains_token_reaches_no_keys(cloud: RunningCloud, admin: Client) -> None:
    user = make(admin, "user")
    assert admin.get("identity", f"/v3/users/{user['id']}/credentials/OS-EC2").status_code == 200
    anybody = login(cloud, user)
    assert anybody.get("identity", f"/v3/users/{user['id']}/credentials/OS-EC2").status_code == 200
    domain_admin = persona(cloud, admin, "admin", "domains/default")
    assert domain_admin.get("identity", f"/v3/users/{user['id']}/credentials/OS-EC2").status_code == 403
