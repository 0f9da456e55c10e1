"""Whatever dies as networks come, change and go: everything ends as the rows say, nothing is left, nothing missing."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx
import pytest
from tests.support.hosts import eventually
from tests.support.network_api import GUESTS, NetworkApi, Thing, cloud_of_networks
from tests.support.tree import PATIENCE_S

from haneul.host.namespaces import list_marked_namespaces, processes_inside, remove_namespace
from haneul.host.net.marks import marks_of
from haneul.kernel.reconcile.runner import PLACES
from haneul.settings import CloudSettings

pytestmark = pytest.mark.machine

HOST = "host-1"
# Each step of the driver is died at in its contract; these are some with a whole cloud around.
DRIVER: dict[str, tuple[str, ...]] = {
    "port": ("tap-made", "port-filtered"),
    "dhcp": ("dhcp-joined",),
    "router": ("router-rules-made", "router-served"),
}
MAKING = {
    kind: (*(f"network:{step}" for step in DRIVER.get(kind, ())), *(f"agent:{kind}:{place}" for place in PLACES[:2]))
    for kind in ("segment", "group", "port", "dhcp", "router")
}
REMOVING = {kind: tuple(f"agent:{kind}:{place}" for place in PLACES[2:4]) for kind in MAKING}


@pytest.fixture(scope="module")
def api() -> Iterator[NetworkApi]:
    with cloud_of_networks(HANEUL_CLOUD_HOST=HOST) as tree:
        yield NetworkApi(tree)


def plugged(api: NetworkApi) -> str:
    """A port of its own network and group; the id of what has to go for all three to go."""
    network = api.make("network")
    api.subnet(network, "10.0.0.0/24", enable_dhcp=False)
    group = api.group({"protocol": "tcp"})
    return str(api.port_on(HOST, network, security_groups=[group["id"]])["id"])


def served(api: NetworkApi) -> str:
    """A network with a DHCP server."""
    network = api.make("network")
    api.subnet(network, "10.0.0.0/24")
    found = eventually(lambda: api.listed("port", network_id=network["id"], status="ACTIVE"), PATIENCE_S)
    assert len(found) == 1  # type: ignore[arg-type]
    return str(network["id"])


def routed(api: NetworkApi) -> str:
    """A router with a gateway, whose machine reaches it."""
    network = api.make("network")
    router = api.routed(api.subnet(network, "10.0.0.0/24", enable_dhcp=False))
    eventually(lambda: {one["status"] for one in api.listed("port", device_id=router["id"])} == {"ACTIVE"}, PATIENCE_S)
    address = api.show("router", router["id"])["external_gateway_info"]["external_fixed_ips"][0]["ip_address"]
    eventually(lambda: answers(address), PATIENCE_S)
    return str(router["id"])


def answers(address: str) -> bool:
    argv = ["ping", "-n", "-c", "1", "-W", "1", address]
    return subprocess.run(argv, capture_output=True, check=False, timeout=20).returncode == 0


def delete_router(api: NetworkApi, router_id: str) -> None:
    (inside,) = api.listed("port", device_id=router_id, device_owner="network:router_interface")
    api.ask("PUT", f"/routers/{router_id}/remove_router_interface", {"port_id": inside["id"]})
    api.delete("router", router_id)


LIVES: dict[str, tuple[Callable[[NetworkApi], str], Callable[[NetworkApi, str], None]]] = {
    "segment": (plugged, lambda api, port_id: api.delete("port", port_id)),
    "group": (plugged, lambda api, port_id: api.delete("port", port_id)),
    "port": (plugged, lambda api, port_id: api.delete("port", port_id)),
    "dhcp": (served, lambda api, network_id: api.delete("network", network_id)),
    "router": (routed, delete_router),
}


def process(api: NetworkApi, name: str) -> Thing:
    """One of the cloud's processes as its supervisor knows it."""
    found: Thing = json.loads((api.tree.state / "tree" / "status.json").read_text())["children"][name]
    return found


class Death:
    """The agent dies once at a place, and is whole again at the end of the block."""

    def __init__(self, api: NetworkApi, place: str) -> None:
        self.api, self.place = api, place

    def __enter__(self) -> None:
        self.before = process(self.api, "agent")["pid"]
        self.api.tree.stop_file.write_text(self.place)

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            eventually(lambda: not self.api.tree.stop_file.exists(), PATIENCE_S)
            # One that dies again before it is ready is given longer and longer breaks.
            eventually(self._is_back, PATIENCE_S)

    def _is_back(self) -> bool:
        now = process(self.api, "agent")
        return now["state"] == "ready" and now["pid"] != self.before


@pytest.mark.parametrize("kinds", [("segment", "group", "port"), ("dhcp", "router")], ids=" ".join)
def test_an_agent_that_dies_as_it_makes_or_removes(api: NetworkApi, kinds: tuple[str, ...]) -> None:
    made: dict[str, list[str]] = {kind: [] for kind in kinds}
    for kind, place in [(one, place) for one in kinds for place in MAKING[one]]:
        with Death(api, place):
            made[kind].append(LIVES[kind][0](api))
    assert api.tree.audit() == []
    for kind, place in [(one, place) for one in kinds for place in REMOVING[one]]:
        with Death(api, place):
            LIVES[kind][1](api, made[kind].pop())
    api.clean()


def test_an_agent_that_dies_as_it_has_reported(api: NetworkApi) -> None:
    for kind, (make, _) in LIVES.items():
        with Death(api, f"agent:{kind}:reported"):
            make(api)
    assert api.tree.audit() == []
    api.clean()


def test_what_goes_as_soon_as_it_came_leaves_nothing(api: NetworkApi) -> None:
    for _ in range(6):
        network = api.make("network")
        subnet = api.subnet(network, "10.0.0.0/24")
        group = api.group()
        ports = [
            api.make(
                "port", network_id=network["id"], security_groups=[group["id"]], **{"binding:host_id": HOST}, **GUESTS
            )
            for _ in range(2)
        ]
        api.routed(subnet)
        for port in ports:
            api.delete("port", port["id"])
        api.clear()
    api.clean()


def test_a_host_that_was_rebooted_gets_its_networks_again(api: NetworkApi) -> None:
    router_id, _, _ = routed(api), served(api), plugged(api)
    gateway = api.show("router", router_id)["external_gateway_info"]["external_fixed_ips"][0]["ip_address"]
    api.tree.down()
    cloud_id = api.tree.cloud_id
    for name in (*list_marked_namespaces(marks_of(cloud_id)), CloudSettings.namespace_of(cloud_id)):
        for pid in processes_inside(name):
            os.kill(pid, signal.SIGKILL)
        remove_namespace(name)
    eventually(lambda: not answers(gateway), PATIENCE_S)
    api.tree.up()
    eventually(lambda: answers(gateway), PATIENCE_S)
    eventually(lambda: api.tree.audit() == [], PATIENCE_S)
    api.clean()


def test_control_that_dies_in_the_middle_of_changes(api: NetworkApi) -> None:
    network = api.make("network")
    subnet = api.subnet(network, "10.0.0.0/24")
    router = api.routed(subnet)
    port = api.port_on(HOST, network)
    outside = api.outside()["id"]
    floating = api.make("floatingip", floating_network_id=outside)
    group = api.group()
    second = api.subnet(network, "10.0.1.0/24")
    changes: list[tuple[str, str, object]] = [
        ("POST", "/ports", {"port": {"network_id": network["id"], "binding:host_id": HOST, **GUESTS}}),
        ("PUT", f"/ports/{port['id']}", {"port": {"security_groups": [group["id"]]}}),
        ("PUT", f"/routers/{router['id']}/add_router_interface", {"subnet_id": second["id"]}),
        ("PUT", f"/floatingips/{floating['id']}", {"floatingip": {"port_id": port["id"]}}),
        ("PUT", f"/floatingips/{floating['id']}", {"floatingip": {"port_id": None}}),
        ("DELETE", f"/ports/{port['id']}", None),
    ]
    for number, change in enumerate(changes):
        kill_control_during(api, change, number * 0.004)
    network_ports = {"device_owner": "compute:nova", "network_id": str(network["id"])}
    eventually(lambda: {one["status"] for one in api.listed("port", **network_ports)} <= {"ACTIVE"}, PATIENCE_S)
    eventually(lambda: {one["status"] for one in api.listed("port", device_id=router["id"])} == {"ACTIVE"}, PATIENCE_S)
    eventually(lambda: api.tree.audit() == [], PATIENCE_S)
    api.clean()


def kill_control_during(api: NetworkApi, change: tuple[str, str, object], after_s: float) -> None:
    """Ask for a change once, and kill control in the middle of it."""
    method, path, body = change
    url = f"http://127.0.0.1:{9696 + api.tree.base_port}/v2.0{path}"

    def ask() -> None:
        with suppress(httpx.TransportError):
            httpx.request(method, url, json=body, headers={"X-Auth-Token": api.tree.token}, timeout=5)

    asking = threading.Thread(target=ask)
    control = process(api, "control")["pid"]
    asking.start()
    time.sleep(after_s)
    os.kill(control, signal.SIGKILL)
    asking.join()
    eventually(lambda: process(api, "control")["pid"] != control, PATIENCE_S)
    eventually(lambda: process(api, "control")["state"] == "ready", PATIENCE_S)
