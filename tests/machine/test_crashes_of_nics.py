"""Whatever dies while a server gets a NIC or loses it: it ends as wanted, and no port is left over."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.hosts import eventually
from tests.support.tree import PATIENCE_S, Tree, tree_in_tmp

from haneul.kernel.operations.turn import places_of
from haneul.services.compute.interfaces.operations import INTERFACE_OPERATIONS, AttachInterface, DetachInterface

pytestmark = pytest.mark.machine

PLACES = tuple(place for operation in INTERFACE_OPERATIONS for place in places_of(operation) if ":undo " not in place)
ATTACHING_BACK = tuple(f"operation:{AttachInterface.name}:undo {name}" for name in ("see port made", "bind port"))
DETACHING_BACK = tuple(f"operation:{DetachInterface.name}:undo {name}" for name in ("see it pulled", "want it pulled"))


@pytest.fixture(scope="module")
def tree() -> Iterator[Tree]:
    """A simulated cloud with one network."""
    with tree_in_tmp("--simulate") as running:
        running.up()
        network = made(running, "network", name="mortal")
        made(running, "subnet", network_id=network["id"], cidr="10.1.0.0/24", ip_version=4)
        yield running


@pytest.fixture
def server_id(tree: Tree) -> Iterator[str]:
    found = tree.active("mortal")
    yield found
    tree.delete(found)
    assert ports(tree) == []
    assert tree.audit() == []


def made(tree: Tree, noun: str, **wanted: Any) -> dict[str, Any]:
    answer = tree.call("POST", 9696, f"/v2.0/{noun}s", {noun: wanted})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()[noun]
    return found


def ports(tree: Tree) -> list[str]:
    """The ports that are not the cloud's own."""
    found = tree.call("GET", 9696, "/v2.0/ports").json()["ports"]
    return [one["id"] for one in found if not one["device_owner"].startswith("network:")]


def attach(tree: Tree, server_id: str) -> str:
    """Ask for one more interface; its port."""
    (network, *_) = tree.call("GET", 9696, "/v2.0/networks?name=mortal").json()["networks"]
    body = {"interfaceAttachment": {"net_id": network["id"]}}
    answer = tree.compute("POST", f"/servers/{server_id}/os-interface", body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["interfaceAttachment"]["port_id"])


def detach(tree: Tree, server_id: str, port_id: str) -> None:
    assert tree.compute("DELETE", f"/servers/{server_id}/os-interface/{port_id}").status_code == 202


def is_over(tree: Tree, server_id: str, action: str, message: str | None = None) -> bool:
    """Whether the newest thing that was done with the server is this, and has ended so."""
    path = f"/servers/{server_id}/os-instance-actions"
    (newest, *_) = tree.compute("GET", path).json()["instanceActions"]
    whole = tree.compute("GET", f"{path}/{newest['request_id']}").json()["instanceAction"]
    steps = {"attach_interface": AttachInterface, "detach_interface": DetachInterface}[action].steps
    if newest["action"] != action or newest["message"] != message:
        return False
    return message is not None or len([one for one in whole["events"] if one["finish_time"]]) == len(steps)


@pytest.mark.parametrize("place", PLACES)
def test_a_process_that_dies_there_changes_nothing_in_the_end(tree: Tree, server_id: str, place: str) -> None:
    tree.stop_file.write_text(place)
    port_id = attach(tree, server_id)
    eventually(lambda: is_over(tree, server_id, "attach_interface"), PATIENCE_S)
    assert ports(tree) == [port_id]
    assert tree.audit() == []
    detach(tree, server_id, port_id)
    eventually(lambda: is_over(tree, server_id, "detach_interface"), PATIENCE_S)
    assert not tree.stop_file.exists(), f"nothing died: {place} was never reached"
    assert ports(tree) == []


@pytest.mark.parametrize("place", ATTACHING_BACK)
def test_nor_does_control_that_dies_as_it_takes_a_nic_back(tree: Tree, server_id: str, place: str) -> None:
    agent = tree.pids()["agent"]
    # A host that does not answer holds the operation up, and the server's deletion then takes its place.
    os.kill(agent, signal.SIGSTOP)
    try:
        attach(tree, server_id)
        tree.stop_file.write_text(place)
        assert tree.compute("DELETE", f"/servers/{server_id}").status_code == 204
        eventually(lambda: not tree.stop_file.exists(), PATIENCE_S)
    finally:
        os.kill(agent, signal.SIGCONT)


@pytest.mark.parametrize("place", DETACHING_BACK)
def test_nor_does_control_that_dies_as_it_gives_a_nic_back(tree: Tree, server_id: str, place: str) -> None:
    port_id = attach(tree, server_id)
    eventually(lambda: is_over(tree, server_id, "attach_interface"), PATIENCE_S)
    tree.act(server_id, pause=None)
    eventually(lambda: tree.show(server_id)["status"] == "PAUSED", PATIENCE_S)
    tree.stop_file.write_text(place)
    detach(tree, server_id, port_id)
    eventually(lambda: is_over(tree, server_id, "detach_interface", "Error"), PATIENCE_S)
    assert not tree.stop_file.exists(), f"nothing died: {place} was never reached"
    assert ports(tree) == [port_id]
    assert tree.show(server_id)["status"] == "PAUSED"
    assert tree.audit() == []
