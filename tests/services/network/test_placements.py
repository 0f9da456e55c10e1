"""What is placed on which host because of ports, and what goes with them."""

from typing import Any

import pytest
from tests.services.network.placed import PlanHost, port_on, row
from tests.services.network.routed import asked, changed, gone, shown, subnet, unlimited
from tests.support.cloud import Client, RunningCloud

from haneul.services.network.drivers.base import GroupPlan, Peer, PortPlan, SegmentPlan
from haneul.services.network.placements import logic as placements

Thing = dict[str, Any]


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
def network_id(admin: Client) -> str:
    found: str = subnet(admin, "10.5.0.0/24", enable_dhcp=False)["network_id"]
    return found


@pytest.fixture
def group(admin: Client) -> str:
    return group_of(admin)


def group_of(admin: Client) -> str:
    answer = asked(admin, "POST", "/v2.0/security-groups", {"security_group": {"name": "group"}})
    found: str = answer.json()["security_group"]["id"]
    return found


def let(admin: Client, group: str, **rule: Any) -> str:
    """One more rule of a group; its id."""
    wanted = {"security_group_id": group, "direction": "ingress", "ethertype": "IPv4", **rule}
    answer = asked(admin, "POST", "/v2.0/security-group-rules", {"security_group_rule": wanted})
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["security_group_rule"]["id"]
    return found


def test_a_segment_is_there_as_long_as_ports_are(admin: Client, one: PlanHost, network_id: str) -> None:
    first, second = (port_on(admin, "one", network_id) for _ in range(2))
    segment = one.plans(SegmentPlan)[network_id]
    shows = shown(admin, "network", network_id)
    assert (segment.type, segment.segmentation_id) == ("vxlan", shows["provider:segmentation_id"])
    assert (segment.mtu, segment.peers, segment.generation) == (1450, (), 1)
    gone(admin, "port", first["id"])
    assert network_id in one.plans(SegmentPlan)
    gone(admin, "port", second["id"])
    assert network_id not in one.plans(SegmentPlan)
    assert one.tombstones(SegmentPlan)[network_id].generation > segment.generation
    assert {first["id"], second["id"]} <= one.tombstones(PortPlan).keys()


def test_what_comes_back_before_it_was_removed_is_newer_than_its_tombstone(
    admin: Client, one: PlanHost, network_id: str
) -> None:
    port = port_on(admin, "one", network_id)
    changed(admin, "port", port["id"], **{"binding:host_id": ""})
    stone = one.tombstones(PortPlan)[port["id"]]
    changed(admin, "port", port["id"], **{"binding:host_id": "one"})
    assert port["id"] not in one.tombstones(PortPlan)
    assert network_id not in one.tombstones(SegmentPlan)
    assert one.plans(PortPlan)[port["id"]].generation > stone.generation
    gone(admin, "port", port["id"])
    for kind, thing_id in ((PortPlan, port["id"]), (SegmentPlan, network_id)):
        assert thing_id in one.tombstones(kind)  # type: ignore[type-var]
        one.removed(kind, thing_id)  # type: ignore[type-var]
        assert thing_id not in one.tombstones(kind)  # type: ignore[type-var]


def test_hosts_know_each_others_ports(admin: Client, one: PlanHost, two: PlanHost, network_id: str) -> None:
    mine = port_on(admin, "one", network_id)
    before = one.plans(SegmentPlan)[network_id]
    theirs = sorted((port_on(admin, "two", network_id) for _ in range(2)), key=lambda port: str(port["mac_address"]))
    after = one.plans(SegmentPlan)[network_id]
    assert after.peers == (Peer("192.0.2.1", tuple(port["mac_address"] for port in theirs)),)
    assert after.generation > before.generation
    assert two.plans(SegmentPlan)[network_id].peers == (Peer("192.0.2.1", (mine["mac_address"],)),)
    for port in theirs:
        gone(admin, "port", port["id"])
    assert one.plans(SegmentPlan)[network_id].peers == ()
    assert one.plans(SegmentPlan)[network_id].generation > after.generation


def test_groups_are_where_their_ports_are(admin: Client, one: PlanHost, network_id: str, group: str) -> None:
    port = port_on(admin, "one", network_id, security_groups=[group])
    assert group in one.plans(GroupPlan)
    other = group_of(admin)
    changed(admin, "port", port["id"], security_groups=[other])
    assert group not in one.plans(GroupPlan)
    assert group in one.tombstones(GroupPlan)
    assert other in one.plans(GroupPlan)
    gone(admin, "port", port["id"])
    assert other not in one.plans(GroupPlan)


def test_groups_that_rules_name_come_along(
    admin: Client, one: PlanHost, two: PlanHost, network_id: str, group: str
) -> None:
    friends = group_of(admin)
    let(admin, group, remote_group_id=friends)
    port = port_on(admin, "one", network_id, security_groups=[group])
    assert one.plans(GroupPlan)[friends].members == ()
    friend = port_on(admin, "two", network_id, security_groups=[friends])
    address = friend["fixed_ips"][0]["ip_address"]
    members = one.plans(GroupPlan)[friends]
    assert members.members == (address,)
    assert group not in two.plans(GroupPlan), "nothing on that host has it or names it"
    after = changed(admin, "port", friend["id"], fixed_ips=[{"ip_address": "10.5.0.200"}])
    assert one.plans(GroupPlan)[friends].members == (after["fixed_ips"][0]["ip_address"],)
    assert one.plans(GroupPlan)[friends].generation > members.generation
    gone(admin, "port", friend["id"])
    assert one.plans(GroupPlan)[friends].members == ()
    gone(admin, "port", port["id"])
    assert not one.plans(GroupPlan).keys() & {group, friends}


def test_a_database_that_was_restored_knows_less_than_its_host(
    cloud: RunningCloud, admin: Client, one: PlanHost, network_id: str
) -> None:
    port = port_on(admin, "one", network_id)
    plan = one.plans(PortPlan)[port["id"]]
    one.says(plan, newer_by=40)
    anew = one.plans(PortPlan)[port["id"]]
    assert anew.generation > plan.generation + 40, "what the database knows counts, and the host makes it"
    assert shown(admin, "port", port["id"])["status"] == "DOWN"
    one.says(anew)
    assert shown(admin, "port", port["id"])["status"] == "ACTIVE"
    gone(admin, "port", port["id"])
    assert one.tombstones(PortPlan)[port["id"]].generation > anew.generation


def test_reports_of_what_is_no_longer_there_are_passed_over(
    cloud: RunningCloud, admin: Client, one: PlanHost, two: PlanHost, network_id: str
) -> None:
    port = port_on(admin, "one", network_id)
    plan = one.plans(PortPlan)[port["id"]]
    changed(admin, "port", port["id"], **{"binding:host_id": "two"})
    one.says(plan)
    assert shown(admin, "port", port["id"])["status"] == "DOWN"
    gone(admin, "port", port["id"])
    two.says(plan)
    assert asked(admin, "GET", f"/v2.0/ports/{port['id']}").status_code == 404


def test_a_plan_of_some_names_only_those(cloud: RunningCloud, admin: Client, one: PlanHost, network_id: str) -> None:
    first, second = (port_on(admin, "one", network_id) for _ in range(2))
    assert one.plans(PortPlan, first["id"]).keys() == {first["id"]}
    assert row(cloud, second["id"]).host == "one"
    counted = cloud.cloud.store.read(lambda db: placements.counts(db, "port"))
    assert counted["one"] == len(one.plans(PortPlan))
    errors = cloud.cloud.store.read(lambda db: placements.errors_of(db, "port", [first["id"]]))
    assert errors == {}
    one.says(one.plans(PortPlan)[first["id"]], "It is full.")
    errors = cloud.cloud.store.read(lambda db: placements.errors_of(db, "port", [first["id"], second["id"]]))
    assert errors == {first["id"]: "It is full."}
