"""Networks' DHCP servers: where they are, at which addresses, and what they tell whom."""

from typing import Any

import pytest
from tests.services.network.placed import PlanHost, port_on, row
from tests.services.network.routed import add_subnet, asked, changed, gone, made, refused, shown, subnet, unlimited
from tests.support.cloud import Client, RunningCloud

from haneul.kernel.clock import EPOCH
from haneul.services.network.agents.models import agents
from haneul.services.network.drivers.base import DhcpHost, DhcpOption, DhcpPlan, HostNetwork, Route

Thing = dict[str, Any]
METADATA = "169.254.169.254/32"


@pytest.fixture(scope="module", autouse=True)
def room(cloud: RunningCloud, admin: Client) -> None:
    unlimited(cloud, admin)


@pytest.fixture(scope="module")
def early(admin: Client, room: None) -> Thing:
    """A subnet that was made before there was any host."""
    return subnet(admin, "10.4.0.0/24")


@pytest.fixture(scope="module")
def one(cloud: RunningCloud, early: Thing) -> PlanHost:
    return PlanHost(cloud, "one")


def server_ports(admin: Client, network_id: str) -> list[Thing]:
    query = f"/v2.0/ports?network_id={network_id}&device_owner=network:dhcp"
    found: list[Thing] = asked(admin, "GET", query).json()["ports"]
    return found


def agent_on(admin: Client, host: str) -> str:
    query = f"/v2.0/agents?binary=neutron-dhcp-agent&host={host}"
    found: str = asked(admin, "GET", query).json()["agents"][0]["id"]
    return found


def addresses(found: Thing) -> list[str]:
    return [fixed["ip_address"] for fixed in found["fixed_ips"]]


def test_a_network_that_came_before_its_hosts_is_served_when_one_joins(
    admin: Client, early: Thing, one: PlanHost
) -> None:
    (port,) = server_ports(admin, early["network_id"])
    assert addresses(port) == ["10.4.0.2"]
    assert early["network_id"] in one.plans(DhcpPlan)


def test_the_server_has_the_first_address(admin: Client, one: PlanHost) -> None:
    inside = subnet(admin, "10.5.5.0/24", dns_nameservers=["8.8.8.8"])
    network_id = inside["network_id"]
    (port,) = server_ports(admin, network_id)
    assert addresses(port) == ["10.5.5.2"]
    assert (port["binding:host_id"], port["binding:vif_type"], port["status"]) == ("one", "bridge", "DOWN")
    assert port["device_id"].startswith("dhcp")
    assert port["device_id"].endswith(f"-{network_id}")
    assert (port["port_security_enabled"], port["security_groups"]) == (False, [])
    plan = one.plans(DhcpPlan)[network_id]
    assert (plan.port_id, plan.mac, plan.mtu) == (port["id"], port["mac_address"], 1450)
    assert (plan.addresses, plan.domain, plan.hosts, plan.metadata) == (("10.5.5.2/24",), "openstacklocal", (), True)
    (served,) = plan.subnets
    assert (served.cidr, served.gateway, served.dns) == ("10.5.5.0/24", "10.5.5.1", ("8.8.8.8",))
    assert served.routes == (Route(METADATA, "10.5.5.2"),)
    assert plan.is_up
    one.says(plan)
    assert shown(admin, "port", port["id"])["status"] == "ACTIVE"
    changed(admin, "port", port["id"], admin_state_up=False)
    dark = one.plans(DhcpPlan)[network_id]
    assert not dark.is_up
    one.says(dark)
    assert shown(admin, "port", port["id"])["status"] == "DOWN"


def test_guests_are_told_what_their_ports_say(admin: Client, one: PlanHost) -> None:
    inside = subnet(admin, "10.6.0.0/24", dns_nameservers=[])
    network_id = inside["network_id"]
    options = [{"opt_name": "mtu", "opt_value": "1400"}, {"opt_name": "23", "opt_value": "::1", "ip_version": 6}]
    named = made(admin, "port", network_id=network_id, dns_name="gate", extra_dhcp_opts=options)
    plain = made(admin, "port", network_id=network_id)
    made(admin, "port", network_id=network_id, fixed_ips=[])
    plan = one.plans(DhcpPlan)[network_id]
    assert {host.port_id: host for host in plan.hosts} == {
        named["id"]: DhcpHost(
            port_id=named["id"],
            mac=named["mac_address"],
            addresses=("10.6.0.3",),
            hostname="gate",
            options=(DhcpOption("mtu", "1400", 4), DhcpOption("23", "::1", 6)),
        ),
        plain["id"]: DhcpHost(
            port_id=plain["id"], mac=plain["mac_address"], addresses=("10.6.0.4",), hostname="host-10-6-0-4"
        ),
    }
    assert plan.subnets[0].dns == ("10.6.0.2",), "who names no resolver gets the server itself"
    gone(admin, "port", named["id"])
    after = one.plans(DhcpPlan)[network_id]
    assert [host.port_id for host in after.hosts] == [plain["id"]]
    assert after.generation > plan.generation
    moved = changed(admin, "port", plain["id"], fixed_ips=[{"ip_address": "10.6.0.99"}])
    assert one.plans(DhcpPlan)[network_id].hosts[0].addresses == tuple(addresses(moved))


def test_a_second_subnet_is_served_by_the_same_server(admin: Client, one: PlanHost) -> None:
    first = subnet(admin, "10.7.0.0/24")
    network_id = first["network_id"]
    second = subnet(admin, "10.8.0.0/24", network_id)
    (port,) = server_ports(admin, network_id)
    assert addresses(port) == ["10.7.0.2", "10.8.0.2"]
    plan = one.plans(DhcpPlan)[network_id]
    assert {served.cidr: [route.destination for route in served.routes] for served in plan.subnets} == {
        "10.7.0.0/24": ["10.8.0.0/24", METADATA],
        "10.8.0.0/24": ["10.7.0.0/24", METADATA],
    }
    gone(admin, "subnet", second["id"])
    (port,) = server_ports(admin, network_id)
    assert addresses(port) == ["10.7.0.2"]
    assert [served.cidr for served in one.plans(DhcpPlan)[network_id].subnets] == ["10.7.0.0/24"]


def test_dhcp_is_switched_off_and_on(admin: Client, one: PlanHost) -> None:
    inside = subnet(admin, "10.9.0.0/24")
    network_id = inside["network_id"]
    changed(admin, "subnet", inside["id"], enable_dhcp=False)
    assert server_ports(admin, network_id) == []
    assert network_id not in one.plans(DhcpPlan)
    assert network_id in one.tombstones(DhcpPlan)
    changed(admin, "subnet", inside["id"], enable_dhcp=True)
    (port,) = server_ports(admin, network_id)
    assert len(addresses(port)) == 1
    assert network_id in one.plans(DhcpPlan)
    assert network_id not in one.tombstones(DhcpPlan)
    gone(admin, "network", network_id)
    assert network_id in one.tombstones(DhcpPlan)
    assert network_id not in one.plans(DhcpPlan)


def test_ipv6_is_served_where_its_mode_asks_for_it(admin: Client, one: PlanHost) -> None:
    mode = {"ipv6_ra_mode": "dhcpv6-stateful", "ipv6_address_mode": "dhcpv6-stateful"}
    stateful = subnet(admin, "fd05::/64", **mode)
    (plan,) = [plan for plan in one.plans(DhcpPlan).values() if plan.id == stateful["network_id"]]
    assert [(served.cidr, served.mode) for served in plan.subnets] == [("fd05::/64", "dhcpv6-stateful")]
    assert plan.addresses[0].endswith("/64")
    slaac = subnet(admin, "fd06::/64", ipv6_ra_mode="slaac", ipv6_address_mode="slaac")
    (port,) = server_ports(admin, slaac["network_id"])
    assert addresses(port)[0].startswith("fd06::f816:3eff:fe")


def test_a_router_takes_over_the_metadata(admin: Client, one: PlanHost) -> None:
    inside = subnet(admin, "10.10.0.0/24", host_routes=[{"destination": "192.0.2.0/24", "nexthop": "10.10.0.9"}])
    assert one.plans(DhcpPlan)[inside["network_id"]].metadata
    router = made(admin, "router")
    add_subnet(admin, router["id"], inside["id"])
    plan = one.plans(DhcpPlan)[inside["network_id"]]
    assert not plan.metadata
    assert plan.subnets[0].routes == (Route("192.0.2.0/24", "10.10.0.9"), Route(METADATA, "10.10.0.1"))


def test_a_subnet_that_is_full_is_served_once_it_has_room(admin: Client, one: PlanHost) -> None:
    pools = [{"start": "10.11.0.9", "end": "10.11.0.9"}]
    inside = subnet(admin, "10.11.0.0/24", enable_dhcp=False, allocation_pools=pools)
    guest = made(admin, "port", network_id=inside["network_id"])
    changed(admin, "subnet", inside["id"], enable_dhcp=True)
    assert server_ports(admin, inside["network_id"]) == []
    gone(admin, "port", guest["id"])
    for is_on in (False, True):
        changed(admin, "subnet", inside["id"], enable_dhcp=is_on)
    assert [addresses(port) for port in server_ports(admin, inside["network_id"])] == [["10.11.0.9"]]


def test_a_server_moves(cloud: RunningCloud, admin: Client, one: PlanHost) -> None:
    two = PlanHost(cloud, "two")
    inside = subnet(admin, "10.12.0.0/24")
    network_id = inside["network_id"]
    assert network_id in two.plans(DhcpPlan), "the one that has least to do"
    here, there = agent_on(admin, "two"), agent_on(admin, "one")
    moved = asked(admin, "POST", f"/v2.0/agents/{there}/dhcp-networks", {"network_id": network_id})
    assert moved.status_code == 201
    assert sorted(addresses(port) for port in server_ports(admin, network_id)) == [["10.12.0.2"], ["10.12.0.3"]]
    assert asked(admin, "DELETE", f"/v2.0/agents/{here}/dhcp-networks/{network_id}").status_code == 204
    assert network_id not in two.plans(DhcpPlan)
    assert network_id in two.tombstones(DhcpPlan)
    (port,) = server_ports(admin, network_id)
    assert (addresses(port), port["binding:host_id"]) == (["10.12.0.3"], "one")
    gone(admin, "network", network_id)


def test_a_host_that_cannot_carry_a_network_does_not_serve_it(cloud: RunningCloud, admin: Client) -> None:
    tunnelless = HostNetwork(types=("local",))
    bare = PlanHost(cloud, "bare", tunnelless)
    inside = subnet(admin, "10.13.0.0/24")
    assert inside["network_id"] not in bare.plans(DhcpPlan), "it had least to do, and can't"
    body = {"network_id": inside["network_id"]}
    agent = agent_on(admin, "bare")
    message = refused(asked(admin, "POST", f"/v2.0/agents/{agent}/dhcp-networks", body), 409, "HTTPConflict")
    assert "Host bare can't carry networks of type vxlan." in message


def test_the_servers_port_is_deleted_with_its_network_and_bound_with_its_host(
    cloud: RunningCloud, admin: Client, one: PlanHost
) -> None:
    inside = subnet(admin, "10.14.0.0/24")
    (port,) = server_ports(admin, inside["network_id"])
    assert row(cloud, port["id"]).binding_error == ""
    gone(admin, "network", inside["network_id"])
    assert asked(admin, "GET", f"/v2.0/ports/{port['id']}").status_code == 404


def test_a_host_that_was_silent_gets_nothing_new(cloud: RunningCloud, admin: Client, one: PlanHost) -> None:
    quiet = PlanHost(cloud, "quiet")
    cloud.cloud.store.write(lambda db: db.update(agents, {"host": "quiet"}, seen_at=EPOCH))
    inside = subnet(admin, "10.15.0.0/24")
    assert inside["network_id"] not in quiet.plans(DhcpPlan)
    assert len(server_ports(admin, inside["network_id"])) == 1
    port = port_on(admin, "quiet", inside["network_id"])
    assert port["binding:vif_type"] == "bridge", "who names a host means it"
