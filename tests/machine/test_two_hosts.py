"""One control and two agents, each in a network namespace and a folder of its own, with real guests on both."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.machine.conftest import FIRST, SECOND, Pair
from tests.support.guests import processes, traces, wait_for_prompt
from tests.support.hosts import eventually
from tests.support.tree import Server

pytestmark = pytest.mark.machine


@pytest.fixture(scope="module")
def servers(pair: Pair) -> Iterator[dict[str, Server]]:
    """A server on each host, by host; both were asked for at the same time."""
    asked = [pair.tree.create(f"two-hosts-{number}") for number in range(2)]
    found = [pair.tree.becomes(server_id, "ACTIVE") for server_id in asked]
    yield {server["OS-EXT-SRV-ATTR:host"]: server for server in found}
    pair.tree.delete(*asked)


def network_of(pid: int) -> str:
    return os.readlink(f"/proc/{pid}/ns/net")


def test_each_host_has_its_network_its_guests_and_its_copy_of_the_image(pair: Pair, servers: dict[str, Server]) -> None:
    assert servers.keys() == {FIRST, SECOND}
    agents = {FIRST: pair.tree.pids()["agent"], SECOND: pair.other.pid}
    guests = {host: processes(pair.tree)[server["id"]] for host, server in servers.items()}
    assert len({network_of(pid) for pid in (os.getpid(), *agents.values())}) == 3
    assert {host: network_of(pid) for host, pid in guests.items()} == {
        host: network_of(pid) for host, pid in agents.items()
    }
    image = pair.tree.image_id()
    copies = [state / "agent" / "cache" / pair.tree.cloud_id / image for state in (pair.tree.state, pair.other.state)]
    source = next((pair.tree.state / "control" / "images").rglob(f"*{image}*"))
    assert len({path.stat().st_ino for path in (source, *copies)}) == 3
    assert {path.read_bytes() == source.read_bytes() for path in copies} == {True}


def test_each_console_is_read_through_control(pair: Pair, servers: dict[str, Server]) -> None:
    wait_for_prompt(pair.tree, *(server["id"] for server in servers.values()))
    said = {host: pair.tree.console(server["id"]) for host, server in servers.items()}
    assert said[FIRST] != said[SECOND]
    assert (
        pair.tree.act(servers[SECOND]["id"], **{"os-getConsoleOutput": {"length": 2}}).json()["output"].count("\n") <= 2
    )


def test_a_server_stops_starts_and_reboots_on_the_other_host(pair: Pair, servers: dict[str, Server]) -> None:
    server_id = servers[SECOND]["id"]
    wait_for_prompt(pair.tree, server_id)
    pair.tree.act(server_id, **{"os-stop": None})
    pair.tree.becomes(server_id, "SHUTOFF")
    assert server_id not in processes(pair.tree)
    pair.tree.act(server_id, **{"os-start": None})
    pair.tree.becomes(server_id, "ACTIVE")
    began = processes(pair.tree)[server_id]
    pair.tree.act(server_id, reboot={"type": "HARD"})
    pair.tree.becomes(server_id, "ACTIVE")
    assert processes(pair.tree)[server_id] != began


def test_an_agent_that_comes_back_adopts_its_guests(pair: Pair, servers: dict[str, Server]) -> None:
    before = processes(pair.tree)
    pair.other.end(signal.SIGKILL)
    assert processes(pair.tree) == before
    path = f"/servers/{servers[SECOND]['id']}/action"
    assert pair.tree.compute("POST", path, {"os-getConsoleOutput": {"length": 1}}).status_code == 409
    pair.other.start()
    pair.tree.act(servers[SECOND]["id"], reboot={"type": "HARD"})
    pair.tree.becomes(servers[SECOND]["id"], "ACTIVE")
    after = processes(pair.tree)
    assert after[servers[FIRST]["id"]] == before[servers[FIRST]["id"]]
    assert after.keys() == before.keys()


def test_what_is_deleted_while_its_host_is_away_goes_when_it_returns(pair: Pair, servers: dict[str, Server]) -> None:
    doomed = pair.on(SECOND, "doomed")
    before = processes(pair.tree)
    pair.other.end(signal.SIGKILL)
    pair.other.say_down(True)
    try:
        pair.tree.delete(doomed)
        assert processes(pair.tree) == before, "nothing happens to a guest whose host is away"
    finally:
        pair.other.say_down(False)
        pair.other.start()
    eventually(lambda: not traces(pair.tree, doomed, pair.other.state), 20)
    del before[doomed]
    assert processes(pair.tree) == before


def test_deletion_leaves_neither_process_nor_disk_nor_folder(pair: Pair) -> None:
    for host, state in ((FIRST, pair.tree.state), (SECOND, pair.other.state)):
        server_id = pair.on(host, "short-lived")
        assert len(traces(pair.tree, server_id, pair.other.state)) > 2
        disks = set(Path(state / "agent" / "guests" / server_id / "own").glob("*.qcow2"))
        assert len(disks) == 1
        pair.tree.delete(server_id)
        assert traces(pair.tree, server_id, pair.other.state) == []
