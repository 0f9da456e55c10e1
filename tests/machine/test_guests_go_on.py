"""Guests outlive whatever else ends: control, agent, supervisor, the whole cloud; and what ends a guest is mended."""

import os
import re
import signal
from collections.abc import Iterator

import pytest
from tests.machine.conftest import FIRST, Pair
from tests.support.guests import Terminal, kill_guest, processes, wait_for_prompt
from tests.support.hosts import eventually
from tests.support.tree import Tree

pytestmark = pytest.mark.machine

COUNT = "(i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.2; done) & echo begun"


class Counting:
    """A server whose guest counts aloud, as long as it runs."""

    def __init__(self, tree: Tree, server_id: str) -> None:
        self.tree, self.id = tree, server_id

    @property
    def pid(self) -> int:
        return processes(self.tree)[self.id]

    def terminal(self) -> Terminal:
        return Terminal(self.tree.state / "agent" / "run" / "guests" / self.id / "serial")

    def count(self) -> int:
        """How far it has come; -1 if it can't be heard right now."""
        ticks = re.findall(r"tick (\d+)\r?\n", self.tree.console(self.id))
        return int(ticks[-1]) if ticks else -1

    def counts_on(self) -> None:
        """It has not begun anew, and goes on."""
        so_far = self.count()
        assert so_far > 0
        eventually(lambda: self.count() > so_far, 20)


@pytest.fixture(scope="module")
def server(pair: Pair) -> Iterator[Counting]:
    counting = Counting(pair.tree, pair.on(FIRST, "counting"))
    wait_for_prompt(pair.tree, counting.id)
    terminal = counting.terminal()
    terminal.log_in()
    terminal.type(COUNT)
    terminal.wait_for("tick 1")
    terminal.hang_up()
    yield counting
    pair.tree.delete(counting.id)


@pytest.mark.parametrize("victim", ["control", "agent"])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["ended", "killed"])
def test_a_guest_does_not_notice_what_happens_to(server: Counting, victim: str, how: signal.Signals) -> None:
    guest, before = server.pid, server.tree.pids()[victim]
    server.counts_on()
    os.kill(before, how)
    eventually(lambda: server.tree.pids().get(victim, before) != before, 30)
    server.counts_on()
    assert server.pid == guest
    assert server.tree.show(server.id)["status"] == "ACTIVE"


def test_a_guest_outlives_the_supervisor_and_the_whole_cloud(server: Counting) -> None:
    guest, so_far = server.pid, server.count()
    os.kill(server.tree.pids()["supervisor"], signal.SIGKILL)
    eventually(lambda: not server.tree.pids(), 30)
    assert server.pid == guest
    server.tree.up()
    assert server.count() > so_far
    server.tree.down()
    assert server.pid == guest
    server.tree.up()
    server.counts_on()
    assert server.pid == guest


def test_a_guest_that_is_killed_comes_back_as_wanted(server: Counting) -> None:
    killed = kill_guest(server.tree, server.id)
    eventually(lambda: processes(server.tree).get(server.id, killed) != killed, 15)
    assert server.tree.becomes(server.id, "ACTIVE")["OS-EXT-STS:power_state"] == 1
    assert server.tree.audit() == []


def test_a_server_that_its_user_switches_off_is_shut_off(server: Counting) -> None:
    eventually(lambda: server.tree.console(server.id).count("login:") >= 2, 90)
    terminal = server.terminal()
    terminal.log_in()
    terminal.type("sudo poweroff")
    eventually(lambda: server.tree.show(server.id)["status"] == "SHUTOFF", 25)
    terminal.hang_up()
    eventually(lambda: server.id not in processes(server.tree), 15)
    assert server.tree.show(server.id)["OS-EXT-STS:power_state"] == 4
    server.tree.act(server.id, **{"os-start": None})
    server.tree.becomes(server.id, "ACTIVE")
