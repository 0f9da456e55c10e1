"""Whoever works here is killed at any moment; the next one makes all whole, and removes all."""

import signal
import subprocess
import sys
import time

import pytest
from tests.host.net.lan import Lan, Network
from tests.host.net.places import Places

from haneul.host.namespaces import list_namespaces, processes_inside, remove_namespace
from haneul.host.net.addresses import list_addresses
from haneul.host.net.daemons import Home
from haneul.host.net.dhcp.server import remove_dhcp
from haneul.host.net.links import find_link, list_own_links, remove_link

pytestmark = pytest.mark.machine

WORK = """
import sys
from pathlib import Path
from haneul.host.namespaces import ensure_namespace, inside
from haneul.host.net.daemons import Home
from haneul.host.net.dhcp.server import ensure_dhcp
from haneul.host.net.dhcp.values import DhcpHost, DhcpServer, Subnet
from haneul.host.net.links import attach, ensure_bridge
from haneul.host.net.marks import Mark
from haneul.host.net.segments import Vxlan, ensure_flooding, ensure_vxlan
from haneul.host.net.taps import ensure_tap
from haneul.host.net.veths import Veth, ensure_veth

agent, place, folder, cloud_id = sys.argv[1:]
import pyroute2
print("ready", flush=True)
mark = Mark(cloud_id, "net", "n1")
with inside(agent):
    ensure_bridge("brq1", 1450, mark)
    ensure_namespace(place, mark.text)
    ensure_veth(Veth(name="tapx", peer="tap0", peer_place=place, peer_mac="fa:16:3e:00:00:02", mtu=1450, mark=mark))
    attach("tapx", "brq1")
    ensure_tap("tap1", 1450, mark)
    attach("tap1", "brq1")
    ensure_vxlan(Vxlan(name="vxlan-1", bridge="brq1", mtu=1450, mark=mark, vni=1, local_ip="192.0.2.1"))
    ensure_flooding("vxlan-1", ["192.0.2.2"])
hosts = (DhcpHost(mac="fa:16:3e:00:00:05", addresses=("10.0.0.5",)),)
subnets = (Subnet(cidr="10.0.0.0/24"),)
server = DhcpServer(id="n1", device="tap0", addresses=("10.0.0.2/24",), mtu=1450, subnets=subnets, hosts=hosts)
ensure_dhcp(server, Home(folder=Path(folder), place=place))
print("done", flush=True)
"""


def work(*words: str, killed_after_s: float | None = None) -> bool:
    """Do all the work in a process of its own; whether it came to its end."""
    child = subprocess.Popen([sys.executable, "-c", WORK, *words], stdout=subprocess.PIPE, text=True)
    assert child.stdout
    assert child.stdout.readline() == "ready\n"
    if killed_after_s is not None:
        time.sleep(killed_after_s)
        child.send_signal(signal.SIGKILL)
    done = child.stdout.read() == "done\n"
    child.wait()
    child.stdout.close()
    return done


@pytest.mark.parametrize("killed_after_ms", [0, 2, 5, 8, 12, 17, 23, 30, 38, 47, 60])
def test_what_a_kill_left_is_made_whole_and_removed(here: Places, network: Network, killed_after_ms: int) -> None:
    agent, place = here.new("agent"), f"t-{here.cloud_id[:6]}-n1"
    home = Home(folder=network.folder / "n1", place=place)
    words = (agent, place, str(home.folder), here.cloud_id)
    try:
        work(*words, killed_after_s=killed_after_ms / 1000)
        assert work(*words)
        assert list_addresses("tap0", place) == {"10.0.0.2/24"}
        assert len(processes_inside(place)) == 1
        bridge = find_link("brq1", agent)
        assert bridge
        ports = {link.name: link.master_index for link in list_own_links(here.cloud_id, agent)}
        assert ports == {"brq1": None} | dict.fromkeys(("tapx", "tap1", "vxlan-1"), bridge.index)
    finally:
        remove_everything(here, home, agent, place)
    assert list_own_links(here.cloud_id, agent) == []
    assert (list(network.folder.iterdir()), place in list_namespaces()) == ([], False)


@pytest.mark.parametrize("killed_after_ms", [1, 10, 20, 35])
def test_what_a_kill_left_is_listed_and_so_can_be_removed(here: Places, network: Network, killed_after_ms: int) -> None:
    agent, place = here.new("agent"), f"t-{here.cloud_id[:6]}-n1"
    home = Home(folder=network.folder / "n1", place=place)
    work(agent, place, str(home.folder), here.cloud_id, killed_after_s=killed_after_ms / 1000)
    remove_everything(here, home, agent, place)
    assert [link.name for link in list_own_links(here.cloud_id, agent)] == []
    assert here.names() == [agent]


def remove_everything(here: Places, home: Home, agent: str, place: str) -> None:
    remove_dhcp(home)
    remove_namespace(place)
    for link in list_own_links(here.cloud_id, agent):
        remove_link(link.name, agent)


def test_a_network_is_gone_with_its_parts(lan: Lan) -> None:
    names = {link.name for link in list_own_links(lan.here.cloud_id, lan.place)}
    assert names == {"br0", "dhcp"}
    remove_dhcp(lan.dhcp)
    remove_namespace(str(lan.dhcp.place))
    deadline = time.monotonic() + 5
    while find_link("dhcp", lan.place) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert {link.name for link in list_own_links(lan.here.cloud_id, lan.place)} == {"br0"}
