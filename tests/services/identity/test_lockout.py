"""Who guesses is locked out, who stays away is disabled, and neither says anything of who there is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.services.identity.people import PASSWORD, make, try_login
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.services.identity.users.logic import find
from haneul.services.identity.users.models import login_failures, users
from haneul.services.identity.users.passwords import PasswordOutcome, candidate, conclude_password

RULES = {"lockout_failure_attempts": 3, "lockout_duration_s": 600, "disable_user_account_days_inactive": 30}


@pytest.fixture(scope="module")
def strict() -> Iterator[RunningCloud]:
    with running_cloud(security_compliance=RULES) as running:
        yield running


@pytest.fixture(scope="module")
def boss(strict: RunningCloud) -> Client:
    return strict.login()


def fail(cloud: RunningCloud, user: dict[str, Any], times: int = 3) -> None:
    for _ in range(times):
        assert try_login(cloud, user, password="wrong").status_code == 401


def change(cloud: RunningCloud, user: dict[str, Any], old: str) -> httpx.Response:
    body = {"user": {"original_password": old, "password": "a new one"}}
    return cloud.anonymous().post("identity", f"/v3/users/{user['id']}/password", json=body)


def lapse(cloud: RunningCloud, user: dict[str, Any]) -> None:
    """Let the user's last failure be longer ago than a lock-out lasts."""
    moment = datetime.now(UTC) - timedelta(seconds=601)
    cloud.cloud.store.write(lambda db: db.update(login_failures, {"user_id": user["id"]}, failed_at=moment))


def stay_away(cloud: RunningCloud, user: dict[str, Any], days: int) -> None:
    moment = datetime.now(UTC) - timedelta(days=days)
    cloud.cloud.store.write(lambda db: db.update(users, {"id": user["id"]}, last_active_at=moment))


def is_enabled(boss: Client, user: dict[str, Any]) -> bool:
    shown = boss.get("identity", f"/v3/users/{user['id']}").json()["user"]["enabled"]
    [listed] = boss.get("identity", "/v3/users", params={"name": user["name"]}).json()["users"]
    assert listed["enabled"] is shown
    return bool(shown)


def test_after_so_many_failures_even_the_right_password_is_refused(strict: RunningCloud, boss: Client) -> None:
    user = make(boss, "user")
    fail(strict, user)
    assert try_login(strict, user).status_code == 401
    assert change(strict, user, PASSWORD).status_code == 401


def test_a_success_in_between_starts_the_count_anew(strict: RunningCloud, boss: Client) -> None:
    user = make(boss, "user")
    for _ in range(3):
        fail(strict, user, 2)
        assert try_login(strict, user).status_code == 201


def test_guesses_at_the_change_of_a_password_count_too(strict: RunningCloud, boss: Client) -> None:
    user = make(boss, "user")
    for _ in range(3):
        assert change(strict, user, "wrong").status_code == 401
    assert try_login(strict, user).status_code == 401
    assert change(strict, user, PASSWORD).status_code == 401


def test_a_lock_out_lapses_and_the_count_begins_anew(strict: RunningCloud, boss: Client) -> None:
    user = make(boss, "user")
    fail(strict, user)
    lapse(strict, user)
    fail(strict, user, 2)
    assert try_login(strict, user).status_code == 201
    fail(strict, user)
    assert try_login(strict, user).status_code == 401


def test_attempts_during_a_lock_out_do_not_lengthen_it(strict: RunningCloud, boss: Client) -> None:
    user = make(boss, "user")
    fail(strict, user)
    moment = datetime.now(UTC) - timedelta(seconds=599)
    strict.cloud.store.write(lambda db: db.update(login_failures, {"user_id": user["id"]}, failed_at=moment))
    assert try_login(strict, user, password="wrong").status_code == 401
    lapse(strict, user)
    assert try_login(strict, user).status_code == 201


@pytest.mark.parametrize("change", [{"enabled": True}, {"password": PASSWORD}], ids=str)
def test_an_administrator_ends_a_lock_out(strict: RunningCloud, boss: Client, change: dict[str, Any]) -> None:
    user = make(boss, "user")
    fail(strict, user)
    assert boss.patch("identity", f"/v3/users/{user['id']}", json={"user": change}).status_code == 200
    assert try_login(strict, user).status_code == 201


def test_who_is_spared_is_never_locked_out(strict: RunningCloud, boss: Client) -> None:
    user = make(boss, "user", options={"ignore_lockout_failure_attempts": True})
    fail(strict, user, 4)
    assert try_login(strict, user).status_code == 201


def test_locked_out_disabled_and_unknown_look_alike(strict: RunningCloud, boss: Client) -> None:
    locked, disabled, idle = make(boss, "user"), make(boss, "user", enabled=False), make(boss, "user")
    fail(strict, locked)
    stay_away(strict, idle, 31)
    known = make(boss, "user")
    wrong = [try_login(strict, known, password="wrong"), change(strict, known, "wrong")]
    for user in (locked, disabled, idle, {"id": "0" * 32}):
        for answer, expected in zip((try_login(strict, user), change(strict, user, PASSWORD)), wrong, strict=True):
            assert (answer.status_code, answer.json()) == (401, expected.json())


def test_guesses_made_at_once_are_no_way_around_the_lock_out(strict: RunningCloud, boss: Client) -> None:
    """All of them began before any had failed, the right one too; it is the last to be looked at."""
    user, store, rules = make(boss, "user"), strict.cloud.store, strict.cloud.identity.compliance
    began = store.read(lambda db: [candidate(db, find(db, user["id"]), rules) for _ in range(4)])

    def conclude(place: int) -> PasswordOutcome:
        return store.write(lambda db: conclude_password(db, began[place], place == 3, rules))

    found = [conclude(place) for place in range(4)]
    assert found == [PasswordOutcome.WRONG] * 4


def test_a_login_that_changes_nothing_writes_nothing(strict: RunningCloud, boss: Client) -> None:
    user, store, rules = make(boss, "user"), strict.cloud.store, strict.cloud.identity.compliance
    claimed = store.read(lambda db: candidate(db, find(db, user["id"]), rules))
    assert store.read(lambda db: conclude_password(db, claimed, True, rules)) is PasswordOutcome.OK


def test_a_password_that_was_changed_during_the_check_lets_nobody_in(strict: RunningCloud, boss: Client) -> None:
    """The login may have begun after the moment that ends the user's tokens, before the change was there to be seen."""
    user, store, rules = make(boss, "user"), strict.cloud.store, strict.cloud.identity.compliance
    claimed = store.read(lambda db: candidate(db, find(db, user["id"]), rules))
    assert boss.patch("identity", f"/v3/users/{user['id']}", json={"user": {"password": "new"}}).status_code == 200
    assert store.write(lambda db: conclude_password(db, claimed, True, rules)) is PasswordOutcome.WRONG


def test_nobody_and_the_locked_out_are_checked_against_a_decoy(strict: RunningCloud, boss: Client) -> None:
    user, store, rules = make(boss, "user"), strict.cloud.store, strict.cloud.identity.compliance
    fail(strict, user)
    locked = store.read(lambda db: candidate(db, find(db, user["id"]), rules))
    assert (locked.hash, store.read(lambda db: candidate(db, None, rules)).hash) == (None, None)
    assert store.write(lambda db: conclude_password(db, locked, True, rules)) is PasswordOutcome.WRONG


def test_who_stays_away_is_disabled_until_an_administrator_enables_him(strict: RunningCloud, boss: Client) -> None:
    user = make(boss, "user")
    stay_away(strict, user, 29)
    assert is_enabled(boss, user)
    stay_away(strict, user, 31)
    assert not is_enabled(boss, user)
    assert try_login(strict, user).status_code == 401
    enabled = boss.patch("identity", f"/v3/users/{user['id']}", json={"user": {"enabled": True}})
    assert enabled.json()["user"]["enabled"] is True
    assert is_enabled(boss, user)
    assert try_login(strict, user).status_code == 201


def test_a_login_says_that_the_user_is_there(strict: RunningCloud, boss: Client) -> None:
    user = make(boss, "user")
    stay_away(strict, user, 29)
    assert try_login(strict, user).status_code == 201
    row = strict.cloud.store.read(lambda db: db.tuples(users.select().where(users.c.id == user["id"])))[0]
    assert datetime.now(UTC) - row.last_active_at < timedelta(days=2)


def test_who_may_stay_away_stays_enabled(strict: RunningCloud, boss: Client) -> None:
    user = make(boss, "user", options={"ignore_user_inactivity": True})
    group = make(boss, "group")
    other = make(boss, "user")
    for one in (user, other):
        stay_away(strict, one, 400)
        boss.put("identity", f"/v3/groups/{group['id']}/users/{one['id']}")
    assert try_login(strict, user).status_code == 201
    members = boss.get("identity", f"/v3/groups/{group['id']}/users").json()["users"]
    assert {one["id"]: one["enabled"] for one in members} == {user["id"]: True, other["id"]: False}


def test_deleting_a_locked_out_user_leaves_nothing(strict: RunningCloud, boss: Client) -> None:
    user = make(boss, "user")
    fail(strict, user)
    assert boss.delete("identity", f"/v3/users/{user['id']}").status_code == 204
    rows = strict.cloud.store.read(
        lambda db: db.tuples(login_failures.select().where(login_failures.c.user_id == user["id"]))
    )
    assert rows == []
