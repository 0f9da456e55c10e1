"""One request's path through the logs, and the reason for a refusal."""

import json
import select
import signal
import subprocess

import httpx
import pytest
from tests.cli.commands import PROGRAM, CommandedCloud, environment_of

MEMBER = "member-of-nothing-much"


@pytest.fixture(scope="module")
def refused(running: CommandedCloud) -> httpx.Response:
    """A refusal: a mere reader asked for a flavor."""
    admin = httpx.Client(headers={"X-Auth-Token": running.token()}, timeout=20)
    identity = running.url("identity", "/v3")
    user = admin.post(f"{identity}/users", json={"user": {"name": MEMBER, "password": "x1"}}).json()["user"]
    project = admin.get(f"{identity}/projects?name=admin").json()["projects"][0]["id"]
    role = admin.get(f"{identity}/roles?name=reader").json()["roles"][0]["id"]
    granted = admin.put(f"{identity}/projects/{project}/users/{user['id']}/roles/{role}")
    assert granted.status_code == 204
    token = running.token(MEMBER, "x1")
    body = {"flavor": {"name": "mine", "ram": 64, "vcpus": 1, "disk": 1}}
    answer = httpx.post(running.url("compute", "/v2.1/flavors"), json=body, headers={"X-Auth-Token": token})
    assert answer.status_code == 403
    return answer


def test_a_request_is_found_in_the_logs(running: CommandedCloud, refused: httpx.Response) -> None:
    request_id = refused.headers["X-Openstack-Request-Id"]
    said = running.run("logs", "--request", request_id)
    assert said.code == 0
    assert "refused" in said.out
    assert "path=/v2.1/flavors status=403" in said.out
    told = running.run("logs", "--request", request_id, "--json").json
    assert {line["request_id"] for line in told} == {request_id}
    assert [line["at"] for line in told] == sorted(line["at"] for line in told)


def test_an_unknown_request_is_said_plainly(running: CommandedCloud) -> None:
    said = running.run("logs", "--request", "req-none")
    assert (said.code, said.out) == (1, "No log line carries req-none.\n")
    assert running.run("why", "req-none").code == 1


def test_logs_follow_what_is_written(running: CommandedCloud) -> None:
    command = subprocess.Popen(
        [*PROGRAM, "logs", "--lines", "0", "--follow", "--json", "--state", str(running.state)],
        env=environment_of(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert command.stdout is not None
        # Where it begins to look isn't told: ask until it has seen one.
        for _ in range(100):
            httpx.get(running.url("identity", "/v3"))
            if select.select([command.stdout], [], [], 0.2)[0]:
                break
        assert json.loads(command.stdout.readline())["path"] == "/v3"
    finally:
        command.send_signal(signal.SIGINT)
        command.communicate(timeout=20)


def test_why_names_rule_and_missing_role(running: CommandedCloud, refused: httpx.Response) -> None:
    said = running.run("why", refused.headers["X-Openstack-Request-Id"])
    assert said.code == 0
    assert "POST /v2.1/flavors was answered with 403." in said.out
    assert "The rule os_compute_api:os-flavor-manage:create does not allow this." in said.out
    assert "The role admin would be enough." in said.out


def test_why_decides_a_rule_for_a_user(running: CommandedCloud, refused: httpx.Response) -> None:
    assert refused.status_code == 403
    rule = "os_compute_api:os-flavor-manage:create"
    told = running.run("why", "--user", MEMBER, "--rule", rule, "--json").json
    assert (told["allowed"], told["roles"], told["sufficient_roles"]) == (False, ["reader"], ["admin"])
    assert running.run("why", "--user", "admin", "--rule", rule, "--json").json["allowed"] is True
    said = running.run("why", "--user", "nobody", "--rule", rule)
    assert (said.code, said.err) == (1, "haneul: There is no user nobody.\n")
    assert "No service has a rule" in running.run("why", "--user", "admin", "--rule", "no:such").err


def test_why_tells_a_servers_fault_and_history(running: CommandedCloud) -> None:
    said = running.run("why", "server", "5b3bd19e-4d09-4b3c-a9b8-0c0f0a5d7f11")
    assert said.code == 1
    assert "could not be found" in said.err
