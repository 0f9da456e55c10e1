"""Whatever dies while a server is paused, suspended, let go on or rebuilt: it ends as wanted, and nothing is left."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.guests import cloud_of_guests, processes
from tests.support.hosts import eventually
from tests.support.tree import PATIENCE_S, Server, Tree, tree_in_tmp

from haneul.kernel.operations.turn import places_of
from haneul.services.compute.server_rebuilds.operations import RebuildServer
from haneul.services.compute.server_states.operations import STATE_OPERATIONS

pytestmark = pytest.mark.machine

PLACES = tuple(
    place for operation in (*STATE_OPERATIONS, RebuildServer) for place in places_of(operation) if ":undo " not in place
)
# With real guests, the places between which memory or a disk is only half where it should be.
REAL_PLACES = ("driver:memory-written", "driver:memory-forgotten", "driver:disk-dropped")


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


def reaches(tree: Tree, server_id: str, status: str) -> Server:
    def look() -> Server | None:
        found = tree.show(server_id)
        assert found["status"] != "ERROR", found["fault"]
        return found if found["status"] == status and not found["OS-EXT-STS:task_state"] else None

    return eventually(look, PATIENCE_S)  # type: ignore[return-value]


def die_at(tree: Tree, place: str) -> None:
    """Have whichever process comes to this place first killed there, as a server goes through all of it."""
    server_id = tree.active("mortal")
    tree.stop_file.write_text(place)
    for action, status in (("pause", "PAUSED"), ("unpause", "ACTIVE"), ("suspend", "SUSPENDED"), ("resume", "ACTIVE")):
        tree.act(server_id, **{action: None})
        reaches(tree, server_id, status)
    tree.act(server_id, rebuild={"imageRef": tree.image_id()})
    reaches(tree, server_id, "ACTIVE")
    assert not tree.stop_file.exists(), f"nothing died: {place} was never reached"
    assert tree.audit() == []
    tree.delete(server_id)
    assert tree.servers() == []
    assert tree.audit() == []


@pytest.mark.parametrize("place", PLACES)
def test_a_process_that_dies_there_changes_nothing_in_the_end(tree: Tree, place: str) -> None:
    die_at(tree, place)


@pytest.mark.parametrize("place", REAL_PLACES)
def test_nor_does_one_with_real_guests(real: Tree, place: str) -> None:
    die_at(real, place)
    assert processes(real) == {}
    assert list((real.state / "agent" / "guests").iterdir()) == []
