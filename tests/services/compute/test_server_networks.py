"""Servers on networks: every form in which a request may name them, and what becomes of their ports."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.services.compute.plugged import addresses, interfaces, made, network, port
from tests.services.compute.test_servers import create, flavor, image, is_gone, reaches, shown
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually, simulated_host
from tests.support.members import member_of, project_of

from haneul.services.network.quotas.models import Limit, limits

__all__ = ["flavor", "image"]
Thing = dict[str, Any]
MEMBERS = "compute 2.100"


@pytest.fixture(scope="module")
def nova(cloud: RunningCloud) -> Iterator[Client]:
    with simulated_host(cloud):
        yield cloud.login().with_headers(OpenStack_API_Version=MEMBERS)


@pytest.fixture(scope="module")
def member(cloud: RunningCloud, nova: Client) -> Client:
    return member_of(cloud, nova, "garden").with_headers(OpenStack_API_Version=MEMBERS)


@pytest.fixture(scope="module")
def lawn(member: Client) -> str:
    return network(member, "lawn", "10.5.0.0/24")


@pytest.fixture(scope="module")
def path(member: Client) -> str:
    return network(member, "path", "10.6.0.0/24")


def wanted(client: Client, networks: Any, flavor: str, image: str, **more: Any) -> httpx.Response:
    server = {"name": "on networks", "flavorRef": flavor, "imageRef": image, "networks": networks, **more}
    return client.post("compute", "/v2.1/servers", json={"server": server})


def refusal(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    (error,) = answer.json().values()
    return str(error["message"])


def delete(client: Client, server_id: str) -> None:
    assert client.delete("compute", f"/v2.1/servers/{server_id}").status_code == 204
    eventually(lambda: is_gone(client, server_id))


def ports_of(client: Client, server_id: str) -> list[Thing]:
    found: list[Thing] = client.get("network", "/v2.0/ports", params={"device_id": server_id}).json()["ports"]
    return found


def test_a_server_has_a_port_on_its_network_and_takes_it_along(
    member: Client, nova: Client, flavor: str, image: str, lawn: str
) -> None:
    server_id = create(member, flavor, image, "first", networks=[{"uuid": lawn}])
    server = reaches(member, server_id, "ACTIVE")
    (own,) = ports_of(nova, server_id)
    (fixed,) = own["fixed_ips"]
    assert (own["device_owner"], own["binding:host_id"], own["status"]) == ("compute:nova", "host-1", "ACTIVE")
    assert (own["project_id"], own["dns_name"]) == (project_of(member), "first")
    assert server["addresses"] == {
        "lawn": [
            {
                "addr": fixed["ip_address"],
                "version": 4,
                "OS-EXT-IPS:type": "fixed",
                "OS-EXT-IPS-MAC:mac_addr": own["mac_address"],
            }
        ]
    }
    assert server["security_groups"] == [{"name": "default"}]
    delete(member, server_id)
    assert port(nova, own["id"]) is None


def test_a_users_port_is_given_back(member: Client, flavor: str, image: str, lawn: str) -> None:
    mine = made(member, "port", network_id=lawn, name="mine", fixed_ips=[{"ip_address": "10.5.0.99"}])
    server_id = create(member, flavor, image, "with a port", networks=[{"port": mine["id"]}])
    said = refusal(wanted(member, [{"port": mine["id"]}], flavor, image), 409)
    assert said == f"Port {mine['id']} is still in use."
    reaches(member, server_id, "ACTIVE")
    assert addresses(member, server_id) == {"lawn": ["10.5.0.99"]}
    delete(member, server_id)
    after = port(member, mine["id"])
    assert after is not None
    assert (after["name"], after["fixed_ips"], after["status"]) == ("mine", mine["fixed_ips"], "DOWN")
    assert (after["device_id"], after["device_owner"]) == ("", "")
    again = create(member, flavor, image, "with it again", networks=[{"port": mine["id"]}])
    reaches(member, again, "ACTIVE")
    assert member.delete("network", f"/v2.0/ports/{mine['id']}").status_code == 204
    assert addresses(member, again) == {}
    delete(member, again)


def test_an_address_may_be_named(member: Client, flavor: str, image: str, lawn: str) -> None:
    asked = [{"uuid": lawn, "fixed_ip": "10.5.0.77"}]
    server_id = create(member, flavor, image, "at an address", networks=asked)
    assert addresses(member, server_id) == {"lawn": ["10.5.0.77"]}, "known before the server runs"
    assert refusal(wanted(member, asked, flavor, image), 400) == "Fixed IP 10.5.0.77 is already in use."
    reaches(member, server_id, "ACTIVE")
    delete(member, server_id)


def test_several_nics_keep_their_order_and_tags(member: Client, flavor: str, image: str, lawn: str, path: str) -> None:
    mine = made(member, "port", network_id=lawn)
    asked = [{"uuid": path, "tag": "front"}, {"port": mine["id"], "tag": "back"}, {"uuid": path}]
    server_id = create(member, flavor, image, "three", networks=asked)
    reaches(member, server_id, "ACTIVE")
    found = interfaces(member, server_id)
    assert [one["net_id"] for one in found] == [path, lawn, path]
    assert [one["tag"] for one in found] == ["front", "back", None]
    assert found[1]["port_id"] == mine["id"]
    delete(member, server_id)


def test_several_servers_each_have_their_own_port(member: Client, flavor: str, image: str, lawn: str) -> None:
    answer = wanted(member, [{"uuid": lawn}], flavor, image, min_count=2, max_count=2, return_reservation_id=True)
    assert answer.status_code == 202, answer.text
    found = member.get("compute", "/v2.1/servers/detail", params={"name": "on networks"}).json()["servers"]
    assert len(found) == 2
    held = [one["addr"] for server in found for one in server["addresses"]["lawn"]]
    assert len(set(held)) == 2
    mine = made(member, "port", network_id=lawn)
    for networks in ([{"port": mine["id"]}], [{"uuid": lawn, "fixed_ip": "10.5.0.78"}]):
        refusal(wanted(member, networks, flavor, image, min_count=2, max_count=2), 400)
    for server in found:
        reaches(member, server["id"], "ACTIVE")
        delete(member, server["id"])


def test_groups_by_name_and_by_id(member: Client, nova: Client, flavor: str, image: str, lawn: str) -> None:
    ssh, web = (made(member, "security_group", name=name)["id"] for name in ("ssh", "web"))
    asked = [{"name": "ssh"}, {"name": web}]
    server_id = create(member, flavor, image, "grouped", networks=[{"uuid": lawn}], security_groups=asked)
    assert set(ports_of(member, server_id)[0]["security_groups"]) == {ssh, web}
    server = reaches(member, server_id, "ACTIVE")
    groups: Any = server["security_groups"]
    assert sorted(group["name"] for group in groups) == ["ssh", "web"]
    said = refusal(wanted(member, [{"uuid": lawn}], flavor, image, security_groups=[{"name": "nothing"}]), 400)
    assert "nothing" in said
    made(member, "security_group", name="web")
    refusal(wanted(member, [{"uuid": lawn}], flavor, image, security_groups=[{"name": "web"}]), 409)
    theirs = made(nova, "security_group", name="theirs")["id"]
    refusal(wanted(member, [{"uuid": lawn}], flavor, image, security_groups=[{"name": theirs}]), 400)
    delete(member, server_id)


def test_what_is_named_wrongly_is_refused(
    cloud: RunningCloud, member: Client, nova: Client, flavor: str, image: str, lawn: str
) -> None:
    theirs = network(nova, "theirs", "10.7.0.0/24")
    bare, empty = made(member, "port", network_id=lawn, fixed_ips=[]), made(member, "network", name="empty")
    unknown = str(uuid4())
    for networks, said in (
        ([{"uuid": unknown}], f"Network {unknown} could not be found."),
        ([{"uuid": theirs}], f"Network {theirs} could not be found."),
        ([{"port": unknown}], f"Port id {unknown} could not be found."),
        ([{"port": bare["id"]}], f"Port {bare['id']} requires a FixedIP in order to be used."),
        ([{"uuid": empty["id"]}], f"Network {empty['id']} requires a subnet in order to boot instances on."),
        ([{"uuid": lawn, "fixed_ip": "10.9.9.9"}], "IP address 10.9.9.9 is not a valid IP"),
        ([{"uuid": lawn, "fixed_ip": "10.5.0"}], "10.5.0"),
        ([{}], "network uuid is not in proper format"),
        ([{"uuid": lawn, "colour": "red"}], "colour"),
        ("everything", "networks"),
    ):
        message = refusal(wanted(member, networks, flavor, image), 400)
        assert said in message, message
    answer = member.post(
        "compute", "/v2.1/servers", json={"server": {"name": "x", "flavorRef": flavor, "imageRef": image}}
    )
    assert "'networks' is a required property" in refusal(answer, 400)
    before = member.get("compute", "/v2.1/servers").json()["servers"]
    assert before == [], "a refused request leaves nothing"


def test_external_networks_are_for_those_with_a_role(member: Client, nova: Client, flavor: str, image: str) -> None:
    outside = network(nova, "outside", "203.0.113.0/24", **{"router:external": True})
    refusal(wanted(member, [{"uuid": outside}], flavor, image), 403)
    server_id = create(nova, flavor, image, "outside", networks=[{"uuid": outside}])
    reaches(nova, server_id, "ACTIVE")
    delete(nova, server_id)


def test_a_quota_of_ports_stands_in_the_way(cloud: RunningCloud, nova: Client, flavor: str, image: str) -> None:
    poor = member_of(cloud, nova, "poor").with_headers(OpenStack_API_Version=MEMBERS)
    yard = network(poor, "yard", "10.8.0.0/24")
    cloud.cloud.store.write(lambda db: db.insert(limits, Limit(project_of(poor), "port", 1)))
    refusal(wanted(poor, [{"uuid": yard}, {"uuid": yard}], flavor, image), 403)
    assert poor.get("compute", "/v2.1/servers").json()["servers"] == []
    assert [one["device_owner"] for one in poor.get("network", "/v2.0/ports").json()["ports"]] == ["network:dhcp"]


def test_a_network_that_is_full_is_said_at_once(member: Client, flavor: str, image: str) -> None:
    full = made(member, "network", name="full")["id"]
    made(member, "subnet", network_id=full, cidr="10.9.0.0/30", ip_version=4, enable_dhcp=False)
    made(member, "port", network_id=full)
    assert "No more IP addresses available" in refusal(wanted(member, [{"uuid": full}], flavor, image), 409)


def test_a_host_that_cannot_carry_the_network_puts_the_server_into_error(nova: Client, flavor: str, image: str) -> None:
    physical = {"provider:network_type": "flat", "provider:physical_network": "elsewhere"}
    far = network(nova, "far", "10.10.0.0/24", **physical)
    server_id = create(nova, flavor, image, "far away", networks=[{"uuid": far}])
    server = reaches(nova, server_id, "ERROR")
    fault: Any = server["fault"]
    assert "Host host-1 is not connected to the physical network elsewhere." in fault["message"]
    (own,) = ports_of(nova, server_id)
    assert (own["binding:host_id"], own["binding:vif_type"]) == ("", "unbound")
    delete(nova, server_id)
    assert ports_of(nova, server_id) == []


@pytest.mark.parametrize("version", ["2.1", "2.36"])
def test_whoever_has_but_one_network_need_not_name_it(
    cloud: RunningCloud, nova: Client, flavor: str, image: str, version: str
) -> None:
    someone = member_of(cloud, nova, f"someone at {version}").with_headers(OpenStack_API_Version=f"compute {version}")
    body = {"server": {"name": "by itself", "flavorRef": flavor, "imageRef": image}}

    def asked() -> httpx.Response:
        return someone.post("compute", "/v2.1/servers", json=body)

    without = asked().json()["server"]["id"]
    assert shown(someone, without)["addresses"] == {}
    network(someone, "only", "10.11.0.0/24")
    with_one = asked().json()["server"]["id"]
    assert addresses(someone, with_one).keys() == {"only"}
    for server_id in (without, with_one):
        reaches(someone, server_id, "ACTIVE")
        delete(someone, server_id)
    network(someone, "another", "10.12.0.0/24")
    said = refusal(asked(), 409)
    assert said == "Multiple possible networks found, use a Network ID to be more specific."


def test_auto_takes_the_only_network_or_has_one_made(
    cloud: RunningCloud, nova: Client, flavor: str, image: str
) -> None:
    somebody = member_of(cloud, nova, "somebody").with_headers(OpenStack_API_Version=MEMBERS)
    refused = wanted(somebody, "auto", flavor, image)
    assert refused.status_code in (400, 404, 409), "there is no default external network to stand behind"
    mine = network(somebody, "only", "10.13.0.0/24")
    server_id = create(somebody, flavor, image, "by itself", networks="auto")
    assert addresses(somebody, server_id).keys() == {"only"}
    reaches(somebody, server_id, "ACTIVE")
    delete(somebody, server_id)
    without = create(somebody, flavor, image, "none", networks="none")
    reaches(somebody, without, "ACTIVE")
    assert interfaces(somebody, without) == []
    delete(somebody, without)
    down = {"network": {"admin_state_up": False}}
    assert somebody.put("network", f"/v2.0/networks/{mine}", json=down).status_code == 200
    assert wanted(somebody, "auto", flavor, image).status_code == refused.status_code


def test_a_network_that_is_shared_counts_too(cloud: RunningCloud, nova: Client, flavor: str, image: str) -> None:
    guest = member_of(cloud, nova, "guest").with_headers(OpenStack_API_Version=MEMBERS)
    shared = network(nova, "shared with a guest", "10.14.0.0/24")
    policy = {
        "object_type": "network",
        "object_id": shared,
        "action": "access_as_shared",
        "target_tenant": project_of(guest),
    }
    answer = nova.post("network", "/v2.0/rbac-policies", json={"rbac_policy": policy})
    assert answer.status_code == 201
    server_id = create(guest, flavor, image, "a guest", networks="auto")
    assert addresses(guest, server_id).keys() == {"shared with a guest"}
    reaches(guest, server_id, "ACTIVE")
    delete(guest, server_id)
    network(guest, "own", "10.15.0.0/24")
    refusal(wanted(guest, "auto", flavor, image), 409)
