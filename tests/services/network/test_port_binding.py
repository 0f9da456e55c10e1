"""Ports on hosts: bound, refused with a reason, moved and let go; and what their hosts say of them."""

from typing import Any

import pytest
from tests.services.network.placed import PlanHost, port_on, row
from tests.services.network.routed import add_subnet, asked, changed, gone, made, shown, subnet, unlimited
from tests.support.cloud import Client, RunningCloud

from haneul.services.network.drivers.base import AddressPair, HostNetwork, PortPlan, SegmentPlan

Thing = dict[str, Any]
BARE = HostNetwork(types=("vxlan", "local"))


@pytest.fixture(scope="module", autouse=True)
def room(cloud: RunningCloud, admin: Client) -> None:
    unlimited(cloud, admin)


@pytest.fixture(scope="module")
def one(cloud: RunningCloud) -> PlanHost:
    return PlanHost(cloud, "one")


@pytest.fixture(scope="module")
def two(cloud: RunningCloud, one: PlanHost) -> PlanHost:
    return PlanHost(cloud, "two")


@pytest.fixture
def lawn(admin: Client) -> Thing:
    return subnet(admin, "10.5.0.0/24", enable_dhcp=False)


def test_a_bound_port_is_made_by_its_host(admin: Client, one: PlanHost, lawn: Thing) -> None:
    pairs = [{"ip_address": "10.5.77.0/24", "mac_address": "fa:16:3e:00:00:07"}]
    port = port_on(admin, "one", lawn["network_id"], allowed_address_pairs=pairs)
    assert (port["binding:host_id"], port["binding:vif_type"], port["status"]) == ("one", "bridge", "DOWN")
    assert port["binding:vif_details"] == {"port_filter": True, "connectivity": "l2"}
    plan = one.plans(PortPlan)[port["id"]]
    assert plan == PortPlan(
        id=port["id"],
        generation=1,
        network_id=lawn["network_id"],
        mac=port["mac_address"],
        mtu=1450,
        addresses=(port["fixed_ips"][0]["ip_address"],),
        pairs=(AddressPair("10.5.77.0/24", "fa:16:3e:00:00:07"),),
        groups=tuple(port["security_groups"]),
        request_id=plan.request_id,
    )
    one.says(plan)
    assert shown(admin, "port", port["id"])["status"] == "ACTIVE"
    after = changed(admin, "port", port["id"], admin_state_up=False)
    assert after["status"] == "ACTIVE", "until its host says otherwise"
    newer = one.plans(PortPlan)[port["id"]]
    assert (newer.is_up, newer.generation) == (False, 2)
    one.says(plan)
    assert shown(admin, "port", port["id"])["status"] == "ACTIVE", "what was made is of yesterday"
    one.says(newer)
    assert shown(admin, "port", port["id"])["status"] == "DOWN"
    gone(admin, "port", port["id"])


def test_what_is_changed_reaches_the_host(admin: Client, one: PlanHost, lawn: Thing) -> None:
    port = port_on(admin, "one", lawn["network_id"])

    def plan() -> PortPlan:
        return one.plans(PortPlan, port["id"])[port["id"]]

    changes: tuple[tuple[Thing, Thing], ...] = (
        ({"fixed_ips": [{"ip_address": "10.5.0.77"}]}, {"addresses": ("10.5.0.77",)}),
        ({"security_groups": []}, {"groups": ()}),
        ({"port_security_enabled": False}, {"is_secure": False}),
    )
    for number, (wanted, shows) in enumerate(changes, start=2):
        changed(admin, "port", port["id"], **wanted)
        assert plan().generation == number
        assert {name: getattr(plan(), name) for name in shows} == shows
    answer = asked(admin, "PUT", f"/v2.0/ports/{port['id']}", {"port": {"mac_address": "fa:16:3e:00:00:09"}})
    assert answer.status_code == 409
    assert answer.json()["NeutronError"]["type"] == "PortBound"
    assert changed(admin, "port", port["id"], mac_address=port["mac_address"])["mac_address"] == port["mac_address"]
    gone(admin, "port", port["id"])


def test_a_host_that_cannot_make_a_port_says_why(
    cloud: RunningCloud, admin: Client, one: PlanHost, lawn: Thing
) -> None:
    port = port_on(admin, "one", lawn["network_id"])
    plan = one.plans(PortPlan)[port["id"]]
    one.says(plan, "There is no room for another tap.")
    assert shown(admin, "port", port["id"])["status"] == "DOWN"
    changed(admin, "port", port["id"], name="again")
    one.says(one.plans(PortPlan)[port["id"]])
    assert shown(admin, "port", port["id"])["status"] == "ACTIVE"
    gone(admin, "port", port["id"])


@pytest.mark.parametrize(
    ("provider", "host", "reason"),
    [
        ({"provider:network_type": "vxlan"}, "nowhere", "No network agent was ever heard of on host nowhere."),
        ({"provider:network_type": "gre"}, "one", "Host one can't carry networks of type gre."),
        (
            {"provider:network_type": "flat", "provider:physical_network": "elsewhere"},
            "one",
            "Host one is not connected to the physical network elsewhere.",
        ),
    ],
)
def test_a_binding_fails_with_its_reason(
    cloud: RunningCloud, admin: Client, one: PlanHost, provider: Thing, host: str, reason: str
) -> None:
    network = made(admin, "network", **provider)
    port = port_on(admin, host, network["id"])
    assert (port["binding:vif_type"], port["binding:host_id"]) == ("binding_failed", host)
    assert port["binding:vif_details"] == {}
    assert row(cloud, port["id"]).binding_error == reason
    assert port["id"] not in one.plans(PortPlan)
    assert network["id"] not in one.plans(SegmentPlan)
    unbound = changed(admin, "port", port["id"], **{"binding:host_id": ""})
    assert (unbound["binding:vif_type"], unbound["binding:host_id"]) == ("unbound", "")
    gone(admin, "port", port["id"])
    gone(admin, "network", network["id"])


def test_tunnels_need_an_address_at_both_ends(cloud: RunningCloud, admin: Client, one: PlanHost, lawn: Thing) -> None:
    bare = PlanHost(cloud, "bare", BARE)
    alone = made(admin, "network")
    first = port_on(admin, "bare", alone["id"])
    assert first["binding:vif_type"] == "bridge", "a host that is alone needs no tunnel"
    second = port_on(admin, "one", alone["id"])
    assert second["binding:vif_type"] == "binding_failed"
    assert row(cloud, second["id"]).binding_error == (
        "The network is on host bare already, which has no address for tunnels."
    )
    port_on(admin, "one", lawn["network_id"])
    other = port_on(admin, "bare", lawn["network_id"])
    assert row(cloud, other["id"]).binding_error == (
        "Host bare has no address for tunnels, and the network is on another host already."
    )
    gone(admin, "port", first["id"])
    assert alone["id"] not in bare.plans(SegmentPlan), "a binding that failed keeps no segment"
    again = changed(admin, "port", second["id"], **{"binding:host_id": "one"})
    assert (again["binding:vif_type"], row(cloud, second["id"]).binding_error) == ("bridge", "")


def test_a_port_moves(cloud: RunningCloud, admin: Client, one: PlanHost, two: PlanHost, lawn: Thing) -> None:
    port = port_on(admin, "one", lawn["network_id"])
    one.says(one.plans(PortPlan)[port["id"]])
    moved = changed(admin, "port", port["id"], **{"binding:host_id": "two"})
    assert (moved["binding:host_id"], moved["binding:vif_type"], moved["status"]) == ("two", "bridge", "DOWN")
    assert (moved["mac_address"], moved["fixed_ips"]) == (port["mac_address"], port["fixed_ips"])
    assert port["id"] not in one.plans(PortPlan)
    assert port["id"] in one.tombstones(PortPlan)
    two.says(two.plans(PortPlan)[port["id"]])
    assert shown(admin, "port", port["id"])["status"] == "ACTIVE"
    same = changed(admin, "port", port["id"], **{"binding:host_id": "two"})
    assert same["status"] == "ACTIVE", "bound where it is already, nothing happens"
    released = changed(admin, "port", port["id"], **{"binding:host_id": None})
    assert (released["binding:host_id"], released["status"]) == ("", "DOWN")
    assert port["id"] not in two.plans(PortPlan)


def test_an_owner_who_is_renamed_leaves_nothing_behind(admin: Client, one: PlanHost, lawn: Thing) -> None:
    port = port_on(admin, "one", lawn["network_id"])
    changed(admin, "port", port["id"], device_owner="network:anything")
    gone(admin, "port", port["id"])
    assert port["id"] not in one.plans(PortPlan)
    assert port["id"] in one.tombstones(PortPlan)
    assert lawn["network_id"] not in one.plans(SegmentPlan)


def test_a_router_hears_of_another_address_of_its_leg(
    cloud: RunningCloud, admin: Client, one: PlanHost, lawn: Thing
) -> None:
    router_id = made(admin, "router")["id"]
    port_id = add_subnet(admin, router_id, lawn["id"])["port_id"]
    (agent,) = asked(admin, "GET", f"/v2.0/routers/{router_id}/l3-agents").json()["agents"]
    host = PlanHost(cloud, agent["host"])

    def held() -> list[tuple[str, ...]]:
        return [leg.addresses for leg in host.router(router_id).legs]

    before = host.router(router_id)
    assert held() == [("10.5.0.1/24",)]
    changed(admin, "port", port_id, fixed_ips=[{"ip_address": "10.5.0.1"}, {"ip_address": "10.5.0.77"}])
    assert held() == [("10.5.0.1/24", "10.5.0.77/24")]
    assert host.router(router_id).generation > before.generation
