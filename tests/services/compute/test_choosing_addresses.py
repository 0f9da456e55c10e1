"""Who may say which address a server's port gets: on somebody else's network nobody, lest he be its gateway."""

from collections.abc import Iterator

import httpx
import pytest
from tests.services.compute.plugged import active_on, made, network
from tests.services.compute.test_servers import flavor, image
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import simulated_host
from tests.support.members import member_of

__all__ = ["flavor", "image"]
VERSION = "compute 2.100"
SENTENCE = "rule:create_port:fixed_ips:ip_address is disallowed by policy"


@pytest.fixture(scope="module")
def nova(cloud: RunningCloud) -> Iterator[Client]:
    with simulated_host(cloud):
        yield cloud.login().with_headers(OpenStack_API_Version=VERSION)


@pytest.fixture(scope="module")
def member(cloud: RunningCloud, nova: Client) -> Client:
    return member_of(cloud, nova, "garden").with_headers(OpenStack_API_Version=VERSION)


@pytest.fixture(scope="module")
def shared(nova: Client) -> str:
    network_id: str = made(nova, "network", shared=True)["id"]
    made(nova, "subnet", network_id=network_id, cidr="10.50.0.0/24", ip_version=4, enable_dhcp=False)
    return network_id


def refused(answer: httpx.Response) -> None:
    assert answer.status_code == 403, answer.text
    assert SENTENCE in answer.json()["forbidden"]["message"]


def test_a_shared_networks_gateway_is_nobodys(member: Client, shared: str, flavor: str, image: str) -> None:
    mine = network(member, "mine", "10.5.0.0/24")
    networks = [{"uuid": shared, "fixed_ip": "10.50.0.1"}]
    server = {"name": "gateway", "flavorRef": flavor, "imageRef": image, "networks": networks}
    refused(member.post("compute", "/v2.1/servers", json={"server": server}))
    own = {**server, "networks": [{"uuid": mine, "fixed_ip": "10.5.0.9"}]}
    assert member.post("compute", "/v2.1/servers", json={"server": own}).status_code == 202
    server_id = active_on(member, flavor, image, "standing", mine)
    path = f"/v2.1/servers/{server_id}/os-interface"
    for address in ("10.50.0.1", "10.50.0.77"):
        asked = {"net_id": shared, "fixed_ips": [{"ip_address": address}]}
        refused(member.post("compute", path, json={"interfaceAttachment": asked}))
    attached = member.post("compute", path, json={"interfaceAttachment": {"net_id": shared}})
    assert attached.status_code == 200, attached.text


@pytest.mark.parametrize("address", ["fd00::5%eth0; flush ruleset", "fe80::1%x"])
def test_an_address_with_a_zone_is_none(member: Client, flavor: str, image: str, address: str) -> None:
    mine = network(member, f"of {address}"[:20], "10.6.0.0/24")
    server = {"name": "zoned", "flavorRef": flavor, "imageRef": image, "networks": [{"uuid": mine}]}
    fixed = {**server, "networks": [{"uuid": mine, "fixed_ip": address}]}
    for body in (fixed, {**server, "accessIPv6": address}):
        answer = member.post("compute", "/v2.1/servers", json={"server": body})
        assert answer.status_code == 400, answer.text
