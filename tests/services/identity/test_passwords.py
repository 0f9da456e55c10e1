"""Rules on passwords: what they must look like, how long they last, and which of them may not come back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from tests.services.identity.people import make, try_login
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.services.identity.audit.models import audit_records as records
from haneul.services.identity.users import passwords as kept
from haneul.services.identity.users.models import passwords, users

FIRST = "first of them 1"
RULES = {
    "password_expires_days": 90,
    "unique_last_password_count": 3,
    "minimum_password_age": 2,
    "password_regex": r"^(?=.*\d).{7,}$",
    "password_regex_description": "at least seven characters, a digit among them",
}
REUSED = (
    "The new password cannot be identical to a previous password. The total number which includes the new password "
    "must be unique is 3."
)


@pytest.fixture(scope="module")
def strict() -> Iterator[RunningCloud]:
    with running_cloud(security_compliance=RULES) as running:
        yield running


@pytest.fixture(scope="module")
def boss(strict: RunningCloud) -> Client:
    return strict.login()


def change(cloud: RunningCloud, user: dict[str, Any], old: str, new: str) -> httpx.Response:
    body = {"user": {"original_password": old, "password": new}}
    return cloud.anonymous().post("identity", f"/v3/users/{user['id']}/password", json=body)


def reset(boss: Client, user: dict[str, Any], new: str | None) -> httpx.Response:
    return boss.patch("identity", f"/v3/users/{user['id']}", json={"user": {"password": new}})


def sentence(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["message"]


def expire(cloud: RunningCloud, user: dict[str, Any]) -> None:
    """Let the user's password have expired a second ago."""
    set_expiry(cloud, user, datetime.now(UTC) - timedelta(seconds=1))


def set_expiry(cloud: RunningCloud, user: dict[str, Any], moment: datetime | None) -> None:
    cloud.cloud.store.write(lambda db: db.update(users, {"id": user["id"]}, password_expires_at=moment))


def age(cloud: RunningCloud, user: dict[str, Any], days: float) -> None:
    """Let the user's passwords be so old."""
    moment = datetime.now(UTC) - timedelta(days=days)
    cloud.cloud.store.write(lambda db: db.update(passwords, {"user_id": user["id"]}, created_at=moment))


def hours_left(user: dict[str, Any]) -> float:
    expires_at = datetime.fromisoformat(user["password_expires_at"]).replace(tzinfo=UTC)
    return (expires_at - datetime.now(UTC)) / timedelta(hours=1)


def test_a_password_that_does_not_fit_the_pattern_is_refused_everywhere(strict: RunningCloud, boss: Client) -> None:
    said = "The password does not match the requirements: at least seven characters, a digit among them."
    for weak in ("short1", "without any digit", "1" * 2000):
        body = {"user": {"name": "weak", "password": weak}}
        assert sentence(boss.post("identity", "/v3/users", json=body)) == (400, said)
    user = make(boss, "user", password=FIRST)
    assert sentence(reset(boss, user, "weak")) == (400, said)
    assert sentence(change(strict, user, FIRST, "weak")) == (400, said)
    assert sentence(reset(boss, user, None))[1] == "Password validation error: Password must be a string type."
    assert boss.get("identity", "/v3/users", params={"name": "weak"}).json()["users"] == []
    assert try_login(strict, user, password=FIRST).status_code == 201
    assert boss.post("identity", "/v3/users", json={"user": {"name": "has none"}}).status_code == 201


def test_a_pattern_that_is_none_stops_the_start() -> None:
    with (
        pytest.raises(Exception, match="password_regex is no regular expression"),
        running_cloud(security_compliance={"password_regex": "("}),
    ):
        pass


def test_a_password_expires_so_many_days_after_it_was_set(strict: RunningCloud, boss: Client) -> None:
    user = make(boss, "user", password=FIRST)
    assert 90 * 24 - 1 < hours_left(user) < 90 * 24
    assert user["password_expires_at"].endswith(".000000")
    path = f"/v3/users/{user['id']}"
    assert boss.get("identity", path).json()["user"] == user
    expire(strict, user)
    assert hours_left(boss.get("identity", path).json()["user"]) < 0
    assert hours_left(reset(boss, user, "second of them 2").json()["user"]) > 90 * 24 - 1
    assert boss.get("identity", "/v3/users", params={"name": "admin"}).json()["users"][0]["password_expires_at"] is None


def test_an_expired_password_is_good_for_being_changed_and_nothing_else(strict: RunningCloud, boss: Client) -> None:
    user = make(boss, "user", password=FIRST)
    expire(strict, user)
    said = f"The password is expired and needs to be changed for user: {user['id']}."
    assert sentence(try_login(strict, user, password=FIRST)) == (401, said)
    assert sentence(try_login(strict, user, password="wrong"))[1] != said
    assert change(strict, user, FIRST, "second of them 2").status_code == 204
    assert try_login(strict, user, password="second of them 2").status_code == 201


def test_an_expired_password_of_a_disabled_user_changes_nothing(strict: RunningCloud, boss: Client) -> None:
    user = make(boss, "user", password=FIRST, enabled=False)
    expire(strict, user)
    assert change(strict, user, FIRST, "second of them 2").status_code == 401


def test_who_is_spared_expiry_gets_no_date_and_minds_none(strict: RunningCloud, boss: Client) -> None:
    spared = make(boss, "user", password=FIRST, options={"ignore_password_expiry": True})
    assert spared["password_expires_at"] is None
    user = make(boss, "user", password=FIRST)
    expire(strict, user)
    options = {"user": {"options": {"ignore_password_expiry": True}}}
    assert boss.patch("identity", f"/v3/users/{user['id']}", json=options).status_code == 200
    assert try_login(strict, user, password=FIRST).status_code == 201


def test_the_last_passwords_do_not_come_back(strict: RunningCloud, boss: Client) -> None:
    user = make(boss, "user", password=FIRST)
    assert sentence(change(strict, user, FIRST, FIRST)) == (400, REUSED)
    tried = [FIRST, "second of them 2", "third of them 3", "fourth of them 4"]
    for old, new in pairwise(tried):
        assert change(strict, user, old, new).status_code == 204
        age(strict, user, 3)
    for former in tried[1:]:
        assert sentence(change(strict, user, tried[-1], former)) == (400, REUSED)
    assert change(strict, user, tried[-1], FIRST).status_code == 204
    remembered = strict.cloud.store.read(lambda db: kept.former(db, user["id"], 10))
    assert len(remembered) == 3


def test_an_administrator_may_bring_a_password_back(strict: RunningCloud, boss: Client) -> None:
    user = make(boss, "user", password=FIRST)
    for new in (FIRST, "second of them 2", FIRST):
        assert reset(boss, user, new).status_code == 200
    assert try_login(strict, user, password=FIRST).status_code == 201


def test_a_password_that_was_chosen_lately_stays(strict: RunningCloud, boss: Client) -> None:
    user = make(boss, "user", password=FIRST)
    assert change(strict, user, FIRST, "second of them 2").status_code == 204
    said = (
        "You cannot change your password at this time due to the minimum password age. Once you change your password, "
        "it must be used for 2 day(s) before it can be changed. Please try again in 1 day(s) or contact your "
        "administrator to reset your password."
    )
    assert sentence(change(strict, user, "second of them 2", "third of them 3")) == (400, said)
    age(strict, user, 2.1)
    assert change(strict, user, "second of them 2", "third of them 3").status_code == 204
    assert reset(boss, user, "fourth of them 4").status_code == 200
    assert change(strict, user, "fourth of them 4", "fifth of them 5").status_code == 204


def test_a_refused_change_is_written_down_and_ends_nothing(strict: RunningCloud, boss: Client) -> None:
    user = make(boss, "user", password=FIRST)
    client = Client(strict, try_login(strict, user, password=FIRST).headers["X-Subject-Token"])
    assert change(strict, user, "wrong", "second of them 2").status_code == 401
    assert change(strict, user, FIRST, "weak").status_code == 400
    found = client.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": client.token})
    assert found.status_code == 200
    statement = select(records.c.action, records.c.outcome, records.c.details).where(records.c.target_id == user["id"])
    written = [tuple(one) for one in strict.cloud.store.read(lambda db: db.tuples(statement.order_by(records.c.id)))]
    refusals = [(action, details) for action, outcome, details in written if outcome == "failure"]
    reason = {"reason": "The password does not match the requirements: at least seven characters, a digit among them."}
    assert refusals == [("authenticate", {}), ("updated", reason)]
    assert "second of them" not in str(written)


def test_lists_are_filtered_by_when_passwords_expire(strict: RunningCloud, boss: Client) -> None:
    domain, group = make(boss, "domain"), make(boss, "group")
    for day, name in ((2, "early"), (4, "late"), (None, "never")):
        user = make(boss, "user", domain_id=domain["id"], name=name, password=FIRST)
        moment = None if day is None else datetime(2026, 1, day, tzinfo=UTC)
        set_expiry(strict, user, moment)
        assert boss.put("identity", f"/v3/groups/{group['id']}/users/{user['id']}").status_code == 204
    expected = {
        ("lt:2026-01-03T00:00:00Z",): ["early"],
        ("gt:2026-01-03T00:00:00Z",): ["late"],
        ("lte:2026-01-02T00:00:00Z",): ["early"],
        ("gte:2026-01-04T00:00:00Z",): ["late"],
        ("eq:2026-01-04T00:00:00Z",): ["late"],
        ("2026-01-04T00:00:00Z",): ["late"],
        ("neq:2026-01-04T01:00:00+01:00",): ["early"],
        ("gt:2026-01-01T00:00:00Z", "lt:2026-01-04T00:00:00Z"): ["early"],
        ("gt:2026-02-01T00:00:00Z",): [],
    }
    for path in ("/v3/users", f"/v3/groups/{group['id']}/users"):
        for asked, names in expected.items():
            params = {"domain_id": domain["id"], "password_expires_at": list(asked)}
            found = boss.get("identity", path, params=params).json()["users"]
            assert [user["name"] for user in found] == names, (path, asked)
        for wrong, word in (("x:2026-01-04T00:00:00Z", "Timestamp"), ("lt:soon", "Timestamp"), ("", "Timestamp")):
            answer = boss.get("identity", path, params={"password_expires_at": wrong})
            assert (answer.status_code, word in sentence(answer)[1]) == (400, True), wrong
        answer = boss.get("identity", path, params={"password_expires_at": "xx:2026-01-04T00:00:00Z"})
        assert sentence(answer)[1].startswith("The given operator xx is not valid.")


@pytest.fixture(scope="module")
def first_use() -> Iterator[RunningCloud]:
    with running_cloud(security_compliance={"change_password_upon_first_use": True}) as running:
        yield running


def test_what_an_administrator_sets_is_to_be_changed_first(first_use: RunningCloud) -> None:
    boss = first_use.login()
    user = make(boss, "user", password=FIRST)
    assert try_login(first_use, user, password=FIRST).status_code == 401
    assert change(first_use, user, FIRST, "my own").status_code == 204
    assert try_login(first_use, user, password="my own").status_code == 201
    assert reset(boss, user, "reset").status_code == 200
    assert try_login(first_use, user, password="reset").status_code == 401


def test_who_is_spared_it_keeps_what_he_was_given(first_use: RunningCloud) -> None:
    boss = first_use.login()
    user = make(boss, "user", password=FIRST, options={"ignore_change_password_upon_first_use": True})
    assert try_login(first_use, user, password=FIRST).status_code == 201
    assert reset(boss, user, "reset").status_code == 200
    assert try_login(first_use, user, password="reset").status_code == 201
