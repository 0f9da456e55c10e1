"""Real guests that stand still, go on where they were, and are made anew."""

import re
import time
from collections.abc import Iterator

import pytest
from tests.machine.conftest import FIRST, Pair
from tests.machine.test_guests_go_on import Counting
from tests.support.guests import processes, wait_for_prompt
from tests.support.hosts import eventually

pytestmark = pytest.mark.machine

# Counts up, and says with each number how long the guest itself has run.
COUNT = "(i=0; while :; do i=$((i+1)); echo tick $i; echo up $(cut -d. -f1 /proc/uptime); sleep 0.2; done) & echo begun"
KEPT = "kept-on-the-disk"


@pytest.fixture(scope="module")
def server(pair: Pair) -> Iterator[Counting]:
    counting = Counting(pair.tree, pair.on(FIRST, "standing"))
    wait_for_prompt(pair.tree, counting.id)
    terminal = counting.terminal()
    terminal.log_in()
    terminal.type(f"touch {KEPT} && sync")
    terminal.type(COUNT)
    terminal.wait_for("tick 1")
    terminal.hang_up()
    yield counting
    pair.tree.delete(counting.id)


def uptime_s(server: Counting) -> int:
    return max(int(one) for one in re.findall(r"up (\d+)\r?\n", server.tree.console(server.id)))


def test_a_paused_guest_stands_still_and_goes_on(server: Counting) -> None:
    process = server.pid
    server.counts_on()
    server.tree.act(server.id, pause=None)
    assert becomes(server, "PAUSED")["OS-EXT-STS:power_state"] == 3
    so_far = server.count()
    time.sleep(1.5)
    assert server.count() == so_far
    assert server.pid == process
    server.tree.act(server.id, unpause=None)
    becomes(server, "ACTIVE")
    server.counts_on()
    assert server.pid == process


def test_a_suspended_guest_has_no_process_and_goes_on_where_it_was(server: Counting) -> None:
    tree = server.tree
    server.counts_on()
    process, booted = server.pid, tree.console(server.id).count("login:")
    tree.act(server.id, suspend=None)
    assert becomes(server, "SUSPENDED")["OS-EXT-STS:power_state"] == 4
    assert server.id not in processes(tree)
    so_far, ran_s = server.count(), uptime_s(server)
    # Even a cloud that ends and begins anew in between leaves it so.
    tree.down()
    tree.up()
    assert becomes(server, "SUSPENDED")["OS-EXT-STS:vm_state"] == "suspended"
    assert server.id not in processes(tree)
    tree.act(server.id, resume=None)
    becomes(server, "ACTIVE")
    eventually(lambda: server.count() > so_far, 20)
    assert server.pid != process
    assert ran_s <= uptime_s(server) < ran_s + 30
    assert tree.console(server.id).count("login:") == booted
    assert not list((tree.state / "agent" / "guests" / server.id).glob("memory*"))
    assert tree.audit() == []


def test_a_rebuilt_guest_has_a_new_disk(server: Counting) -> None:
    tree = server.tree
    folder = tree.state / "agent" / "guests" / server.id / "own"
    (old,) = folder.glob("*.qcow2")
    before = tree.show(server.id)
    booted = tree.console(server.id).count("login:")
    told = tree.act(server.id, rebuild={"imageRef": tree.image_id(), "name": "anew"}).json()["server"]
    assert (told["status"], len(told["adminPass"])) == ("REBUILD", 12)
    after = becomes(server, "ACTIVE")
    same = ("id", "created", "addresses", "OS-EXT-SRV-ATTR:host", "OS-EXT-SRV-ATTR:instance_name", "flavor")
    assert [after[name] for name in same] == [before[name] for name in same]
    assert after["name"] == "anew"
    (new,) = folder.glob("*.qcow2")
    assert new.name != old.name
    eventually(lambda: tree.console(server.id).count("login:") > booted, 90)
    terminal = server.terminal()
    terminal.log_in()
    terminal.type(f"ls {KEPT} || echo it is new")
    terminal.wait_for("\nit is new")
    terminal.hang_up()
    assert tree.audit() == []


def becomes(server: Counting, status: str) -> dict[str, object]:
    """Wait until the server has this status and nothing is under way with it."""

    def look() -> dict[str, object] | None:
        found = server.tree.show(server.id)
        assert found["status"] != "ERROR", found["fault"]
        return found if found["status"] == status and not found["OS-EXT-STS:task_state"] else None

    return eventually(look, 60)  # type: ignore[return-value]
