"""`haneul trace packet` on a real host: what somebody took away from under the rows is named, and mended."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
from tests.support.hosts import eventually
from tests.support.network_api import NetworkApi, Thing, cloud_of_networks
from tests.support.tree import PATIENCE_S

from haneul.host.namespaces import inside
from haneul.services.network.drivers.base import (
    bridge_of,
    inside_device_of,
    outside_device_of,
    router_namespace_of,
    tap_of,
)
from haneul.settings import CloudSettings

pytestmark = pytest.mark.machine

HOST = "host-1"
# The agent mends by itself what is wholly gone, when it next looks at everything.
TRIES = 3


class Street:
    """Two guests' ports on one network behind a router, the first with a floating IP."""

    def __init__(self, api: NetworkApi) -> None:
        self.api = api
        self.group = api.group({"protocol": "icmp"}, {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22})
        network = api.make("network")
        subnet = api.subnet(network, "10.0.0.0/24")
        self.near, self.far = (api.port_on(HOST, network, security_groups=[self.group["id"]]) for _ in range(2))
        self.router = api.routed(subnet)
        self.floating = api.floating_ip(self.near)
        self.own = CloudSettings.namespace_of(api.tree.cloud_id)
        self.table = f"haneul-{api.tree.cloud_id}"

    @property
    def outside(self) -> str:
        return str(self.floating["floating_ip_address"])

    def trace(self, *words: str) -> Thing:
        done = self.api.tree.run("trace", "packet", *words, "--json")
        assert "Traceback" not in done.stderr
        told: Thing = json.loads(done.stdout)
        assert done.returncode == (0 if told["passes"] else 1), done.stdout
        return told

    def in_own(self, *argv: str) -> None:
        """A command in the namespace of this host's networks."""
        run(self.own, *argv)

    def in_router(self, *argv: str) -> None:
        run(router_namespace_of(self.router["id"]), *argv)

    def port_of_router(self, owner: str) -> str:
        (port,) = self.api.listed("port", device_id=self.router["id"], device_owner=f"network:{owner}")
        return str(port["id"])

    def remake_router(self) -> None:
        """What the trace says that helps where a router is not as it should be."""
        for is_up in (False, True):
            self.api.change("router", self.router["id"], admin_state_up=is_up)

    def passes_again(self, *words: str) -> None:
        eventually(lambda: self.trace(*words)["passes"], PATIENCE_S)


def run(namespace: str, *argv: str) -> None:
    with inside(namespace):
        subprocess.run(argv, check=True, timeout=20, capture_output=True)


@pytest.fixture(scope="module")
def street() -> Iterator[Street]:
    with cloud_of_networks(HANEUL_CLOUD_HOST=HOST) as tree:
        yield Street(NetworkApi(tree))


def in_from_outside(street: Street) -> tuple[str, ...]:
    return "--to", street.outside, "--tcp", "22"


def test_a_packet_that_passes_is_seen_on_the_host_at_every_place(street: Street) -> None:
    told = eventually(lambda: _passing(street, *in_from_outside(street)), PATIENCE_S)
    seen = {hop["at"]: hop["text"] for hop in told["hops"] if hop["looked_at"] == "rows and host"}  # type: ignore[index]
    near, router = street.near["id"], street.router["id"]
    assert f"The host has {tap_of(near)} in {bridge_of(street.near['network_id'])}." in seen["destination port"]
    assert f"The host has {router_namespace_of(router)}." in seen["router"]
    assert "The host has destination: dnat @fixed" in seen["translation"]
    assert seen["ingress"].endswith("The host has the rule in the group's chains.")
    assert seen["outside"].endswith(f"The host has hn-{street.api.tree.cloud_id[:8]}.")


def _passing(street: Street, *words: str) -> Thing | None:
    told = street.trace(*words)
    return told if told["passes"] and all(hop["verdict"] == "ok" for hop in told["hops"]) else None


def test_from_guest_to_guest_and_outward_the_host_agrees(street: Street) -> None:
    far = street.far["fixed_ips"][0]["ip_address"]
    told = street.trace("--from", street.near["id"], "--to", far)
    assert (told["passes"], [hop["differs"] for hop in told["hops"] if hop["differs"]]) == (True, [])
    assert "The host has its filter." in told["hops"][1]["text"]
    gateway = street.api.tree.run("trace", "packet", "--from", street.far["id"], "--to", "172.31.255.1").stdout
    assert "The host has source: snat to " in gateway
    assert "The host has the route to 0.0.0.0/0." in gateway


def test_what_no_row_lets_in_no_rule_of_the_host_does(street: Street) -> None:
    told = street.trace("--to", street.outside, "--tcp", "80")
    assert (told["dropped_at"], told["hops"][-1]["differs"]) == ("ingress", False)
    street.in_own("nft", "add", "rule", "inet", street.table, f"ingress-{street.group['id']}", "tcp dport 80 accept")
    hop = street.trace("--to", street.outside, "--tcp", "80")["hops"][-1]
    assert (hop["verdict"], hop["differs"]) == ("DROP", True)
    assert "The rows say so, the host has 1 rules in its chains that no row knows: haneul doctor --audit" in hop["text"]
    street.api.let(street.group, protocol="udp")
    eventually(lambda: not street.trace("--to", street.outside, "--tcp", "80")["hops"][-1]["differs"], PATIENCE_S)


def lost(street: Street, spoil: Callable[[], None], *words: str) -> Thing:
    """The place at which the host differs from the rows, after something was spoilt."""
    for _ in range(TRIES):
        spoil()
        told = street.trace(*words)
        if not told["passes"]:
            hop: Thing = told["hops"][-1]
            assert hop["text"].startswith("The rows say: ")
            assert hop["text"].endswith(": haneul doctor --audit")
            assert (hop["verdict"], hop["differs"], hop["looked_at"]) == ("DROP", True, "rows and host")
            return hop
        time.sleep(1)
    raise AssertionError("it is mended each time before it can be seen")


def test_a_lost_tap_is_named_and_made_again(street: Street) -> None:
    tap = tap_of(street.near["id"])
    hop = lost(street, lambda: street.in_own("ip", "link", "del", tap), *in_from_outside(street))
    assert (hop["at"], f"The host has no device {tap}" in hop["text"]) == ("destination port", True)
    street.passes_again(*in_from_outside(street))


def test_a_tap_outside_of_its_bridge(street: Street) -> None:
    tap, bridge = tap_of(street.near["id"]), bridge_of(street.near["network_id"])
    hop = lost(street, lambda: street.in_own("ip", "link", "set", tap, "nomaster"), *in_from_outside(street))
    assert f"The host has the device {tap} outside of the bridge {bridge}" in hop["text"]
    street.in_own("ip", "link", "set", tap, "master", bridge)
    street.passes_again(*in_from_outside(street))


def test_a_bridge_that_is_down(street: Street) -> None:
    bridge = bridge_of(street.near["network_id"])
    words = ("--from", street.far["id"], "--to", street.near["fixed_ips"][0]["ip_address"])
    hop = lost(street, lambda: street.in_own("ip", "link", "set", bridge, "down"), *words)
    assert f"The host has the device {bridge} down" in hop["text"]
    street.in_own("ip", "link", "set", bridge, "up")
    street.passes_again(*words)


def test_a_rule_that_the_host_has_lost(street: Street) -> None:
    chain = f"ingress-{street.group['id']}"
    flush = ("nft", "flush", "chain", "inet", street.table, chain)
    hop = lost(street, lambda: street.in_own(*flush), *in_from_outside(street))
    assert (hop["at"], "no such rule in the chains" in hop["text"]) == ("ingress", True)
    assert hop["fix"].startswith("openstack security group rule create --ingress --ethertype IPv4 --protocol tcp")
    street.api.let(street.group, protocol="tcp", remote_ip_prefix="198.18.0.0/15")
    street.passes_again(*in_from_outside(street))


SPOILT: dict[str, tuple[str, Callable[[Street], tuple[str, ...]], str]] = {
    "translation": ("translation", lambda _: ("nft", "flush", "map", "inet", "haneul", "fixed"), "no translation"),
    "forwarding": ("router", lambda _: ("sysctl", "-w", "net.ipv4.ip_forward=0"), "which forwards nothing"),
    "inside leg": (
        "router leg",
        lambda street: ("ip", "address", "flush", "dev", inside_device_of(street.port_of_router("router_interface"))),
        "without 10.0.0.1",
    ),
    "outside leg": (
        "router leg",
        lambda street: ("ip", "link", "set", outside_device_of(street.port_of_router("router_gateway")), "down"),
        "down in qrouter-",
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_router_that_is_not_as_its_rows(street: Street, what: str) -> None:
    at, command, said = SPOILT[what]
    hop = lost(street, lambda: street.in_router(*command(street)), *in_from_outside(street))
    assert (hop["at"], said in hop["text"]) == (at, True)
    router = street.router["id"]
    assert hop["fix"] == f"openstack router set --disable {router}; openstack router set --enable {router}"
    street.remake_router()
    street.passes_again(*in_from_outside(street))


def test_a_route_that_the_router_has_lost(street: Street) -> None:
    words = ("--from", street.far["id"], "--to", "172.31.255.1")
    hop = lost(street, lambda: street.in_router("ip", "route", "del", "default"), *words)
    assert (hop["at"], "The host has no route to 0.0.0.0/0" in hop["text"]) == ("route", True)
    street.remake_router()
    eventually(lambda: street.trace(*words)["dropped_at"] != "route", PATIENCE_S)
