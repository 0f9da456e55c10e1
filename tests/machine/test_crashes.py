"""Whatever dies, and wherever: each server ends as wanted, gone, or in ERROR with a reason, and nothing is left."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.guests import cloud_of_guests, processes
from tests.support.hosts import eventually
from tests.support.tree import PATIENCE_S, Server, Tree, tree_in_tmp

from haneul.kernel.operations.turn import places_of
from haneul.kernel.reconcile.runner import PLACES
from haneul.services.compute.servers.operations import CreateServer, DeleteServer, RebootServer

pytestmark = pytest.mark.machine

AGENT = tuple(f"agent:guest:{place}" for place in PLACES)
DRIVER = ("record-made", "plan-remembered", "verb-remembered", "folder-removed")
FORWARD = tuple(
    place
    for operation in (CreateServer, RebootServer, DeleteServer)
    for place in places_of(operation)
    if ":undo " not in place
)
PLACES_TO_DIE = (*FORWARD, *AGENT, *(f"driver:{step}" for step in DRIVER))
BACKWARD = tuple(
    place for operation in (CreateServer, RebootServer) for place in places_of(operation) if ":undo " in place
)
# With real guests, the places between which a process or a disk is only half there.
REAL_PLACES = (
    "agent:guest:before-ensure",
    "driver:disk-made",
    "driver:process-started",
    "driver:guest-killed",
    "agent:guest:removed",
)


@pytest.fixture(scope="module")
def tree() -> Iterator[Tree]:
    """A simulated cloud."""
    with tree_in_tmp("--simulate") as running:
        running.up()
        yield running


@pytest.fixture(scope="module")
def real(guest_image: Path) -> Iterator[Tree]:
    """A cloud with real guests."""
    with cloud_of_guests(guest_image) as running:
        yield running


def settled(tree: Tree) -> list[Server]:
    """The servers, once nothing is under way with any; each is as wanted or says why not."""

    def look() -> list[Server] | None:
        found = tree.servers()
        busy = any(server["OS-EXT-STS:task_state"] or server["status"] == "BUILD" for server in found)
        return None if busy or not found else found

    found: list[Server] = eventually(look, PATIENCE_S)  # type: ignore[assignment]
    for server in found:
        assert server["status"] == "ACTIVE" or server.get("fault"), server
    return found


def live_through(tree: Tree) -> None:
    """Create, reboot and delete a server, as a client does who tries again."""
    tree.create("mortal")
    for server in settled(tree):
        if server["status"] == "ACTIVE":
            tree.act(server["id"], reboot={"type": "HARD"})
    tree.delete(*(server["id"] for server in settled(tree)))


def die_at(tree: Tree, place: str) -> None:
    """Have whichever process comes to this place first killed there, during a server's life."""
    tree.stop_file.write_text(place)
    live_through(tree)
    assert not tree.stop_file.exists(), f"nothing died: {place} was never reached"
    assert tree.servers() == []
    assert tree.audit() == []


@pytest.mark.parametrize("place", PLACES_TO_DIE)
def test_a_process_that_dies_there_leaves_nothing_behind(tree: Tree, place: str) -> None:
    die_at(tree, place)


@pytest.mark.parametrize("place", BACKWARD)
def test_nor_does_control_that_dies_as_it_takes_something_back(tree: Tree, place: str) -> None:
    server_id = tree.active("mortal") if "reboot" in place else ""
    agent = tree.pids()["agent"]
    # A host that does not answer holds the operation up, and the deletion then takes its place.
    os.kill(agent, signal.SIGSTOP)
    try:
        if server_id:
            tree.act(server_id, reboot={"type": "HARD"})
        else:
            server_id = tree.create("mortal")
        eventually(lambda: steps_done(tree, server_id), PATIENCE_S)
        tree.stop_file.write_text(place)
        assert tree.compute("DELETE", f"/servers/{server_id}").status_code == 204
        eventually(lambda: not tree.stop_file.exists(), PATIENCE_S)
    finally:
        os.kill(agent, signal.SIGCONT)
    tree.delete(server_id)
    assert tree.servers() == []
    assert tree.audit() == []


def steps_done(tree: Tree, server_id: str) -> bool:
    """Whether the server's newest operation has come as far as it does without its host."""
    server = tree.show(server_id)
    return server["OS-EXT-STS:task_state"] in ("spawning", "rebooting_hard") and bool(server["OS-EXT-SRV-ATTR:host"])


@pytest.mark.parametrize("place", REAL_PLACES)
def test_nor_does_one_with_real_guests(real: Tree, place: str) -> None:
    die_at(real, place)
    assert processes(real) == {}
    assert list((real.state / "agent" / "guests").iterdir()) == []


@pytest.mark.parametrize("victim", ["control", "agent", "supervisor"])
def test_a_process_that_is_killed_at_any_moment_leaves_nothing_behind(tree: Tree, victim: str) -> None:
    for index in range(4):
        tree.create("mortal")
        time.sleep(index * 0.01)
    os.kill(tree.pids()[victim], signal.SIGKILL)
    if victim == "supervisor":
        tree.up()
    tree.delete(*(server["id"] for server in settled(tree)))
    assert tree.servers() == []
    assert tree.audit() == []


@pytest.mark.parametrize("place", ["process-started", "guest-killed"])
def test_a_guest_that_dies_with_its_agent_ends_as_wanted(real: Tree, place: str) -> None:
    real.stop_file.write_text(f"driver:{place}")
    server_id = real.create("mortal")
    if place == "guest-killed":
        real.becomes(server_id, "ACTIVE")
        real.act(server_id, reboot={"type": "HARD"})
    eventually(lambda: not real.stop_file.exists(), PATIENCE_S)
    for pid in processes(real).values():
        os.kill(pid, signal.SIGKILL)
    real.becomes(server_id, "ACTIVE")
    eventually(lambda: server_id in processes(real), PATIENCE_S)
    real.delete(server_id)
    assert (processes(real), real.audit()) == ({}, [])
