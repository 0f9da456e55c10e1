"""Logins by several methods: passcodes by time, rules on which methods a user needs, receipts of half-done logins."""

import base64
import secrets
import time
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from tests.services.identity.people import PASSWORD, grant, login, make, whoami
from tests.support.cloud import Client, RunningCloud

RECEIPT = "Openstack-Auth-Receipt"


class Holder:
    """A user with a secret for passcodes."""

    def __init__(self, cloud: RunningCloud, admin: Client, **options: Any) -> None:
        self.cloud = cloud
        self.user = make(admin, "user", options=options)
        self.key = secrets.token_bytes(20)
        blob = base64.b32encode(self.key).decode().rstrip("=")
        body = {"type": "totp", "user_id": self.user["id"], "blob": blob}
        assert admin.post("identity", "/v3/credentials", json={"credential": body}).status_code == 201

    def passcode(self, steps_ago: int = 0) -> str:
        return TOTP(self.key, 6, hashes.SHA1(), 30).generate(int(time.time()) - 30 * steps_ago).decode()

    def password(self, password: str = PASSWORD) -> dict[str, Any]:
        return {"methods": ["password"], "password": {"user": {"id": self.user["id"], "password": password}}}

    def totp(self, passcode: str | None = None) -> dict[str, Any]:
        user = {"id": self.user["id"], "passcode": passcode or self.passcode()}
        return {"methods": ["totp"], "totp": {"user": user}}

    def both(self) -> dict[str, Any]:
        return {**self.password(), **self.totp(), "methods": ["password", "totp"]}

    def ask(self, identity: dict[str, Any], receipt: str = "", scope: Any = None) -> httpx.Response:
        auth = {"identity": identity, **({"scope": scope} if scope else {})}
        headers = {RECEIPT: receipt} if receipt else {}
        url = self.cloud.url("identity") + "/v3/auth/tokens"
        return self.cloud.http.post(url, json={"auth": auth}, headers=headers)


def test_a_passcode_logs_in(cloud: RunningCloud, admin: Client) -> None:
    holder = Holder(cloud, admin)
    answer = holder.ask(holder.totp())
    assert (answer.status_code, answer.json()["token"]["methods"]) == (201, ["totp"])
    assert whoami(Client(cloud, answer.headers["X-Subject-Token"])) == 200


def test_the_passcode_of_the_step_before_still_counts(cloud: RunningCloud, admin: Client) -> None:
    holder = Holder(cloud, admin)
    assert holder.ask(holder.totp(holder.passcode(1))).status_code == 201
    assert holder.ask(holder.totp(holder.passcode(3))).status_code == 401


@pytest.mark.parametrize("passcode", ["000000", "", "abcdef", "1234567", "\uff10" * 6])
def test_no_other_passcode_logs_in(cloud: RunningCloud, admin: Client, passcode: str) -> None:
    holder = Holder(cloud, admin)
    if passcode in (holder.passcode(), holder.passcode(1)):
        pytest.skip("this one would be right")
    identity = {"methods": ["totp"], "totp": {"user": {"id": holder.user["id"], "passcode": passcode}}}
    assert holder.ask(identity).status_code == 401


def test_a_user_without_a_secret_has_no_passcode(cloud: RunningCloud, admin: Client) -> None:
    user = make(admin, "user")
    identity = {"methods": ["totp"], "totp": {"user": {"id": user["id"], "passcode": "123456"}}}
    auth = {"auth": {"identity": identity}}
    assert cloud.http.post(cloud.url("identity") + "/v3/auth/tokens", json=auth).status_code == 401


def test_two_methods_at_once_fulfil_a_rule_on_both(cloud: RunningCloud, admin: Client) -> None:
    holder = Holder(cloud, admin, multi_factor_auth_enabled=True, multi_factor_auth_rules=[["password", "totp"]])
    answer = holder.ask(holder.both())
    assert answer.status_code == 201
    assert set(answer.json()["token"]["methods"]) == {"password", "totp"}


def test_one_method_of_two_gets_a_receipt_and_the_other_the_token(cloud: RunningCloud, admin: Client) -> None:
    holder = Holder(cloud, admin, multi_factor_auth_enabled=True, multi_factor_auth_rules=[["password", "totp"]])
    halfway = holder.ask(holder.password())
    body = halfway.json()
    assert halfway.status_code == 401
    assert "X-Subject-Token" not in halfway.headers
    assert body["required_auth_methods"] == [["password", "totp"]]
    assert body["receipt"]["methods"] == ["password"]
    assert body["receipt"]["user"] == {
        "id": holder.user["id"],
        "name": holder.user["name"],
        "domain": {"id": "default", "name": "Default"},
    }
    assert body["receipt"].keys() == {"methods", "user", "expires_at", "issued_at"}
    answer = holder.ask(holder.totp(), receipt=halfway.headers[RECEIPT])
    assert answer.status_code == 201
    assert set(answer.json()["token"]["methods"]) == {"password", "totp"}


def test_a_receipt_is_no_token_and_none_of_anybody_else(cloud: RunningCloud, admin: Client) -> None:
    rules = {"multi_factor_auth_enabled": True, "multi_factor_auth_rules": [["password", "totp"]]}
    first, second = Holder(cloud, admin, **rules), Holder(cloud, admin, **rules)
    receipt = first.ask(first.password()).headers[RECEIPT]
    assert whoami(Client(cloud, receipt)) == 401
    assert second.ask(second.totp(), receipt=receipt).status_code == 401
    assert first.ask(first.totp(), receipt=receipt[:-4] + "AAAA").status_code == 401
    token = login(cloud, make(admin, "user")).token
    assert first.ask(first.totp(), receipt=token).status_code == 401
    assert first.ask(first.totp("000001"), receipt=receipt).status_code == 401


def test_a_wrong_password_gets_no_receipt(cloud: RunningCloud, admin: Client) -> None:
    holder = Holder(cloud, admin, multi_factor_auth_enabled=True, multi_factor_auth_rules=[["password", "totp"]])
    answer = holder.ask(holder.password("wrong"))
    assert (answer.status_code, RECEIPT in answer.headers) == (401, False)
    assert "receipt" not in answer.json()


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"multi_factor_auth_enabled": False, "multi_factor_auth_rules": [["totp"]]}, 201),
        ({"multi_factor_auth_rules": [["totp"]]}, 401),
        ({"multi_factor_auth_enabled": True, "multi_factor_auth_rules": [["totp"], ["password"]]}, 201),
        ({"multi_factor_auth_enabled": True, "multi_factor_auth_rules": []}, 201),
        ({"multi_factor_auth_enabled": True, "multi_factor_auth_rules": [["a method of elsewhere"]]}, 201),
        ({"multi_factor_auth_enabled": True, "multi_factor_auth_rules": [["password", "a method of elsewhere"]]}, 201),
    ],
)
def test_rules_bind_as_they_are_written(
    cloud: RunningCloud, admin: Client, options: dict[str, Any], status: int
) -> None:
    holder = Holder(cloud, admin, **options)
    assert holder.ask(holder.password()).status_code == status


def test_a_rule_is_no_way_around_by_rescoping(cloud: RunningCloud, admin: Client) -> None:
    """A token that one method made before the rule came makes no other after it."""
    holder = Holder(cloud, admin)
    token = holder.ask(holder.password()).headers["X-Subject-Token"]
    options = {"multi_factor_auth_enabled": True, "multi_factor_auth_rules": [["password", "totp"]]}
    admin.patch("identity", f"/v3/users/{holder.user['id']}", json={"user": {"options": options}})
    project = make(admin, "project")
    grant(admin, holder.user, "member", f"projects/{project['id']}")
    identity = {"methods": ["token"], "token": {"id": token}}
    assert holder.ask(identity, scope={"project": {"id": project["id"]}}).status_code == 401
