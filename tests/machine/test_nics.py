"""Network cards that come into real guests and go, on the real network: with their addresses, and whatever dies."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.services.image.shelf import qcow2
from tests.support.guests import Terminal, cloud_of_guests, processes, wait_for_prompt
from tests.support.hosts import eventually
from tests.support.tree import PATIENCE_S, Tree

from haneul.host.namespaces import inside, list_namespaces
from haneul.host.net.links import list_own_links

pytestmark = pytest.mark.machine

LET_GO_S = 15
MTU = 1400


@pytest.fixture(scope="module")
def tree(guest_image: Path) -> Iterator[Tree]:
    with cloud_of_guests(guest_image, HANEUL_QEMU_UNPLUG_PATIENCE_S=str(LET_GO_S)) as running:
        yield running


@pytest.fixture(scope="module")
def first(tree: Tree) -> str:
    return network(tree, "first", "10.1.0.0/24")


@pytest.fixture(scope="module")
def second(tree: Tree) -> str:
    return network(tree, "second", "10.2.0.0/24", mtu=MTU)


@pytest.fixture(scope="module")
def server_id(tree: Tree, first: str) -> Iterator[str]:
    made = tree.create("plugged", networks=[{"uuid": first}])
    tree.becomes(made, "ACTIVE")
    wait_for_prompt(tree, made)
    yield made
    tree.delete(made)
    assert processes(tree) == {}
    eventually(lambda: taps(tree) == [])
    assert tree.audit() == []


@pytest.fixture(scope="module")
def terminal(tree: Tree, server_id: str) -> Iterator[Terminal]:
    """The guest's console, logged in at."""
    found = Terminal(tree.state / "agent" / "run" / "guests" / server_id / "serial")
    found.log_in()
    yield found
    found.hang_up()


def network(tree: Tree, name: str, cidr: str, **more: Any) -> str:
    network_id: str = made(tree, "network", name=name, **more)["id"]
    made(tree, "subnet", network_id=network_id, cidr=cidr, ip_version=4)
    return network_id


def made(tree: Tree, noun: str, **wanted: Any) -> dict[str, Any]:
    answer = tree.call("POST", 9696, f"/v2.0/{noun}s", {noun: wanted})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()[noun]
    return found


def attach(tree: Tree, server_id: str, network_id: str) -> dict[str, Any]:
    body = {"interfaceAttachment": {"net_id": network_id}}
    answer = tree.compute("POST", f"/servers/{server_id}/os-interface", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["interfaceAttachment"]
    return found


def detach(tree: Tree, server_id: str, port_id: str) -> None:
    assert tree.compute("DELETE", f"/servers/{server_id}/os-interface/{port_id}").status_code == 202


def ports(tree: Tree, server_id: str) -> list[str]:
    found = tree.compute("GET", f"/servers/{server_id}/os-interface").json()["interfaceAttachments"]
    return [one["port_id"] for one in found]


def taps(tree: Tree) -> list[str]:
    """The taps of this cloud, in whichever namespace of its host."""
    found = []
    for namespace in [name for name in list_namespaces() if tree.cloud_id in name]:
        with inside(namespace):
            found += [link.name for link in list_own_links(tree.cloud_id) if link.kind == "tun"]
    return sorted(found)


def tap(port_id: str) -> str:
    return f"tap{port_id[:11]}"


def sees(terminal: Terminal, device: str, one: dict[str, Any], mtu: int) -> None:
    """The guest has the card, with the MAC and the MTU of its port and the address that DHCP gave it."""
    show = f"ip -4 addr show {device} | grep -o 'inet [0-9.]*'"
    terminal.type(f"until [ -e /sys/class/net/{device} ] && {show} >/dev/null; do sleep 0.2; done")
    terminal.type(f"echo it is $(cat /sys/class/net/{device}/address /sys/class/net/{device}/mtu) $({show})")
    terminal.wait_for(f"it is {one['mac_addr']} {mtu} inet {one['fixed_ips'][0]['ip_address']}")


def lost(terminal: Terminal, device: str) -> None:
    """The guest has no such card any more."""
    terminal.type(f"while [ -e /sys/class/net/{device} ]; do sleep 0.2; done; echo gone $((1 + 1))")
    terminal.wait_for("gone 2")


def test_a_card_comes_with_its_address_and_goes(
    tree: Tree, server_id: str, terminal: Terminal, first: str, second: str
) -> None:
    process, (own,) = processes(tree)[server_id], ports(tree, server_id)
    told = attach(tree, server_id, second)
    sees(terminal, "eth1", told, MTU)
    assert taps(tree) == sorted([tap(own), tap(told["port_id"])])
    detach(tree, server_id, told["port_id"])
    lost(terminal, "eth1")
    eventually(lambda: ports(tree, server_id) == [own], PATIENCE_S)
    eventually(lambda: taps(tree) == [tap(own)], PATIENCE_S)
    assert tree.call("GET", 9696, f"/v2.0/ports/{told['port_id']}").status_code == 404
    assert processes(tree)[server_id] == process
    assert tree.show(server_id)["status"] == "ACTIVE"


def test_a_guest_loses_the_card_whose_port_is_deleted(
    tree: Tree, server_id: str, terminal: Terminal, second: str
) -> None:
    process, (own,) = processes(tree)[server_id], ports(tree, server_id)
    told = attach(tree, server_id, second)
    sees(terminal, "eth1", told, MTU)
    assert tree.call("DELETE", 9696, f"/v2.0/ports/{told['port_id']}").status_code == 204
    assert ports(tree, server_id) == [own]
    lost(terminal, "eth1")
    eventually(lambda: taps(tree) == [tap(own)], PATIENCE_S)
    assert processes(tree)[server_id] == process
    assert tree.show(server_id)["status"] == "ACTIVE"


@pytest.mark.parametrize("place", ["card-given", "card-backed", "card-plugged"])
def test_an_agent_that_dies_while_it_plugs_goes_on(
    tree: Tree, server_id: str, terminal: Terminal, second: str, place: str
) -> None:
    tree.stop_file.write_text(f"driver:{place}")
    told = attach(tree, server_id, second)
    eventually(lambda: not tree.stop_file.exists(), PATIENCE_S)
    sees(terminal, "eth1", told, MTU)
    tree.stop_file.write_text("driver:card-pulled")
    detach(tree, server_id, told["port_id"])
    eventually(lambda: not tree.stop_file.exists(), PATIENCE_S)
    lost(terminal, "eth1")
    eventually(lambda: told["port_id"] not in ports(tree, server_id), PATIENCE_S)
    assert tree.audit() == []


def test_a_guest_that_does_not_let_go_keeps_its_port(tree: Tree, first: str, tmp_path: Path) -> None:
    image = tree.image_id()
    blank = tmp_path / "blank.qcow2"
    blank.write_bytes(qcow2())
    tree.upload("blank", blank)
    nothing_in_it = next(
        one["id"] for one in tree.call("GET", 9292, "/v2/images").json()["images"] if one["id"] != image
    )
    server_id = tree.create("deaf", imageRef=nothing_in_it, networks=[{"uuid": first}])
    tree.becomes(server_id, "ACTIVE")
    (own,) = ports(tree, server_id)
    detach(tree, server_id, own)
    path = f"/servers/{server_id}/os-instance-actions"

    def refused() -> dict[str, Any] | None:
        (newest, *_) = tree.compute("GET", path).json()["instanceActions"]
        return newest if newest["message"] == "Error" else None

    action: Any = eventually(refused, PATIENCE_S)
    assert action["action"] == "detach_interface"
    events = tree.compute("GET", f"{path}/{action['request_id']}").json()["instanceAction"]["events"]
    assert any(f"did not let go of its network card within {LET_GO_S}" in str(one["details"]) for one in events)
    assert ports(tree, server_id) == [own]
    assert tap(own) in taps(tree)
    assert tree.show(server_id)["status"] == "ACTIVE"
    tree.delete(server_id)
    assert tree.call("DELETE", 9292, f"/v2/images/{nothing_in_it}").status_code == 204
