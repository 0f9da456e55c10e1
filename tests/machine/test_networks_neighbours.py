"""Whoever else has networks on the machine, say Docker, neither breaks the cloud nor is changed by it.

A namespace plays the machine: the whole cloud runs in it, so that the real machine's own rules are left alone.
"""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.support.bridged import ip
from tests.support.hosts import eventually
from tests.support.network_api import NetworkApi
from tests.support.pings import pinging
from tests.support.played_guests import played
from tests.support.tree import Tree, tree_in_tmp

from haneul.host.namespaces import ensure_namespace, inside, processes_inside, remove_namespace
from haneul.host.net.links import list_links
from haneul.settings import CloudSettings

pytestmark = pytest.mark.machine

MACHINE, CONTAINER = "plays-the-machine", "plays-a-container"
CLOUDS_OWN = "hn-"
HOST, CIDR, GATEWAY = "host-1", "10.0.0.0/24", "10.0.0.1"
SYSCTLS = (
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/rp_filter",
    "net/ipv4/conf/all/arp_ignore",
    "net/ipv6/conf/all/forwarding",
    "net/bridge/bridge-nf-call-iptables",
    "net/bridge/bridge-nf-call-arptables",
)
# What iptables and Docker make of `iptables -P FORWARD DROP` and a published network.
DOCKER = """
table ip filter {
  chain DOCKER-USER {
    return
  }
  chain FORWARD {
    type filter hook forward priority filter; policy drop;
    jump DOCKER-USER
    oifname "docker0" ct state related,established accept
    iifname "docker0" oifname != "docker0" accept
  }
}
table ip6 filter {
  chain FORWARD { type filter hook forward priority filter; policy drop; }
}
table ip nat {
  chain POSTROUTING {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 172.17.0.0/16 oifname != "docker0" masquerade
  }
}
"""


@pytest.fixture
def machine() -> Iterator[str]:
    """A machine with a container behind a bridge and a filter that forwards nothing else."""
    for name in (MACHINE, CONTAINER):
        ensure_namespace(name)
    try:
        ip(
            MACHINE,
            "link add docker0 type bridge",
            # An address that the kernel is still trying out would look like a change.
            "link set docker0 addrgenmode none",
            "address add 172.17.0.1/16 dev docker0",
            "link set docker0 up",
            f"link add veth0 type veth peer name eth0 netns {CONTAINER}",
            "link set veth0 addrgenmode none master docker0 up",
        )
        ip(CONTAINER, "address add 172.17.0.2/16 dev eth0", "link set eth0 up", "route add default via 172.17.0.1")
        with inside(MACHINE):
            subprocess.run(["nft", "-f", "-"], input=DOCKER, text=True, check=True)
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        yield MACHINE
    finally:
        for name in (MACHINE, CONTAINER):
            remove_namespace(name)


def shown(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=20).stdout


def state_of(machine: str) -> dict[str, str]:
    """The machine's rules, links, addresses, routes and settings, without the cloud's one link and what is on it."""
    with inside(machine):
        found = {name: Path(f"/proc/sys/{name}").read_text() for name in SYSCTLS}
        found["rules"] = shown("nft", "-s", "list", "ruleset")
        links = [link for link in list_links() if not link.name.startswith(CLOUDS_OWN)]
        found["links"] = repr([(link.name, link.mac, link.mtu, link.is_up, link.master_index) for link in links])
        for what in ("address", "route", "rule"):
            lines = shown("ip", "-o", what).splitlines()
            found[what] = "\n".join(line for line in lines if CLOUDS_OWN not in line)
    return found


@contextmanager
def cloud_on(machine: str) -> Iterator[Tree]:
    """A cloud whose every process starts on this machine. It is wiped by whoever has it."""
    with inside(machine), tree_in_tmp(HANEUL_CLOUD_HOST=HOST) as tree:
        seeded = tree.state / "tree" / "seeded.json"
        seeded.parent.mkdir(parents=True)
        seeded.write_text('{"image_id": "00000000-0000-0000-0000-000000000000", "done": true}')
        tree.up()
        yield tree


def test_a_filter_that_forwards_nothing_neither_breaks_floating_ips_nor_is_changed(machine: str) -> None:
    before = state_of(machine)
    with cloud_on(machine) as tree, ExitStack() as stack:
        api = NetworkApi(tree)
        network = api.make("network")
        api.routed(api.subnet(network, CIDR))
        group = api.group({"protocol": "icmp"})
        port = api.port_on(HOST, network, security_groups=[group["id"]])
        place = CloudSettings.namespace_of(tree.cloud_id)
        guest = stack.enter_context(played(place, port, CIDR, GATEWAY))
        address = str(api.floating_ip(port)["floating_ip_address"])
        eventually(lambda: guest.run("ping", "-c", "1", "-W", "1", GATEWAY).returncode == 0)
        with pinging(address, machine) as seen:
            with inside(CONTAINER):
                shown("ping", "-c", "2", "-i", "0.2", "172.17.0.1")
            assert state_of(machine) == before
        assert (seen.lost, seen.replies > 5) == ((), True)
        stack.close()
        tree.down("--wipe", "--yes")
    assert state_of(machine) == before
    assert {link.name for link in list_links(machine)} == {"lo", "docker0", "veth0"}
    assert processes_inside(machine) == []
