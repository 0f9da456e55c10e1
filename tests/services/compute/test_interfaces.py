"""Interfaces of servers that are there: one more, one less, and what the network takes away."""

from collections.abc import Iterator
from uuid import uuid4

import msgspec
import pytest
from tests.services.compute.plugged import (
    active_on,
    addresses,
    attach,
    detach,
    interfaces,
    made,
    network,
    port,
    refused,
)
from tests.services.compute.test_servers import act, create, flavor, image, is_gone, reaches, shown
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually, simulated_host

from haneul.agent import Agent
from haneul.kernel import operations
from haneul.services.compute.drivers.fake import FakeGuest

__all__ = ["flavor", "image"]


@pytest.fixture(scope="module")
def host(cloud: RunningCloud) -> Iterator[Agent]:
    with simulated_host(cloud) as agent:
        yield agent


@pytest.fixture(scope="module")
def nova(cloud: RunningCloud, host: Agent) -> Client:
    return cloud.login().with_headers(OpenStack_API_Version="compute 2.100")


@pytest.fixture(scope="module")
def first(nova: Client) -> str:
    return network(nova, "first", "10.1.0.0/24")


@pytest.fixture(scope="module")
def second(nova: Client) -> str:
    return network(nova, "second", "10.2.0.0/24")


@pytest.fixture
def server_id(nova: Client, flavor: str, image: str, first: str) -> Iterator[str]:
    made_id = active_on(nova, flavor, image, "plugged", first)
    yield made_id
    nova.delete("compute", f"/v2.1/servers/{made_id}")
    eventually(lambda: is_gone(nova, made_id))


def cards(cloud: RunningCloud, server_id: str) -> list[str]:
    """The ports whose cards the simulated guest has."""
    file = cloud.cloud.wanted.state / "host-1" / "agent" / "fake_guests" / f"{server_id}.json"
    return [nic.id for nic in msgspec.json.decode(file.read_bytes(), type=FakeGuest).nics]


def ended(cloud: RunningCloud, server_id: str, name: str) -> str:
    """How the newest operation of that name has ended."""

    def look() -> str:
        rows = cloud.cloud.store.read(lambda db: operations.of_resource(db, server_id))
        row = next(row for row in rows if row.name == name)
        return row.state if row.state in ("done", "failed") else ""

    return str(eventually(look))


def test_a_network_is_attached_and_detached(cloud: RunningCloud, nova: Client, server_id: str, second: str) -> None:
    (own,) = interfaces(nova, server_id)
    told = attach(nova, server_id, net_id=second, tag="backup")
    assert told.keys() == {"port_id", "port_state", "mac_addr", "net_id", "fixed_ips", "tag"}
    assert (told["net_id"], told["tag"]) == (second, "backup")
    assert told["fixed_ips"][0]["ip_address"].startswith("10.2.0.")
    assert ended(cloud, server_id, "server-attach-interface") == "done"
    assert cards(cloud, server_id) == [own["port_id"], told["port_id"]]
    shown_one = nova.get("compute", f"/v2.1/servers/{server_id}/os-interface/{told['port_id']}").json()
    assert shown_one == {"interfaceAttachment": {**told, "port_state": "ACTIVE"}}
    its_port = port(nova, told["port_id"])
    assert its_port is not None
    assert (its_port["device_id"], its_port["device_owner"]) == (server_id, "compute:nova")
    assert its_port["binding:host_id"] == "host-1"
    assert addresses(nova, server_id).keys() == {"first", "second"}
    for _ in range(2):
        detach(nova, server_id, told["port_id"])
    assert ended(cloud, server_id, "server-detach-interface") == "done"
    assert port(nova, told["port_id"]) is None
    assert cards(cloud, server_id) == [own["port_id"]]
    assert [one["port_id"] for one in interfaces(nova, server_id)] == [own["port_id"]]
    found = nova.get("compute", f"/v2.1/servers/{server_id}/os-instance-actions").json()["instanceActions"]
    assert [one["action"] for one in found] == ["detach_interface", "attach_interface", "create"]
    assert shown(nova, server_id)["status"] == "ACTIVE"


def test_a_users_port_is_given_back(cloud: RunningCloud, nova: Client, server_id: str, second: str) -> None:
    mine = made(nova, "port", network_id=second, name="mine")
    told = attach(nova, server_id, port_id=mine["id"])
    assert (told["port_id"], told["mac_addr"], told["tag"]) == (mine["id"], mine["mac_address"], None)
    again = refused(nova, server_id, 409, port_id=mine["id"])
    assert again == f"Port {mine['id']} is still in use."
    detach(nova, server_id, mine["id"])
    assert ended(cloud, server_id, "server-detach-interface") == "done"
    after = port(nova, mine["id"])
    assert after is not None
    assert (after["name"], after["device_id"], after["device_owner"], after["binding:host_id"]) == ("mine", "", "", "")
    assert (after["status"], after["fixed_ips"]) == ("DOWN", mine["fixed_ips"])
    nova.delete("network", f"/v2.0/ports/{mine['id']}")


def test_an_address_may_be_asked_for(nova: Client, server_id: str, second: str) -> None:
    told = attach(nova, server_id, net_id=second, fixed_ips=[{"ip_address": "10.2.0.77"}])
    assert [one["ip_address"] for one in told["fixed_ips"]] == ["10.2.0.77"]
    said = refused(nova, server_id, 409, net_id=second, fixed_ips=[{"ip_address": "10.2.0.77"}])
    assert said.startswith("IP address 10.2.0.77 already allocated")
    detach(nova, server_id, told["port_id"])


@pytest.mark.parametrize("state", ["stopped", "paused"])
def test_a_server_need_not_run(cloud: RunningCloud, nova: Client, server_id: str, second: str, state: str) -> None:
    act(nova, server_id, **({"os-stop": None} if state == "stopped" else {"pause": None}))
    reaches(nova, server_id, {"stopped": "SHUTOFF", "paused": "PAUSED"}[state])
    told = attach(nova, server_id, net_id=second)
    assert ended(cloud, server_id, "server-attach-interface") == "done"
    assert shown(nova, server_id)["OS-EXT-STS:vm_state"] == state
    act(nova, server_id, **({"os-start": None} if state == "stopped" else {"unpause": None}))
    reaches(nova, server_id, "ACTIVE")
    assert told["port_id"] in cards(cloud, server_id)
    detach(nova, server_id, told["port_id"])
    assert ended(cloud, server_id, "server-detach-interface") == "done"


def test_a_guest_that_does_not_let_go_keeps_its_nic(cloud: RunningCloud, nova: Client, server_id: str) -> None:
    (own,) = interfaces(nova, server_id)
    act(nova, server_id, pause=None)
    reaches(nova, server_id, "PAUSED")
    detach(nova, server_id, own["port_id"])
    assert ended(cloud, server_id, "server-detach-interface") == "failed"
    (row, *_) = cloud.cloud.store.read(lambda db: operations.of_resource(db, server_id))
    assert row.error is not None
    assert row.error["message"].endswith("unpause the server first.")
    assert interfaces(nova, server_id) == [own]
    assert cards(cloud, server_id) == [own["port_id"]]
    server = reaches(nova, server_id, "PAUSED")
    assert "fault" not in server
    act(nova, server_id, unpause=None)
    reaches(nova, server_id, "ACTIVE")
    detach(nova, server_id, own["port_id"])
    assert ended(cloud, server_id, "server-detach-interface") == "done"
    assert interfaces(nova, server_id) == []


def test_a_network_that_the_host_does_not_carry_is_refused(nova: Client, server_id: str) -> None:
    physical = {"provider:network_type": "flat", "provider:physical_network": "elsewhere"}
    far = network(nova, "far", "10.5.0.0/24", **physical)
    said = refused(nova, server_id, 400, net_id=far)
    assert said.startswith(f"Failed to attach network adapter device to {server_id}: Host host-1 ")
    assert len(interfaces(nova, server_id)) == 1


def test_what_is_asked_for_wrongly_is_refused(nova: Client, server_id: str, first: str, second: str) -> None:
    mine, bare = made(nova, "port", network_id=second), made(nova, "port", network_id=second, fixed_ips=[])
    empty = made(nova, "network", name="without a subnet")["id"]
    unknown = str(uuid4())
    assert refused(nova, server_id, 400, net_id=second, port_id=mine["id"]) == (
        "Must not input both network_id and port_id"
    )
    address = [{"ip_address": "10.2.0.9"}]
    assert refused(nova, server_id, 400, port_id=mine["id"], fixed_ips=address) == (
        "Must input network_id when request IP address"
    )
    assert refused(nova, server_id, 404, port_id=unknown) == f"Port id {unknown} could not be found."
    assert refused(nova, server_id, 404, net_id=unknown) == f"Network {unknown} could not be found."
    assert refused(nova, server_id, 400, port_id=bare["id"]) == (
        f"Port {bare['id']} requires a FixedIP in order to be used."
    )
    assert "requires a subnet" in refused(nova, server_id, 400, net_id=empty)
    assert refused(nova, server_id, 400) == ("Multiple possible networks found, use a Network ID to be more specific.")
    for wrong in (
        {"net_id": "first"},
        {"net_id": first, "fixed_ips": []},
        {"net_id": first, "fixed_ips": [{"ip_address": "10.1"}]},
        {"net_id": first, "fixed_ips": [{"ip_address": "10.9.9.9"}]},
        {"net_id": first, "tag": "a,b"},
        {"net_id": first, "color": "red"},
    ):
        refused(nova, server_id, 400, **wrong)
    path = f"/v2.1/servers/{server_id}/os-interface"
    for method in ("GET", "DELETE"):
        answer = nova.request(method, "compute", f"{path}/{mine['id']}")
        assert answer.status_code == 404
        assert answer.json()["itemNotFound"]["message"] == (
            f"Instance {server_id} does not have a port with id {mine['id']}"
        )
    assert len(interfaces(nova, server_id)) == 1
    for noun, one in (("ports", mine["id"]), ("ports", bare["id"]), ("networks", empty)):
        nova.delete("network", f"/v2.0/{noun}/{one}")


def test_a_full_network_has_no_room(nova: Client, server_id: str) -> None:
    full = network(nova, "full", "10.3.0.0/30")
    # .1 is the gateway's, and .2 the DHCP server's.
    assert refused(nova, server_id, 400, net_id=full) == f"No fixed IP addresses available for network: {full}"


def test_older_versions_know_no_tags(nova: Client, server_id: str, second: str) -> None:
    old = nova.with_headers(OpenStack_API_Version="compute 2.48")
    assert "tag" not in interfaces(old, server_id)[0]
    refused(old, server_id, 400, net_id=second, tag="backup")


def test_states_and_locks_refuse(cloud: RunningCloud, nova: Client, member: Client, flavor: str, image: str) -> None:
    own = network(member, "of a member", "10.4.0.0/24")
    member = member.with_headers(OpenStack_API_Version="compute 2.100")
    server_id = active_on(member, flavor, image, "locked", own)
    (one,) = interfaces(member, server_id)
    act(member, server_id, lock=None)
    path = f"/v2.1/servers/{server_id}/os-interface"
    assert refused(member, server_id, 409, net_id=own) == f"Instance {server_id} is locked"
    assert member.delete("compute", f"{path}/{one['port_id']}").status_code == 409
    act(member, server_id, unlock=None)
    act(member, server_id, suspend=None)
    reaches(member, server_id, "SUSPENDED")
    assert refused(member, server_id, 409, net_id=own) == (
        f"Cannot 'attach_interface' instance {server_id} while it is in vm_state suspended"
    )
    answer = member.delete("compute", f"{path}/{one['port_id']}")
    assert answer.json()["conflictingRequest"]["message"] == (
        f"Cannot 'detach_interface' instance {server_id} while it is in vm_state suspended"
    )
    foreign = made(nova, "network", name="not the member's")["id"]
    act(member, server_id, resume=None)
    reaches(member, server_id, "ACTIVE")
    assert refused(member, server_id, 404, net_id=foreign) == f"Network {foreign} could not be found."
    member.delete("compute", f"/v2.1/servers/{server_id}")
    eventually(lambda: is_gone(member, server_id))


def test_a_server_loses_the_nic_whose_port_is_deleted(
    cloud: RunningCloud, nova: Client, server_id: str, second: str
) -> None:
    (own,) = interfaces(nova, server_id)
    told = attach(nova, server_id, net_id=second)
    assert ended(cloud, server_id, "server-attach-interface") == "done"
    assert nova.delete("network", f"/v2.0/ports/{told['port_id']}").status_code == 204
    assert [one["port_id"] for one in interfaces(nova, server_id)] == [own["port_id"]]
    eventually(lambda: cards(cloud, server_id) == [own["port_id"]])
    server = shown(nova, server_id)
    assert (server["status"], server["OS-EXT-STS:task_state"]) == ("ACTIVE", None)
    assert addresses(nova, server_id).keys() == {"first"}


def test_nics_stay_whatever_is_done_with_the_server(
    cloud: RunningCloud, nova: Client, server_id: str, image: str
) -> None:
    before = interfaces(nova, server_id)
    port_ids = [one["port_id"] for one in before]
    for action, status in (
        ({"reboot": {"type": "HARD"}}, "ACTIVE"),
        ({"os-stop": None}, "SHUTOFF"),
        ({"os-start": None}, "ACTIVE"),
        ({"rebuild": {"imageRef": image}}, "ACTIVE"),
    ):
        assert act(nova, server_id, **action) in (200, 202)
        reaches(nova, server_id, status)
        assert interfaces(nova, server_id) == before
        assert cards(cloud, server_id) == ([] if status == "SHUTOFF" else port_ids)


def test_ports_end_with_their_server(nova: Client, flavor: str, image: str, first: str, second: str) -> None:
    mine = made(nova, "port", network_id=second)
    server_id = active_on(nova, flavor, image, "brief", first)
    (own,) = interfaces(nova, server_id)
    attach(nova, server_id, port_id=mine["id"])
    nova.delete("compute", f"/v2.1/servers/{server_id}")
    eventually(lambda: is_gone(nova, server_id))
    assert port(nova, own["port_id"]) is None
    after = port(nova, mine["id"])
    assert after is not None
    assert after["device_id"] == ""
    nova.delete("network", f"/v2.0/ports/{mine['id']}")


def test_a_server_that_was_never_built_gets_none(nova: Client, flavor: str, image: str, second: str) -> None:
    body = {"flavor": {"name": "huge", "vcpus": 1, "ram": 1 << 30, "disk": 1, "id": "huge"}}
    nova.post("compute", "/v2.1/flavors", json=body)
    nova.put("compute", "/v2.1/os-quota-sets/" + str(shown_project(nova)), json={"quota_set": {"ram": -1}})
    server_id = create(nova, "huge", image, "too big")
    reaches(nova, server_id, "ERROR")
    act(nova, server_id, **{"os-resetState": {"state": "active"}})
    assert "was never built" in refused(nova, server_id, 409, net_id=second)
    nova.delete("compute", f"/v2.1/servers/{server_id}")
    eventually(lambda: is_gone(nova, server_id))


def shown_project(nova: Client) -> str:
    token = nova.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": nova.token}).json()["token"]
    return str(token["project"]["id"])
