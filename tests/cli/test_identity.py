"""`haneul identity` on clouds that run: keys rotate under them, administrators come back in, nothing is hushed up."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.cli.commands import CommandedCloud, Said, eventually
from tests.cli.in_process import run_here

from haneul.cli.main import main


def run(cloud: CommandedCloud, *words: str, **environment: str) -> Said:
    """Run a command on this cloud."""
    return run_here(main, ("identity", *words, "--state", str(cloud.state)), **environment)


def identity(cloud: CommandedCloud, *words: str, **environment: str) -> Any:
    """Run a command that must succeed; its JSON."""
    said = run(cloud, *words, "--json", **environment)
    assert said.code == 0, said
    return said.json


def send(cloud: CommandedCloud, method: str, path: str, **body: Any) -> httpx.Response:
    headers = {"X-Auth-Token": cloud.token()}
    answer = httpx.request(method, cloud.url("identity", path), headers=headers, json=body or None, timeout=20)
    assert answer.is_success, answer.text
    return answer


def counts(cloud: CommandedCloud, token: str) -> bool:
    return cloud.get("identity", "/v3/auth/catalog", token).status_code == 200


def numbers(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name.isdigit()}


def test_tokens_outlive_rotations_as_long_as_their_key_is_kept(disturbed: CommandedCloud) -> None:
    first = disturbed.token()
    identity(disturbed, "fernet-rotate")
    second = disturbed.token()
    assert counts(disturbed, first)
    assert counts(disturbed, second)
    rotated = identity(disturbed, "fernet-rotate")
    assert rotated["removed"]
    eventually(lambda: not counts(disturbed, first), deadline_s=2)
    assert counts(disturbed, second)
    assert counts(disturbed, disturbed.token())
    assert numbers(Path(rotated["folder"])) == {"0", str(rotated["primary"] - 1), str(rotated["primary"])}


def test_keys_belong_to_the_account_that_control_runs_under(disturbed: CommandedCloud) -> None:
    rotated = identity(disturbed, "fernet-rotate", "--keystone-user", "keystone", "--keystone-group", "keystone")
    folder = Path(rotated["folder"])
    assert {path.stat().st_uid for path in folder.iterdir()} == {(disturbed.state / "control").stat().st_uid}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_setting_keys_up_again_changes_nothing(disturbed: CommandedCloud) -> None:
    assert identity(disturbed, "fernet-setup")["made"] is False
    assert identity(disturbed, "credential-setup")["made"] is False


def test_credentials_are_encrypted_anew_before_their_key_may_go(disturbed: CommandedCloud) -> None:
    (admin,) = send(disturbed, "GET", "/v3/users?name=admin").json()["users"]
    body = {"type": "cert", "blob": "what nobody may read", "user_id": admin["id"]}
    made = send(disturbed, "POST", "/v3/credentials", credential=body).json()["credential"]
    identity(disturbed, "credential-rotate")
    refused = run(disturbed, "credential-rotate")
    assert refused.code == 1
    assert "haneul identity credential-migrate" in refused.err
    assert any("another key" in one["fact"] for one in identity(disturbed, "doctor")["findings"])
    for _ in range(3):
        identity(disturbed, "credential-migrate")
        rotated = identity(disturbed, "credential-rotate")
    identity(disturbed, "credential-migrate")
    assert len(numbers(Path(rotated["folder"]))) == 3
    shown = send(disturbed, "GET", f"/v3/credentials/{made['id']}").json()["credential"]
    assert shown["blob"] == "what nobody may read"
    # Not one key of before is left: what can't be read now is said, and stays as it is.
    keys = Path(rotated["folder"])
    kept = {name: (keys / name).read_bytes() for name in numbers(keys)}
    try:
        for name in kept:
            shutil.copy(disturbed.state / "control" / "fernet-keys" / "0", keys / name)
        lost = run(disturbed, "credential-migrate")
        assert lost.code == 1
        assert "from a backup" in lost.err
    finally:
        for name, key in kept.items():
            (keys / name).write_bytes(key)
    send(disturbed, "DELETE", f"/v3/credentials/{made['id']}")


def test_trusts_that_are_over_are_deleted_for_good(disturbed: CommandedCloud) -> None:
    (admin,) = send(disturbed, "GET", "/v3/users?name=admin").json()["users"]
    (project,) = send(disturbed, "GET", "/v3/projects?name=admin").json()["projects"]
    trust = {
        "trustor_user_id": admin["id"],
        "trustee_user_id": admin["id"],
        "project_id": project["id"],
        "impersonation": False,
        "roles": [{"name": "reader"}],
        "expires_at": (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    made = send(disturbed, "POST", "/v3/OS-TRUST/trusts", trust=trust).json()["trust"]
    assert identity(disturbed, "trust-flush")["flushed"] == 0
    assert identity(disturbed, "trust-flush", "--date", "01-01-2020")["flushed"] == 0
    send(disturbed, "DELETE", f"/v3/OS-TRUST/trusts/{made['id']}")
    assert identity(disturbed, "trust-flush", "--trustor-user-id", "somebody-else")["flushed"] == 0
    assert identity(disturbed, "trust-flush", "--project-id", project["id"])["flushed"] == 1
    assert identity(disturbed, "trust-flush")["flushed"] == 0
    assert run(disturbed, "trust-flush", "--date", "2020-01-01").code == 2


def test_an_administrator_who_is_shut_out_comes_back_in(disturbed: CommandedCloud) -> None:
    (admin,) = send(disturbed, "GET", "/v3/users?name=admin").json()["users"]
    token = disturbed.token()
    send(disturbed, "PATCH", f"/v3/users/{admin['id']}", user={"enabled": False})
    assert not counts(disturbed, token)
    again = ("bootstrap", "--password", "back again", "--region-id", "RegionOne")
    done = identity(disturbed, *again, "--public-url", "http://id.example/v3")["done"]
    assert done == [
        "Reset the password of user admin.",
        "Enabled user admin.",
        "Moved the public endpoint to http://id.example/v3.",
    ]
    assert disturbed.password() == "back again"
    assert "back again" in (disturbed.state / "admin-openrc").read_text()
    token = disturbed.token()
    assert identity(disturbed, *again)["done"] == []
    assert counts(disturbed, token), "a password that is right already ends no token"
    identity(disturbed, *again, "--public-url", disturbed.url("identity", "/v3"))


def test_another_administrator_is_made_beside_the_first(disturbed: CommandedCloud) -> None:
    before = disturbed.password()
    done = identity(
        disturbed,
        *("bootstrap", "--bootstrap-username", "second", "--bootstrap-project-name", "office"),
        *("--bootstrap-role-name", "boss", "--no-immutable-roles"),
        OS_BOOTSTRAP_PASSWORD="secret of the second",
    )["done"]
    assert done == [
        "Created project office.",
        "Created user second.",
        "Created role boss.",
        "Let role boss imply manager.",
        "Granted role boss on project office to user second.",
        "Granted role boss on the system to user second.",
    ]
    assert disturbed.password() == before
    (role,) = send(disturbed, "GET", "/v3/roles?name=boss").json()["roles"]
    assert role["options"] == {}
    answer = httpx.post(
        disturbed.url("identity", "/v3/auth/tokens"),
        json={
            "auth": {
                "identity": {
                    "methods": ["password"],
                    "password": {
                        "user": {
                            "name": "second",
                            "domain": {"id": "default"},
                            "password": "secret of the second",
                        }
                    },
                },
                "scope": {"project": {"name": "office", "domain": {"id": "default"}}},
            }
        },
        timeout=20,
    )
    assert {one["name"] for one in answer.json()["token"]["roles"]} == {"boss", "manager", "member", "reader"}


def test_bootstrap_says_what_it_can_not_take(disturbed: CommandedCloud) -> None:
    without = run(disturbed, "bootstrap")
    assert without.code == 1
    assert "OS_BOOTSTRAP_PASSWORD must be set" in without.err
    long = run(disturbed, "bootstrap", "--password", "x", "--username", "u" * 300)
    assert long.code == 1
    assert "expected" in long.err.lower()


def test_doctor_finds_what_is_wrong_with_keys(disturbed: CommandedCloud) -> None:
    assert identity(disturbed, "doctor")["wrong"] == 0
    keys = disturbed.state / "control" / "fernet-keys"
    staged = (keys / "0").read_bytes()
    mine = disturbed.state / "control" / "credential-keys" / "0"
    kept = mine.read_bytes()
    try:
        keys.chmod(0o755)
        mine.write_bytes(staged)
        (keys / "0").rename(keys / "staged")
        (keys / "1000").write_text("no key")
        facts = wrong(disturbed)
    finally:
        mine.write_bytes(kept)
        (keys / "1000").unlink()
        (keys / "staged").rename(keys / "0")
        keys.chmod(0o700)
    assert f"Others than its owner may read {keys}." in facts
    assert f"{keys / '1000'} holds no key." in facts
    assert f"There is no staged key of tokens in {keys}." in facts
    assert wrong(disturbed) == []


def test_doctor_finds_keys_that_both_repositories_have(disturbed: CommandedCloud) -> None:
    mine = disturbed.state / "control" / "credential-keys" / "0"
    kept = mine.read_bytes()
    try:
        mine.write_bytes((disturbed.state / "control" / "fernet-keys" / "0").read_bytes())
        assert wrong(disturbed) == ["Tokens and credentials have a key in common."]
    finally:
        mine.write_bytes(kept)


def test_doctor_finds_rules_on_passwords_that_nobody_could_obey(disturbed: CommandedCloud) -> None:
    facts = wrong(
        disturbed,
        HANEUL_SECURITY_COMPLIANCE_PASSWORD_EXPIRES_DAYS="3",
        HANEUL_SECURITY_COMPLIANCE_MINIMUM_PASSWORD_AGE="3",
        HANEUL_SECURITY_COMPLIANCE_PASSWORD_REGEX="(",
    )
    assert facts[0] == "A password expires after 3 days, and may be changed after 3 days."
    assert facts[1].startswith("password_regex is no regular expression: ")
    assert facts[2:] == ["password_regex has no description."]


def wrong(cloud: CommandedCloud, **environment: str) -> list[str]:
    """The facts that identity's doctor finds wrong."""
    said = run(cloud, "doctor", "--json", **environment)
    found = [one["fact"] for one in said.json["findings"] if one["verdict"] == "wrong"]
    assert said.code == bool(found), said
    return found


def test_the_audit_trail_is_whole_until_somebody_meddles_with_it(disturbed: CommandedCloud) -> None:
    region = send(disturbed, "POST", "/v3/regions", region={}).json()["region"]
    send(disturbed, "DELETE", f"/v3/regions/{region['id']}")
    eventually(lambda: identity(disturbed, "audit", "verify")["unsealed"] == 0)
    before = identity(disturbed, "audit", "verify")
    assert before["whole"]
    assert before["sealed"] > 1
    with meddled(disturbed, before["sealed"]):
        said = run(disturbed, "audit", "verify")
        assert said.code == 1
        assert "The trail is broken." in said.out
        assert identity_fact(disturbed).endswith("is not as it was sealed.")
    assert identity(disturbed, "audit", "verify")["whole"]


def identity_fact(cloud: CommandedCloud) -> str:
    (fact,) = wrong(cloud)
    return fact


@contextmanager
def meddled(cloud: CommandedCloud, sequence: int) -> Iterator[None]:
    """While this holds, the audit record of this place tells of somebody else."""
    with closing(sqlite3.connect(cloud.state / "control" / "haneul.db", timeout=10)) as connection:
        named = "SELECT user_id FROM identity_audit_records WHERE sequence = ?"
        (before,) = connection.execute(named, (sequence,)).fetchone()
        change = "UPDATE identity_audit_records SET user_id = ? WHERE sequence = ?"
        with connection:
            connection.execute(change, ("nobody", sequence))
        try:
            yield
        finally:
            with connection:
                connection.execute(change, (before, sequence))


def test_what_needs_a_cloud_says_so(tmp_path: Path) -> None:
    nowhere = tmp_path / "state"
    for command in ("fernet-rotate", "credential-rotate", "credential-migrate", "trust-flush", "doctor"):
        said = run_here(main, ["identity", command, "--state", str(nowhere)])
        assert said.code == 1
        assert f"There is no cloud in {nowhere}." in said.err
    assert not nowhere.exists()


def test_a_key_pair_for_signed_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make = ["identity", "create-jws-keypair"]
    made = run_here(main, [*make, "--json"])
    assert made.code == 0, made
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    assert json.loads(made.out) == {"private": str(private), "public": str(public)}
    assert private.stat().st_mode & 0o777 == 0o600
    before = private.read_bytes()
    refused = run_here(main, make)
    assert refused.code == 1
    assert f"The private key {private} is there already." in refused.err
    assert run_here(main, [*make, "--force"]).code == 0
    assert private.read_bytes() != before
