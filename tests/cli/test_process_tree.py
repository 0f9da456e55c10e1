"""What dies is started again, and nobody outside notices more than a wait."""

import os
import signal
import subprocess
import threading

import httpx
from tests.cli.commands import PROGRAM, CommandedCloud, environment_of, eventually, processes_of


def test_control_is_started_again_and_refuses_no_connection(disturbed: CommandedCloud) -> None:
    before = disturbed.pids()
    failures: list[Exception] = []
    answered = 0
    stopping = threading.Event()

    def ask() -> None:
        nonlocal answered
        while not stopping.is_set():
            try:
                # A connection each: those that stood when control died are cut, but no new one is refused.
                with httpx.Client(timeout=30) as client:
                    client.get(disturbed.url("identity", "/v3"))
                    answered += 1
            except httpx.ConnectError as error:
                failures.append(error)
            except (httpx.RemoteProtocolError, httpx.ReadError):
                continue

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        eventually(lambda: answered > 3)
        os.kill(before["control"], signal.SIGKILL)
        at_death = answered
        eventually(lambda: answered > at_death + 3)
    finally:
        stopping.set()
        asking.join()
    assert failures == []
    shown = {one["process"]: one for one in disturbed.run("status", "--json").json["processes"]}
    assert shown["control"]["restarts"] == 1
    assert shown["control"]["last_ending"] == "signal SIGKILL ended it"
    assert shown["agent"]["pid"] == before["agent"]


def test_the_agent_is_started_again(disturbed: CommandedCloud) -> None:
    before = disturbed.pids()
    os.kill(before["agent"], signal.SIGKILL)
    eventually(lambda: disturbed.pids().get("agent", before["agent"]) != before["agent"])
    assert disturbed.pids()["control"] == before["control"]


def test_what_a_killed_supervisor_leaves_ends_and_the_next_up_heals_it(disturbed: CommandedCloud) -> None:
    before = disturbed.pids()
    os.kill(before["supervisor"], signal.SIGKILL)
    eventually(lambda: processes_of(disturbed.state) == [])
    said = disturbed.run("status")
    assert said.code == 1
    assert "does not run" in said.out
    assert disturbed.run("up", "--json").json["was_running"] is False
    assert httpx.get(disturbed.url("identity", "/v3")).status_code == 200
    assert disturbed.run("status").code == 0


def test_an_up_right_after_a_killed_supervisor_waits_for_what_it_left(disturbed: CommandedCloud) -> None:
    os.kill(disturbed.pids()["supervisor"], signal.SIGKILL)
    assert disturbed.run("up").code == 0
    assert disturbed.run("status").code == 0


def test_two_ups_at_once_start_one_cloud(disturbed: CommandedCloud) -> None:
    disturbed.run("down")
    up = [*PROGRAM, "up", "--state", str(disturbed.state)]
    commands = [subprocess.Popen(up, env=environment_of(), stdout=subprocess.DEVNULL) for _ in range(3)]
    assert [command.wait(60) for command in commands] == [0, 0, 0]
    assert len(processes_of(disturbed.state)) == 3


def test_foreground_ends_the_cloud_with_itself(disturbed: CommandedCloud) -> None:
    disturbed.run("down")
    up = [*PROGRAM, "up", "--foreground", "--state", str(disturbed.state)]
    command = subprocess.Popen(up, env=environment_of(), stdout=subprocess.PIPE)
    assert command.stdout is not None
    assert b"is up" in command.stdout.readline()
    assert len(disturbed.pids()) == 3
    command.send_signal(signal.SIGTERM)
    command.communicate(timeout=60)
    assert command.returncode == 0
    assert processes_of(disturbed.state) == []
