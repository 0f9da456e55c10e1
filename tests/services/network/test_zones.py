"""Availability zones of agents, and who provides routers."""

from tests.clients.openstack_cli import OpenStackCli
from tests.services.network.routed import Host, asked
from tests.support.cloud import Client, RunningCloud

ZONES = "/v2.0/availability_zones"


def test_zones_come_with_agents(cloud: RunningCloud, admin: Client) -> None:
    assert asked(admin, "GET", ZONES).json() == {"availability_zones": []}
    Host(cloud, "alpha").beats()
    both = [
        {"name": "nova", "resource": "network", "state": "available"},
        {"name": "nova", "resource": "router", "state": "available"},
    ]
    assert asked(admin, "GET", ZONES).json() == {"availability_zones": both}
    for parameters, found in (
        ({"resource": "router"}, both[1:]),
        ({"agent_type": "network"}, both[:1]),
        ({"name": "south"}, []),
        ({"availability_zone": "nova"}, both),
        ({"state": "unavailable"}, []),
    ):
        assert asked(admin, "GET", ZONES, params=parameters).json() == {"availability_zones": found}
    (dhcp,) = asked(admin, "GET", "/v2.0/agents", params={"agent_type": "DHCP agent"}).json()["agents"]
    asked(admin, "PUT", f"/v2.0/agents/{dhcp['id']}", {"agent": {"admin_state_up": False}})
    states = {zone["resource"]: zone["state"] for zone in asked(admin, "GET", ZONES).json()["availability_zones"]}
    assert states == {"network": "unavailable", "router": "available"}
    asked(admin, "PUT", f"/v2.0/agents/{dhcp['id']}", {"agent": {"admin_state_up": True}})


def test_the_client_shows_zones(cloud: RunningCloud, admin: Client) -> None:
    Host(cloud, "alpha").beats()
    rows = OpenStackCli(cloud).json("availability zone list --network --long")
    assert {(row["Zone Name"], row["Zone Resource"], row["Zone Status"]) for row in rows} == {
        ("nova", "network", "available"),
        ("nova", "router", "available"),
    }


def test_routers_have_one_provider(cloud: RunningCloud, admin: Client) -> None:
    one = {"service_type": "L3_ROUTER_NAT", "name": "single_node", "default": True}
    assert asked(admin, "GET", "/v2.0/service-providers").json() == {"service_providers": [one]}
    for parameters in ({"service_type": "VPN"}, {"name": "ha"}, {"default": "false"}):
        assert asked(admin, "GET", "/v2.0/service-providers", params=parameters).json() == {"service_providers": []}
    rows = OpenStackCli(cloud).json("network service provider list")
    assert rows == [{"Service Type": "L3_ROUTER_NAT", "Name": "single_node", "Default": True}]
