"""What dies is started again, and nobody outside notices more than a wait."""

import os
import signal
import subprocess
import threading

import httpx
from tests.cli.commands import PROGRAM, CommandedCloud, environment_of, eventually, processes_of


def test_control_is_started_again_and_refuses_no_connection(running: CommandedCloud) -> None:
    before = running.pids()
    failures: list[Exception] = []
    answered = 0
    stopping = threading.Event()

    def ask() -> None:
        nonlocal answered
        while not stopping.is_set():
            try:
                # A connection each: those that stood when control died are cut, but no new one is refused.
                with httpx.Client(timeout=30) as client:
                    client.get(running.url("identity", "/v3"))
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
    shown = {one["process"]: one for one in running.run("status", "--json").json["processes"]}
    assert shown["control"]["restarts"] == 1
    assert shown["control"]["last_ending"] == "signal SIGKILL ended it"
    assert shown["agent"]["pid"] == before["agent"]


def test_the_agent_is_started_again(running: CommandedCloud) -> None:
    before = running.pids()
    os.kill(before["agent"], signal.SIGKILL)
    eventually(lambda: running.pids().get("agent", before["agent"]) != before["agent"])
    assert running.pids()["control"] == before["control"]


def test_what_a_killed_supervisor_leaves_ends_and_the_next_up_heals_it(running: CommandedCloud) -> None:
    before = running.pids()
    os.kill(before["supervisor"], signal.SIGKILL)
    eventually(lambda: processes_of(running.state) == [])
    said = running.run("status")
    assert said.code == 1
    assert "does not run" in said.out
    assert running.run("up", "--json").json["was_running"] is False
    assert httpx.get(running.url("identity", "/v3")).status_code == 200
    assert running.run("status").code == 0


def test_an_up_right_after_a_killed_supervisor_waits_for_what_it_left(running: CommandedCloud) -> None:
    os.kill(running.pids()["supervisor"], signal.SIGKILL)
    assert running.run("up").code == 0
    assert running.run("status").code == 0


def test_two_ups_at_once_start_one_cloud(fresh: CommandedCloud) -> None:
    fresh.up()
    fresh.run("down")
    commands = [
        subprocess.Popen([*PROGRAM, "up", "--state", str(fresh.state)], env=environment_of(), stdout=subprocess.DEVNULL)
        for _ in range(3)
    ]
    assert [command.wait(60) for command in commands] == [0, 0, 0]
    assert len(processes_of(fresh.state)) == 3


def test_foreground_ends_the_cloud_with_itself(fresh: CommandedCloud) -> None:
    fresh.up()
    fresh.run("down")
    command = subprocess.Popen(
        [*PROGRAM, "up", "--foreground", "--state", str(fresh.state)], env=environment_of(), stdout=subprocess.PIPE
    )
    assert command.stdout is not None
    assert b"is up" in command.stdout.readline()
    assert len(fresh.pids()) == 3
    command.send_signal(signal.SIGTERM)
    command.communicate(timeout=60)
    assert command.returncode == 0
    assert processes_of(fresh.state) == []
