"""Who knows one factor of two: he gets no further guesses at the other, and keeps nothing beyond its time."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.services.identity.delegates import credential, member
from tests.services.identity.people import PASSWORD
from tests.services.identity.test_factors import RECEIPT, Holder
from tests.support.cloud import RunningCloud, running_cloud

RULES = {"multi_factor_auth_enabled": True, "multi_factor_auth_rules": [["password", "totp"]]}
MOST = 3


@pytest.fixture(scope="module")
def strict() -> Iterator[RunningCloud]:
    with running_cloud(security_compliance={"lockout_failure_attempts": MOST}) as running:
        yield running


@pytest.fixture
def holder(strict: RunningCloud) -> Holder:
    return Holder(strict, strict.login(), **RULES)


def guess(holder: Holder) -> dict[str, Any]:
    return {**holder.password(), **holder.totp("abcdef"), "methods": ["password", "totp"]}


def test_the_right_password_buys_no_guesses_at_the_passcode(holder: Holder) -> None:
    for _ in range(MOST):
        assert holder.ask(guess(holder)).status_code == 401
    assert holder.ask(holder.both()).status_code == 401


def test_nor_do_receipts(holder: Holder) -> None:
    for _ in range(MOST):
        receipt = holder.ask(holder.password()).headers.get(RECEIPT, "")
        assert holder.ask(holder.totp("abcdef"), receipt).status_code == 401
    assert holder.ask(holder.both()).status_code == 401


@pytest.mark.parametrize("new", ["another password", PASSWORD])
def test_nor_does_a_change_of_the_password(holder: Holder, new: str) -> None:
    path = f"/v3/users/{holder.user['id']}/password"
    for _ in range(MOST - 1):
        assert holder.ask(holder.totp("abcdef")).status_code == 401
    body = {"user": {"original_password": PASSWORD, "password": new}}
    assert holder.cloud.anonymous().post("identity", path, json=body).status_code == 204
    assert holder.ask(holder.totp("abcdef")).status_code == 401
    both = {**holder.password(new), **holder.totp(), "methods": ["password", "totp"]}
    assert holder.ask(both).status_code == 401


def test_a_whole_login_forgets_what_failed_before(holder: Holder) -> None:
    for _ in range(2):
        for _ in range(MOST - 1):
            assert holder.ask(holder.totp("abcdef")).status_code == 401
        receipt = holder.ask(holder.password()).headers[RECEIPT]
        assert holder.ask(holder.totp(), receipt).status_code == 201


def test_of_many_passcodes_at_once_none_counts_after_the_last_that_may_fail(holder: Holder) -> None:
    right, wrong = holder.both(), guess(holder)
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(holder.ask(wrong).status_code)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [401] * 16
    assert holder.ask(right).status_code == 401


def test_a_receipt_ends_with_the_password_that_it_is_for(holder: Holder) -> None:
    receipt = holder.ask(holder.password()).headers[RECEIPT]
    change = {"user": {"password": "chosen by an administrator"}}
    path = f"/v3/users/{holder.user['id']}"
    assert holder.cloud.login().patch("identity", path, json=change).status_code == 200
    assert holder.ask(holder.totp(), receipt).status_code == 401


def test_a_receipt_is_not_renewed_by_itself(strict: RunningCloud) -> None:
    rule = ["application_credential", "password", "totp"]
    holder = Holder(strict, strict.login(), multi_factor_auth_enabled=True, multi_factor_auth_rules=[rule])
    first = holder.ask(holder.totp())
    second = holder.ask(holder.password(), first.headers[RECEIPT])
    assert set(second.json()["receipt"]["methods"]) == {"password", "totp"}
    times = [answer.json()["receipt"]["expires_at"] for answer in (first, second)]
    assert times[0] == times[1]


def test_no_receipt_forgets_the_bounds_of_a_delegation(strict: RunningCloud) -> None:
    admin = strict.login()
    owner = member(strict, admin)
    made = credential(owner)
    rule = [["application_credential", "password"]]
    options = {"multi_factor_auth_enabled": True, "multi_factor_auth_rules": rule}
    path = f"/v3/users/{owner.user['id']}"
    assert admin.patch("identity", path, json={"user": {"options": options}}).status_code == 200
    proof = {"id": made["id"], "secret": made["secret"]}
    identity: dict[str, Any] = {"methods": ["application_credential"], "application_credential": proof}
    url = strict.url("identity") + "/v3/auth/tokens"
    alone = strict.http.post(url, json={"auth": {"identity": identity}})
    assert (alone.status_code, RECEIPT in alone.headers) == (401, False)
    identity |= {"password": {"user": {"id": owner.user["id"], "password": PASSWORD}}}
    identity["methods"] = ["application_credential", "password"]
    both = strict.http.post(url, json={"auth": {"identity": identity}})
    assert both.status_code == 201
    assert both.json()["token"]["application_credential"]["id"] == made["id"]
