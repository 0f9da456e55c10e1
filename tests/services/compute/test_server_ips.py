"""What addresses a server has, lists of servers by address, and the actions on addresses that ended with 2.43."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.services.compute.plugged import active_on, addresses, interfaces, made, network
from tests.services.compute.test_servers import act, flavor, image, is_gone
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually, simulated_host

__all__ = ["flavor", "image"]
OLD = "compute 2.43"


@pytest.fixture(scope="module")
def nova(cloud: RunningCloud) -> Iterator[Client]:
    with simulated_host(cloud):
        yield cloud.login().with_headers(OpenStack_API_Version="compute 2.100")


@pytest.fixture(scope="module")
def old(nova: Client) -> Client:
    return nova.with_headers(OpenStack_API_Version=OLD)


@pytest.fixture(scope="module")
def inside(nova: Client) -> str:
    network_id = network(nova, "inside", "10.1.0.0/24")
    made(nova, "subnet", network_id=network_id, cidr="fd00:1::/64", ip_version=6)
    return network_id


@pytest.fixture(scope="module")
def server_id(nova: Client, flavor: str, image: str, inside: str) -> Iterator[str]:
    made_id = active_on(nova, flavor, image, "addressed", inside)
    yield made_id
    nova.delete("compute", f"/v2.1/servers/{made_id}")
    eventually(lambda: is_gone(nova, made_id))


def ips(nova: Client, server_id: str, label: str = "") -> Any:
    answer = nova.get("compute", f"/v2.1/servers/{server_id}/ips" + (f"/{label}" if label else ""))
    return answer.json() if answer.status_code == 200 else answer.json()["itemNotFound"]["message"]


def acted(client: Client, server_id: str, **action: Any) -> tuple[int, str]:
    """The status of an action's answer, and the sentence of a refusal."""
    answer = client.post("compute", f"/v2.1/servers/{server_id}/action", json=action)
    said = "" if answer.status_code == 202 else next(iter(answer.json().values()))["message"]
    return answer.status_code, said


def test_addresses_stand_by_their_network(nova: Client, server_id: str) -> None:
    (one,) = interfaces(nova, server_id)
    found = ips(nova, server_id)
    fixed = [fixed["ip_address"] for fixed in one["fixed_ips"]]
    wanted = [{"version": 6 if ":" in address else 4, "addr": address} for address in fixed]
    assert len(fixed) == 2
    assert found == {"addresses": {"inside": wanted}}
    assert ips(nova, server_id, "inside") == {"inside": wanted}
    assert ips(nova, server_id, "outside") == "Instance is not a member of specified network"


def test_who_may_not_see_a_server_does_not_see_its_addresses(member: Client, server_id: str) -> None:
    assert ips(member, server_id) == f"Instance {server_id} could not be found."


def test_servers_are_found_by_address(nova: Client, flavor: str, image: str, inside: str, server_id: str) -> None:
    other = active_on(nova, flavor, image, "another", inside)
    own = {id_: addresses(nova, id_)["inside"] for id_ in (server_id, other)}
    four, six = own[server_id]

    def found(**query: str) -> set[str]:
        return {one["id"] for one in nova.get("compute", "/v2.1/servers", params=query).json()["servers"]}

    assert found(ip=f"^{four}$") == {server_id}
    assert found(ip="10.1.0.") == {server_id, other}
    assert found(ip=r"^10\.1\.0\.[0-9]+$") == {server_id, other}
    assert found(ip="10.9.") == set()
    assert found(ip6=f"^{six}$") == {server_id}
    assert found(ip6="fd00") == {server_id, other}
    assert found(ip=six) == set()
    assert found(ip=f"^{four}$", ip6=f"^{own[other][1]}$") == {server_id, other}
    assert found(ip=f"^{four}$", name="another") == set()
    wrong = nova.get("compute", "/v2.1/servers", params={"ip": "(10)"})
    assert wrong.status_code == 400
    assert wrong.json()["badRequest"]["message"].startswith("Invalid filter field: ip. Only")
    nova.delete("compute", f"/v2.1/servers/{other}")
    eventually(lambda: is_gone(nova, other))


def test_only_admins_searched_by_ipv6_before_2_5(member: Client, nova: Client, server_id: str) -> None:
    for client, at, status in ((member, "2.4", 200), (member, "2.5", 400), (nova, "2.4", 400)):
        at_version = client.with_headers(OpenStack_API_Version=f"compute {at}")
        assert at_version.get("compute", "/v2.1/servers", params={"ip6": "("}).status_code == status


def test_a_fixed_address_comes_and_goes(nova: Client, old: Client, server_id: str, inside: str) -> None:
    before = addresses(nova, server_id)["inside"]
    assert acted(old, server_id, addFixedIp={"networkId": inside}) == (202, "")
    after = addresses(nova, server_id)["inside"]
    (more,) = set(after) - set(before)
    assert more.startswith("10.1.0.")
    assert acted(old, server_id, removeFixedIp={"address": more}) == (202, "")
    assert addresses(nova, server_id)["inside"] == before
    assert acted(old, server_id, removeFixedIp={"address": more}) == (
        400,
        f"Instance {server_id} does not have fixed IP '{more}'.",
    )
    assert acted(old, server_id, addFixedIp={"networkId": "unknown"}) == (
        404,
        f"Network could not be found for instance {server_id}.",
    )
    assert acted(old, server_id, removeFixedIp={"address": "10.1"})[0] == 400


def test_a_locked_server_keeps_its_addresses(member: Client, flavor: str, image: str) -> None:
    own = network(member, "of a member", "10.4.0.0/24")
    newest, old = (member.with_headers(OpenStack_API_Version=f"compute {one}") for one in ("2.100", "2.43"))
    server_id = active_on(newest, flavor, image, "locked", own)
    act(newest, server_id, lock=None)
    assert acted(old, server_id, addFixedIp={"networkId": own}) == (409, f"Instance {server_id} is locked")
    member.delete("compute", f"/v2.1/servers/{server_id}")
    act(newest, server_id, unlock=None)
    newest.delete("compute", f"/v2.1/servers/{server_id}")
    eventually(lambda: is_gone(newest, server_id))


def test_a_full_network_gives_no_more(nova: Client, old: Client, flavor: str, image: str) -> None:
    # Of four addresses one is the gateway's, one the DHCP server's; in 29 bits there are three more.
    full = network(nova, "full", "10.3.0.0/29")
    server_id = active_on(nova, flavor, image, "greedy", full)
    said = [acted(old, server_id, addFixedIp={"networkId": full}) for _ in range(4)]
    assert [status for status, _ in said] == [202, 202, 202, 400]
    assert said[-1][1] == f"No fixed IP addresses available for network: {full}"
    nova.delete("compute", f"/v2.1/servers/{server_id}")
    eventually(lambda: is_gone(nova, server_id))


@pytest.fixture(scope="module")
def floating(nova: Client, inside: str) -> str:
    """A floating IP that can reach the inside network."""
    outside = made(nova, "network", **{"name": "outside", "router:external": True})["id"]
    made(nova, "subnet", network_id=outside, cidr="192.0.2.0/24", ip_version=4, enable_dhcp=False)
    router = made(nova, "router", external_gateway_info={"network_id": outside})["id"]
    (subnet, *_) = nova.get("network", "/v2.0/subnets", params={"network_id": inside, "ip_version": 4}).json()[
        "subnets"
    ]
    leg = nova.put("network", f"/v2.0/routers/{router}/add_router_interface", json={"subnet_id": subnet["id"]})
    assert leg.status_code == 200, leg.text
    return str(made(nova, "floatingip", floating_network_id=outside)["floating_ip_address"])


def test_a_floating_ip_stands_for_a_server_and_no_more(
    nova: Client, old: Client, server_id: str, floating: str
) -> None:
    fixed = addresses(nova, server_id)["inside"]
    gone = (409, f"Floating IP {floating} is not associated with instance {server_id}.")
    assert acted(old, server_id, removeFloatingIp={"address": floating}) == gone
    for more in ({}, {"fixed_address": fixed[0]}):
        assert acted(old, server_id, addFloatingIp={"address": floating, **more}) == (202, "")
        assert {"version": 4, "addr": floating} in ips(nova, server_id)["addresses"]["inside"]
        assert acted(old, server_id, removeFloatingIp={"address": floating}) == (202, "")
        assert addresses(nova, server_id)["inside"] == fixed
    assert acted(old, server_id, addFloatingIp={"address": "192.0.2.200"}) == (404, "floating IP not found")
    assert acted(old, server_id, removeFloatingIp={"address": "192.0.2.200"})[0] == 404
    assert acted(old, server_id, addFloatingIp={"address": floating, "fixed_address": "10.1.0.250"}) == (
        400,
        "Specified fixed address not assigned to instance",
    )
    status, said = acted(old, server_id, addFloatingIp={"address": floating, "fixed_address": fixed[1]})
    assert status == 400
    assert said.startswith(f"Unable to associate floating IP {floating} to fixed IP {fixed[1]}")


def test_a_server_without_addresses_can_not_be_stood_for(
    old: Client, nova: Client, flavor: str, image: str, floating: str
) -> None:
    bare = active_on(nova, flavor, image, "bare")
    assert ips(nova, bare) == {"addresses": {}}
    assert acted(old, bare, addFloatingIp={"address": floating}) == (400, "No fixed IPs associated to instance")
    nova.delete("compute", f"/v2.1/servers/{bare}")
    eventually(lambda: is_gone(nova, bare))


@pytest.mark.parametrize("action", ["addFixedIp", "removeFixedIp", "addFloatingIp", "removeFloatingIp"])
def test_newer_versions_have_no_actions_on_addresses(nova: Client, server_id: str, action: str) -> None:
    newer = nova.with_headers(OpenStack_API_Version="compute 2.44")
    body = {"networkId": "a"} if action == "addFixedIp" else {"address": "10.1.0.9"}
    assert acted(newer, server_id, **{action: body})[0] == 404
