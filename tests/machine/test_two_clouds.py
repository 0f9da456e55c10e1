"""Two clouds with real guests on one machine: what one does, the other never notices."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.machine.conftest import FIRST, Pair
from tests.support.guests import cloud_of_guests, processes, traces, wait_for_prompt
from tests.support.tree import Tree, left_of

from haneul.host.namespaces import list_namespaces

pytestmark = pytest.mark.machine


@pytest.fixture(scope="module")
def neighbour(guest_image: Path) -> Iterator[Tree]:
    """A second cloud, its host under the same name as the first one's."""
    with cloud_of_guests(guest_image, HANEUL_CLOUD_HOST=FIRST) as tree:
        yield tree


@pytest.fixture
def own(pair: Pair) -> Iterator[str]:
    server_id = pair.on(FIRST, "neighbour")
    yield server_id
    pair.tree.delete(server_id)


def test_neither_cloud_touches_the_others_guests(pair: Pair, own: str, neighbour: Tree) -> None:
    theirs = [neighbour.active(f"their-{number}") for number in range(2)]
    mine, before = processes(pair.tree)[own], processes(neighbour)
    assert before.keys() == set(theirs)
    neighbour.act(theirs[0], reboot={"type": "HARD"})
    neighbour.becomes(theirs[0], "ACTIVE")
    neighbour.delete(theirs[0])
    assert processes(pair.tree)[own] == mine
    asked = neighbour.call("GET", 8774, f"/v2.1/servers/{theirs[1]}", headers={"X-Auth-Token": pair.tree.token})
    assert asked.status_code == 401
    assert pair.tree.compute("GET", f"/servers/{theirs[1]}").status_code == 404
    assert (pair.tree.audit(), neighbour.audit()) == ([], [])
    wait_for_prompt(neighbour, theirs[1])
    neighbour.down("--guests")
    assert processes(neighbour) == {}
    assert processes(pair.tree)[own] == mine
    neighbour.up()
    neighbour.becomes(theirs[1], "ACTIVE")


def test_wiping_one_leaves_the_other_whole_and_nothing_of_itself(pair: Pair, own: str, neighbour: Tree) -> None:
    assert processes(neighbour)
    mine, folders = processes(pair.tree)[own], traces(pair.tree, own)
    assert any(neighbour.cloud_id in name for name in list_namespaces())
    neighbour.down("--wipe", "--yes")
    assert left_of(neighbour) == []
    assert (processes(pair.tree)[own], traces(pair.tree, own)) == (mine, folders)
    assert pair.tree.becomes(own, "ACTIVE")
    pair.tree.act(own, reboot={"type": "HARD"})
    pair.tree.becomes(own, "ACTIVE")
    assert pair.tree.audit() == []
