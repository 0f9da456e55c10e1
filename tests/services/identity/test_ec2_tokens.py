"""Tokens for signed requests, of EC2 and of S3."""

import hashlib
import json
from typing import Any

import pytest
from tests.services.identity.delegates import Member, member
from tests.services.identity.people import grant, make, persona, role_id
from tests.services.identity.signing import (
    FORMS,
    Request,
    ask,
    ask_s3,
    by_version,
    fourth,
    new_keys,
    s3_first,
    s3_fourth,
    s3_text,
    signed,
    stamp,
)
from tests.support.cloud import Client, RunningCloud

MINUTES_16 = 16 * 60


@pytest.fixture(scope="module")
def service(cloud: RunningCloud, admin: Client) -> Client:
    """A service such as a gateway: all that it may do is by the role service."""
    return persona(cloud, admin, "service", f"projects/{make(admin, 'project')['id']}")


@pytest.fixture
def owner(cloud: RunningCloud, admin: Client) -> Member:
    return member(cloud, admin)


@pytest.fixture
def keys(owner: Member) -> Request:
    return new_keys(owner.client, owner.user["id"], owner.project["id"])


def answer_to(client: Client, keys: Request, form: str = "2", offset_s: float = 0) -> Any:
    return ask(client, signed(FORMS[form](keys, offset_s), keys["secret"]))


@pytest.mark.parametrize("form", FORMS)
def test_a_signed_request_is_worth_a_token_of_its_user(
    cloud: RunningCloud, service: Client, owner: Member, keys: Request, form: str
) -> None:
    answer = answer_to(service, keys, form)
    assert answer.status_code == 200, answer.text
    token = answer.json()["token"]
    assert (token["methods"], token["user"]["id"]) == (["ec2credential"], owner.user["id"])
    assert (token["project"]["id"], {role["name"] for role in token["roles"]}) == (
        owner.project["id"],
        {"member", "reader"},
    )
    assert token["catalog"]
    client = Client(cloud, answer.headers["X-Subject-Token"])
    own = client.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": client.token})
    assert own.json()["token"] == token


@pytest.mark.parametrize("name", ["ec2Credentials", "credentials", "credential"])
def test_the_request_comes_under_any_of_three_names(service: Client, keys: Request, name: str) -> None:
    assert ask(service, signed(by_version(2, keys), keys["secret"]), name).status_code == 200


@pytest.mark.parametrize("path", ["/v3/ec2tokens", "/v3/s3tokens"])
def test_only_services_and_administrators_may_ask(
    cloud: RunningCloud, admin: Client, owner: Member, keys: Request, path: str
) -> None:
    """The class of CVE-2025-65073: whoever has seen a signed link must not get a token for it."""
    body = {"credentials": signed(by_version(2, keys), keys["secret"])}
    assert cloud.anonymous().post("identity", path, json=body).status_code == 401
    reader = persona(cloud, admin, "reader", "system")
    for client in (owner.client, reader):
        assert client.post("identity", path, json=body).status_code == 403
    assert admin.get("identity", path).status_code == 405


@pytest.mark.parametrize("path", ["/v3/ec2tokens", "/v3/s3tokens"])
def test_what_a_request_lacks(service: Client, path: str) -> None:
    for body, status in (
        ({}, 400),
        ([], 400),
        ({"credentials": {}}, 401),
        ({"unknown": {"access": "a"}}, 401),
        ({"ec2Credentials": None}, 401),
        ({"credentials": {"access": None}}, 400),
        ({"credentials": {"access": "nothing"}}, 404),
        ({"credentials": {"access": "x" * 300}}, 400),
        ({"credentials": {"access": "a", "params": []}}, 400),
    ):
        assert service.post("identity", path, json=body).status_code == status, body


def test_a_credential_of_another_type_signs_nothing(service: Client, owner: Member) -> None:
    keys = {"access": "certified", "secret": "a secret"}
    body = {"type": "cert", "blob": json.dumps(keys), "user_id": owner.user["id"], "project_id": owner.project["id"]}
    assert owner.client.post("identity", "/v3/credentials", json={"credential": body}).status_code == 201
    answer = answer_to(service, keys)
    assert (answer.status_code, "EC2 access key not found." in answer.text) == (404, True)


def test_a_wrong_signature_is_refused_and_written_down(admin: Client, service: Client, keys: Request) -> None:
    for form, make_request in FORMS.items():
        answer = ask(service, signed(make_request(keys), "another secret"))
        assert (answer.status_code, keys["secret"] in answer.text) == (401, False), form
    credential_id = hashlib.sha256(keys["access"].encode()).hexdigest()
    assert answer_to(service, keys).status_code == 200
    outcomes = [one["outcome"] for one in _attempts(service) if one["details"].get("credential_id") == credential_id]
    assert (outcomes.count("failure"), outcomes.count("success")) == (len(FORMS), 1)


def _attempts(client: Client) -> list[Any]:
    from haneul.kernel.db import Query, columns_of
    from haneul.services.identity.audit.models import AuditRecord, audit_records

    logins = Query(AuditRecord, columns_of(AuditRecord, audit_records).where(audit_records.c.action == "authenticate"))
    found = client.running.cloud.store.read(lambda db: db.all(logins))
    return [{"outcome": one.outcome, "details": one.details} for one in found]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("offset_s", [-MINUTES_16, MINUTES_16])
def test_a_request_of_another_time_is_refused(service: Client, keys: Request, form: str, offset_s: int) -> None:
    answer = answer_to(service, keys, form, offset_s)
    assert (answer.status_code, "Credential is expired" in answer.text) == (401, True)
    assert answer_to(service, keys, form, offset_s / 2).status_code == 200


def test_an_end_that_was_signed_is_kept(service: Client, keys: Request) -> None:
    for version in (1, 2):
        for offset_s, status in ((-1, 401), (60, 200)):
            request = by_version(version, keys, Expires=stamp(offset_s))
            del request["params"]["Timestamp"]
            assert ask(service, signed(request, keys["secret"])).status_code == status


@pytest.mark.parametrize("written", ["yesterday", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+23:00", "9" * 40])
def test_a_time_that_is_none_is_refused(service: Client, keys: Request, written: str) -> None:
    request = by_version(2, keys)
    request["params"]["Timestamp"] = written
    answer = ask(service, signed(request, keys["secret"]))
    assert answer.status_code in (400, 401), answer.text


def test_an_old_request_is_not_renewed_by_what_was_not_signed(service: Client, keys: Request) -> None:
    old = signed(fourth(keys, -MINUTES_16), keys["secret"])
    fresh = stamp(0, "%Y%m%dT%H%M%SZ")
    for added in (
        {"params": {"Timestamp": stamp()}},
        {"params": {"X-Amz-Date": fresh}},
        {"headers": {**old["headers"], "x-amz-date": fresh}},
        {"headers": {**old["headers"], "Timestamp": stamp()}},
    ):
        assert ask(service, {**old, **added}).status_code == 401, added


@pytest.mark.parametrize("sign", ["first", "fourth"])
def test_a_text_signed_for_s3_tells_who_signed_it(service: Client, owner: Member, keys: Request, sign: str) -> None:
    text = s3_text() if sign == "fourth" else "GET\n\n\n\nx-amz-date:today\n/bucket/object"
    signature = s3_fourth(keys["secret"], text) if sign == "fourth" else s3_first(keys["secret"], text)
    answer = ask_s3(service, keys, text, signature)
    assert answer.status_code == 200, answer.text
    token = answer.json()["token"]
    assert (token["user"]["id"], token["project"]["id"]) == (owner.user["id"], owner.project["id"])
    assert (token["methods"], "X-Subject-Token" in answer.headers) == (["ec2credential"], False)
    for wrong in (signature[:-1], "", s3_first("another", text)):
        refused = ask_s3(service, keys, text, wrong)
        assert (refused.status_code, "signature mismatch" in refused.text) == (401, True)
    assert ask_s3(service, keys, text + " ", signature).status_code == 401


def test_a_text_for_another_service_is_not_for_s3(service: Client, keys: Request) -> None:
    for name, status in (("iam", 200), ("sts", 200), ("ec2", 401)):
        text = s3_text(scope=f"seoul/{name}/aws4_request")
        assert ask_s3(service, keys, text, s3_fourth(keys["secret"], text)).status_code == status


def test_a_text_for_s3_has_its_time(service: Client, keys: Request) -> None:
    day = 86_400
    for offset_s, status in ((-6 * day, 200), (-8 * day, 401), (day, 401)):
        text = s3_text(offset_s)
        assert ask_s3(service, keys, text, s3_fourth(keys["secret"], text)).status_code == status, offset_s
    now = int(float(stamp(0, "%s")))
    http = "%a, %d %b %Y %H:%M:%S +0000"
    for written, status in (
        (str(now + 60), 200),
        (str(now - 60), 401),
        ("9" * 30, 200),
        (stamp(0, http), 200),
        (stamp(-MINUTES_16, http), 401),
        (stamp(MINUTES_16, http), 401),
        ("some day", 200),
    ):
        text = f"GET\n\n\n{written}\n/bucket/object"
        answer = ask_s3(service, keys, text, s3_first(keys["secret"], text))
        assert answer.status_code == status, (written, answer.text)


def test_a_disabled_user_or_project_signs_nothing(admin: Client, service: Client, owner: Member, keys: Request) -> None:
    for path, name in ((f"/v3/users/{owner.user['id']}", "user"), (f"/v3/projects/{owner.project['id']}", "project")):
        for enabled, status in ((False, 401), (True, 200)):
            assert admin.patch("identity", path, json={name: {"enabled": enabled}}).status_code == 200
            assert answer_to(service, keys).status_code == status


def test_roles_are_those_of_the_moment(admin: Client, service: Client, owner: Member, keys: Request) -> None:
    path = f"/v3/projects/{owner.project['id']}/users/{owner.user['id']}/roles/{role_id(admin, 'member')}"
    assert admin.delete("identity", path).status_code == 204
    assert answer_to(service, keys).status_code == 401
    grant(admin, owner.user, "manager", f"projects/{owner.project['id']}")
    roles = {role["name"] for role in answer_to(service, keys).json()["token"]["roles"]}
    assert "manager" in roles


def test_deleted_keys_sign_nothing(service: Client, owner: Member, keys: Request) -> None:
    assert answer_to(service, keys).status_code == 200
    path = f"/v3/users/{owner.user['id']}/credentials/OS-EC2/{keys['access']}"
    assert owner.client.delete("identity", path).status_code == 204
    assert answer_to(service, keys).status_code == 404


def test_a_changed_secret_counts_at_once(service: Client, owner: Member, keys: Request) -> None:
    credential_id = hashlib.sha256(keys["access"].encode()).hexdigest()
    blob = json.dumps({"access": keys["access"], "secret": "the new one", "trust_id": None})
    changed = owner.client.patch("identity", f"/v3/credentials/{credential_id}", json={"credential": {"blob": blob}})
    assert changed.status_code == 200, changed.text
    assert answer_to(service, keys).status_code == 401
    assert answer_to(service, {**keys, "secret": "the new one"}).status_code == 200
