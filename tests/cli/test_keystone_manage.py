"""`keystone-manage`, as installation guides type it: before a cloud's first start, and while it runs."""

import os
import pwd
import shlex
import subprocess
import sys

import pytest
from tests.cli.commands import DEADLINE_S, CommandedCloud, Said, environment_of
from tests.cli.in_process import run_here

from haneul.cli.identity.keystone_manage import main

PROGRAM = "from haneul.cli.identity.keystone_manage import main; main()"
ACCOUNT = "--keystone-user keystone --keystone-group keystone"


def manage(line: str, **environment: str) -> Said:
    """Run a line of a guide."""
    return run_here(main, shlex.split(line), **environment)


def succeeded(cloud: CommandedCloud, line: str) -> str:
    said = manage(line, HANEUL_STATE=str(cloud.state))
    assert said.code == 0, said
    return said.out


def test_a_cloud_is_bootstrapped_as_guides_do_it_before_it_starts(fresh: CommandedCloud) -> None:
    assert manage("db_version", HANEUL_STATE=str(fresh.state)).code == 1
    assert manage("db_sync --check", HANEUL_STATE=str(fresh.state)).code == 2
    assert not fresh.state.exists()
    synced = succeeded(fresh, "db_sync")
    version = succeeded(fresh, "db_version").strip()
    assert version
    assert version in synced
    assert "Nothing is to be done." in succeeded(fresh, "db_sync --check")
    succeeded(fresh, f"fernet_setup {ACCOUNT}")
    succeeded(fresh, f"credential_setup {ACCOUNT}")
    bootstrap = (
        "bootstrap --bootstrap-password qwer1234 --bootstrap-admin-url http://controller:5000/v3/ "
        "--bootstrap-internal-url http://controller:5000/v3/ --bootstrap-public-url http://controller:5000/v3/ "
        "--bootstrap-region-id RegionOne"
    )
    assert "Granted role admin on the system to user admin." in succeeded(fresh, bootstrap)
    assert succeeded(fresh, bootstrap).splitlines() == [f"User admin administers the cloud in {fresh.state}."]
    started = fresh.up("--bare")
    assert started.code == 0, started
    token = fresh.token(password="qwer1234")
    assert fresh.password() == "qwer1234"
    listed = fresh.get("identity", "/v3/endpoints", token).json()["endpoints"]
    assert {(one["interface"], one["url"], one["region_id"]) for one in listed} == {
        (interface, "http://controller:5000/v3/", "RegionOne") for interface in ("admin", "internal", "public")
    }
    (service,) = fresh.get("identity", "/v3/services", token).json()["services"]
    assert (service["name"], service["type"]) == ("keystone", "identity")
    roles = fresh.get("identity", "/v3/roles", token).json()["roles"]
    assert {(role["name"], role["options"].get("immutable")) for role in roles} == {
        (name, True) for name in ("admin", "manager", "member", "reader", "service")
    }
    # And all of it again, while the cloud runs.
    for line in ("db_sync", "db_sync --expand", f"fernet_setup {ACCOUNT}", f"fernet_rotate {ACCOUNT}", bootstrap):
        succeeded(fresh, line)
    assert fresh.get("identity", "/v3/auth/catalog", token).status_code == 200
    assert manage("doctor", HANEUL_STATE=str(fresh.state)).code == 0


def test_every_name_of_keystones_does_something_or_says_why_not(running: CommandedCloud) -> None:
    assert "nothing to flush" in succeeded(running, "token_flush")
    assert "Trusts that were deleted for good: 0." in succeeded(running, "trust_flush --date 01-01-2020")
    for line in ("token_setup", "receipt_setup", f"credential_migrate {ACCOUNT}", "--debug audit verify"):
        succeeded(running, line)
    refused = manage("mapping_purge --all", HANEUL_STATE=str(running.state))
    assert refused.code == 1
    assert "no directories of users" in refused.err
    assert manage("db_sync 101", HANEUL_STATE=str(running.state)).code == 1
    assert manage("db_sync --expand --contract", HANEUL_STATE=str(running.state)).code == 2
    assert manage("make_coffee").code == 2
    noted = manage("--config-file /etc/keystone/keystone.conf db_version", HANEUL_STATE=str(running.state))
    assert noted.code == 0
    assert "/etc/keystone/keystone.conf is not read." in noted.err


def test_help_shows_keystones_names() -> None:
    said = manage("--help")
    assert said.code == 0
    for name in ("bootstrap", "credential_rotate", "db_sync", "fernet_rotate", "trust_flush"):
        assert f"  {name} " in said.out


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can run a command as somebody else.")
def test_an_account_without_a_cloud_is_told_that_nothing_is_to_be_done() -> None:
    nobody = pwd.getpwnam("nobody")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "db_sync"],
        env=environment_of(),
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done
    assert "nothing is to be done" in done.stdout
