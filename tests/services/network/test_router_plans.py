"""What hosts are told of routers, and what follows from what they say."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.services.network.routed import (
    Host,
    add_subnet,
    asked,
    changed,
    gone,
    joined_router,
    made,
    outside,
    shown,
    subnet,
)
from tests.support.cloud import Client, RunningCloud, running_cloud

from haneul.services.network.drivers.base import FloatingPlan, HostNetwork, Route


@pytest.fixture(scope="module")
def host(cloud: RunningCloud) -> Host:
    """The one host of the module's cloud."""
    one = Host(cloud, "host-1")
    one.beats()
    return one


@pytest.fixture
def empty() -> Iterator[RunningCloud]:
    """A cloud without hosts."""
    with running_cloud() as running:
        yield running


def port_of(client: Client, router_id: str, owner: str) -> dict[str, Any]:
    parameters = {"device_id": router_id, "device_owner": f"network:{owner}"}
    (port,) = asked(client, "GET", "/v2.0/ports", params=parameters).json()["ports"]
    found: dict[str, Any] = port
    return found


def test_a_plan_says_all_that_a_router_is(admin: Client, host: Host) -> None:
    public, inside = outside(admin, "203.0.113.0/24"), subnet(admin, "10.5.5.0/24")
    router = joined_router(admin, inside["id"], public["network_id"])
    modes = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    of_6 = subnet(admin, "2001:db8::/64", gateway_ip="2001:db8::1", dns_nameservers=["2001:db8::53"], **modes)
    add_subnet(admin, router["id"], of_6["id"])
    changed(admin, "router", router["id"], routes=[{"destination": "10.6.0.0/16", "nexthop": "10.5.5.9"}])
    plan = host.router(router["id"])
    first, second = plan.legs
    assert (first.network_id, first.addresses, first.mtu) == (inside["network_id"], ("10.5.5.1/24",), 1450)
    assert first.advertised == ()
    assert second.addresses == ("2001:db8::1/64",)
    (told,) = second.advertised
    assert (told.prefix, told.mode, told.dns) == ("2001:db8::/64", "slaac", ("2001:db8::53",))
    assert plan.gateway is not None
    assert (plan.gateway.network_id, plan.gateway.via, plan.gateway.snat) == (
        public["network_id"],
        ("203.0.113.1",),
        True,
    )
    address = router["external_gateway_info"]["external_fixed_ips"][0]["ip_address"]
    assert plan.gateway.addresses == (f"{address}/24",)
    assert plan.routes == (Route("10.6.0.0/16", "10.5.5.9"),)
    assert plan.is_up
    changed(admin, "router", router["id"], admin_state_up=False)
    after = host.router(router["id"])
    assert not after.is_up
    assert after.generation > plan.generation


def test_what_changes_of_a_leg_is_told(admin: Client, host: Host) -> None:
    inside = subnet(admin, "10.5.5.0/24")
    router = made(admin, "router")["id"]
    port = add_subnet(admin, router, inside["id"])["port_id"]
    before = host.router(router)
    changed(admin, "port", port, admin_state_up=False)
    down = host.router(router)
    assert not down.legs[0].is_up
    assert down.generation > before.generation
    changed(admin, "port", port, fixed_ips=[{"subnet_id": inside["id"], "ip_address": "10.5.5.77"}])
    moved = host.router(router)
    assert moved.legs[0].addresses == ("10.5.5.77/24",)
    assert moved.generation > down.generation
    changed(admin, "network", inside["network_id"], mtu=1400)
    small = host.router(router)
    assert small.legs[0].mtu == 1400
    assert small.generation > moved.generation


def test_legs_of_a_router_that_is_down_are_active(admin: Client, host: Host) -> None:
    inside = subnet(admin, "10.5.5.0/24")
    router = made(admin, "router", admin_state_up=False)["id"]
    add_subnet(admin, router, inside["id"])
    host.makes(host.router(router))
    assert port_of(admin, router, "router_interface")["status"] == "ACTIVE"


def test_ports_and_floating_ips_are_active_when_made(admin: Client, host: Host) -> None:
    public, inside = outside(admin, "203.0.113.0/24"), subnet(admin, "10.5.5.0/24")
    router = joined_router(admin, inside["id"], public["network_id"])["id"]
    assert port_of(admin, router, "router_interface")["status"] == "DOWN"
    host.makes(host.router(router))
    for owner in ("router_interface", "router_gateway"):
        port = port_of(admin, router, owner)
        assert (port["status"], port["binding:host_id"]) == ("ACTIVE", "host-1")
    guest = made(admin, "port", network_id=inside["network_id"])
    floating = made(admin, "floatingip", floating_network_id=public["network_id"], port_id=guest["id"])
    before, plan = host.router(router), host.router(router)
    fixed = guest["fixed_ips"][0]["ip_address"]
    assert plan.floating_ips == (FloatingPlan(floating["id"], floating["floating_ip_address"], fixed),)
    host.makes(plan, error="No nft on this host.")
    assert shown(admin, "floatingip", floating["id"])["status"] == "DOWN"
    host.makes(plan)
    assert shown(admin, "floatingip", floating["id"])["status"] == "ACTIVE"
    changed(admin, "floatingip", floating["id"], port_id=None)
    assert shown(admin, "floatingip", floating["id"])["status"] == "DOWN"
    assert host.router(router).floating_ips == ()
    changed(admin, "floatingip", floating["id"], port_id=guest["id"])
    host.makes(before)
    assert shown(admin, "floatingip", floating["id"])["status"] == "DOWN", "an old plan makes nothing active"


def test_forwardings_are_told(admin: Client, host: Host) -> None:
    public, inside = outside(admin, "203.0.113.0/24"), subnet(admin, "10.5.5.0/24")
    router = joined_router(admin, inside["id"], public["network_id"])["id"]
    guest = made(admin, "port", network_id=inside["network_id"])
    floating = made(admin, "floatingip", floating_network_id=public["network_id"])
    wanted = {
        "internal_port_id": guest["id"],
        "protocol": "udp",
        "internal_port_range": "80:90",
        "external_port_range": "8080:8090",
    }
    path = f"/v2.0/floatingips/{floating['id']}/port_forwardings"
    assert asked(admin, "POST", path, {"port_forwarding": wanted}).status_code == 201
    plan = host.router(router)
    (told,) = plan.forwardings
    assert plan.floating_ips == ()
    assert (told.protocol, told.floating) == ("udp", floating["floating_ip_address"])
    assert (told.outside_first, told.outside_last, told.inside_first, told.inside_last) == (8080, 8090, 80, 90)
    assert told.fixed == guest["fixed_ips"][0]["ip_address"]
    host.makes(plan)
    assert shown(admin, "floatingip", floating["id"])["status"] == "ACTIVE"
    gone(admin, "port", guest["id"])
    assert host.router(router).forwardings == ()


def test_a_router_has_a_host_while_it_has_a_port(admin: Client, host: Host) -> None:
    inside = subnet(admin, "10.5.5.0/24")
    router = made(admin, "router")["id"]
    assert host.routers(router) == []
    add_subnet(admin, router, inside["id"])
    assert len(host.routers(router)) == 1
    assert inside["network_id"] in host.segments()
    assert shown(admin, "router", router)["availability_zones"] == ["nova"]
    leg = {"subnet_id": inside["id"]}
    assert asked(admin, "PUT", f"/v2.0/routers/{router}/remove_router_interface", leg).status_code == 200
    assert host.routers(router) == []
    assert shown(admin, "router", router)["availability_zones"] == []
    assert [stone.id for stone in host.asks("router", router).tombstones] == [router]
    add_subnet(admin, router, inside["id"])
    assert host.asks("router", router).tombstones == []
    assert len(host.routers(router)) == 1


def test_the_least_busy_host_that_can_gets_it(empty: RunningCloud) -> None:
    admin, one, two = empty.login(), Host(empty, "host-1"), Host(empty, "host-2")
    local = Host(empty, "host-0", HostNetwork(types=("local",)))
    for each in (one, two, local):
        each.beats()
    routers = [made(admin, "router")["id"] for _ in range(4)]
    for number, router in enumerate(routers):
        add_subnet(admin, router, subnet(admin, f"10.{number}.0.0/24")["id"])
    assert [len(each.routers()) for each in (local, one, two)] == [0, 2, 2]


def test_a_router_waits_for_a_host(empty: RunningCloud) -> None:
    admin = empty.login()
    inside = subnet(admin, "10.5.5.0/24")
    router = made(admin, "router")["id"]
    add_subnet(admin, router, inside["id"])
    port = port_of(admin, router, "router_interface")
    assert (port["binding:vif_type"], port["status"]) == ("unbound", "DOWN")
    host = Host(empty, "host-1")
    host.beats()
    assert [leg.addresses for leg in host.router(router).legs] == [("10.5.5.1/24",)]
    assert port_of(admin, router, "router_interface")["binding:host_id"] == "host-1"


def test_a_leg_that_its_host_can_not_carry_says_so(admin: Client, host: Host) -> None:
    router = made(admin, "router")["id"]
    add_subnet(admin, router, subnet(admin, "10.5.5.0/24")["id"])
    street = {"provider:network_type": "flat", "provider:physical_network": "physnet2"}
    network = made(admin, "network", **{"router:external": True}, **street)
    subnet(admin, "203.0.113.0/24", network["id"])
    changed(admin, "router", router, external_gateway_info={"network_id": network["id"]})
    plan = host.router(router)
    assert (len(plan.legs), plan.gateway) == (1, None)
    host.makes(plan)
    port = port_of(admin, router, "router_gateway")
    assert (port["binding:vif_type"], port["status"]) == ("binding_failed", "DOWN")


def test_dhcp_knows_that_a_network_is_routed(admin: Client, host: Host) -> None:
    inside = subnet(admin, "10.5.5.0/24")
    before = host.asks("dhcp", inside["network_id"]).revision
    router = made(admin, "router")["id"]
    add_subnet(admin, router, inside["id"])
    between = host.asks("dhcp", inside["network_id"]).revision
    leg = {"subnet_id": inside["id"]}
    assert asked(admin, "PUT", f"/v2.0/routers/{router}/remove_router_interface", leg).status_code == 200
    assert before < between < host.asks("dhcp", inside["network_id"]).revision
