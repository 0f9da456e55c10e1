"""Packets flow on whatever ends: a guest is pinged through its floating IP, and no reply is lost."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.guests import cloud_of_guests, processes, wait_for_prompt
from tests.support.hosts import eventually
from tests.support.network_api import NetworkApi
from tests.support.pings import pinging
from tests.support.tree import Tree

pytestmark = pytest.mark.machine


@pytest.fixture(scope="module")
def tree(guest_image: Path) -> Iterator[Tree]:
    with cloud_of_guests(guest_image) as running:
        yield running


@pytest.fixture(scope="module")
def address(tree: Tree) -> Iterator[str]:
    """The floating IP of a guest that answers."""
    api = NetworkApi(tree)
    network = api.make("network", name="inside")
    api.routed(api.subnet(network, "10.0.0.0/24"))
    group = api.group({"protocol": "icmp"})
    port = api.make("port", network_id=network["id"], security_groups=[group["id"]])
    server_id = tree.create("pinged", networks=[{"port": port["id"]}])
    tree.becomes(server_id, "ACTIVE")
    floating = api.floating_ip(port)
    wait_for_prompt(tree, server_id)
    yield str(floating["floating_ip_address"])
    tree.delete(server_id)
    api.clean()


def restart(tree: Tree, *victims: str, how: signal.Signals) -> None:
    before = tree.pids()
    for victim in victims:
        os.kill(before[victim], how)
    eventually(lambda: all(tree.pids().get(one, before[one]) != before[one] for one in victims), 30)
    eventually(lambda: tree.run("status").returncode == 0, 30)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["ended", "killed"])
def test_no_reply_is_lost_while_control_and_agent_start_again(tree: Tree, address: str, how: signal.Signals) -> None:
    with pinging(address) as seen:
        restart(tree, "agent", how=how)
        restart(tree, "control", "agent", how=how)
    assert (seen.lost, seen.replies > 50) == ((), True)


def test_no_reply_is_lost_while_the_whole_cloud_is_down(tree: Tree, address: str) -> None:
    guests = processes(tree)
    with pinging(address) as seen:
        tree.down()
        tree.up()
        eventually(lambda: tree.audit() == [], 30)
    assert (seen.lost, seen.replies > 50) == ((), True)
    assert processes(tree) == guests
