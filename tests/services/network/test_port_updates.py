"""`PUT` and `DELETE /v2.0/ports/{port_id}`: what of a port may change, by whom, and what then stays as it was."""

from typing import Any
from uuid import uuid4

import pytest
from tests.services.network.routed import (
    asked,
    changed,
    gone,
    joined_router,
    made,
    outside,
    refused,
    shown,
    subnet,
    unlimited,
)
from tests.support.cloud import Client, RunningCloud
from tests.support.members import member_of, project_of

Thing = dict[str, Any]
ACTS: tuple[tuple[str, Thing | None], ...] = (("PUT", {"port": {"name": "mine"}}), ("DELETE", None))


@pytest.fixture(scope="module")
def member(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "garden")


@pytest.fixture(scope="module")
def stranger(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "elsewhere")


@pytest.fixture(scope="module", autouse=True)
def room(cloud: RunningCloud, admin: Client, member: Client) -> None:
    unlimited(cloud, admin, member)


@pytest.fixture(scope="module")
def lawn(member: Client) -> Thing:
    return subnet(member, "10.5.0.0/24", enable_dhcp=False)


@pytest.fixture
def port(member: Client, lawn: Thing) -> Thing:
    return made(member, "port", network_id=lawn["network_id"])


def refusal(client: Client, port: Thing, status: int, kind: str, **wanted: Any) -> str:
    return refused(asked(client, "PUT", f"/v2.0/ports/{port['id']}", {"port": wanted}), status, kind)


def addresses(found: Thing) -> list[str]:
    return [fixed["ip_address"] for fixed in found["fixed_ips"]]


def test_what_a_member_changes(member: Client, port: Thing) -> None:
    wanted = {
        "name": "gate",
        "description": "iron",
        "admin_state_up": False,
        "device_id": "a server",
        "device_owner": "compute:nova",
        "dns_name": "gate",
    }
    after = changed(member, "port", port["id"], **wanted)
    assert {name: after[name] for name in wanted} == wanted
    assert after["revision_number"] > port["revision_number"]
    same = {
        name: after[name] for name in after if name in ("fixed_ips", "mac_address", "security_groups", "created_at")
    }
    assert same == {name: port[name] for name in same}
    again = changed(member, "port", port["id"])
    assert (again["name"], again["device_owner"]) == ("gate", "compute:nova")
    assert changed(member, "port", port["id"], device_id="", device_owner="")["device_owner"] == ""


def test_a_revision_that_is_not_the_ports_is_refused(member: Client, port: Thing) -> None:
    path, stale = f"/v2.0/ports/{port['id']}", {"If-Match": "revision_number=77"}
    for method, body in ACTS:
        assert asked(member, method, path, body, headers=stale).status_code == 412
    fresh = {"If-Match": f"revision_number={port['revision_number']}"}
    assert asked(member, "PUT", path, {"port": {"name": "gate"}}, headers=fresh).status_code == 200
    assert asked(member, "DELETE", path, headers=fresh).status_code == 412


def test_addresses_come_and_go(member: Client, lawn: Thing, port: Thing) -> None:
    (first,) = port["fixed_ips"]
    two = changed(member, "port", port["id"], fixed_ips=[first, {"subnet_id": lawn["id"]}])
    assert two["fixed_ips"][0] == first, "what it has stays, and stays first"
    assert len(two["fixed_ips"]) == 2
    third = changed(member, "port", port["id"], fixed_ips=[*two["fixed_ips"], {"ip_address": "10.5.0.200"}])
    assert addresses(third) == [*addresses(two), "10.5.0.200"]
    one = changed(member, "port", port["id"], fixed_ips=[{"subnet_id": lawn["id"]}])
    assert one["fixed_ips"] == [first], "as many as were asked for, and of those that it had"
    assert changed(member, "port", port["id"], fixed_ips=[{"ip_address": "10.5.0.201"}])["fixed_ips"] == [
        {"subnet_id": lawn["id"], "ip_address": "10.5.0.201"}
    ]
    assert changed(member, "port", port["id"], fixed_ips=[])["fixed_ips"] == []


def test_addresses_that_a_port_does_not_get_leave_it_as_it_was(member: Client, lawn: Thing, port: Thing) -> None:
    other = made(member, "port", network_id=lawn["network_id"])
    taken = {"ip_address": addresses(other)[0]}
    refusal(member, port, 409, "IpAddressAlreadyAllocated", name="not so", fixed_ips=[taken])
    refusal(member, port, 400, "InvalidIpForNetwork", fixed_ips=[{"ip_address": "192.0.2.1"}])
    refusal(member, port, 400, "InvalidInput", fixed_ips=[{"subnet_id": lawn["id"]}] * 6)
    assert shown(member, "port", port["id"]) == port


def test_a_new_mac_makes_new_addresses_of_macs(admin: Client) -> None:
    four = subnet(admin, "10.6.0.0/24", enable_dhcp=False)
    subnet(admin, "fd06::/64", four["network_id"], ipv6_ra_mode="slaac", ipv6_address_mode="slaac")
    port = made(admin, "port", network_id=four["network_id"], mac_address="fa:16:3e:01:02:03")
    after = changed(admin, "port", port["id"], mac_address="fa:16:3e:01:02:04")
    assert addresses(port) == ["10.6.0.2", "fd06::f816:3eff:fe01:203"]
    assert addresses(after) == ["10.6.0.2", "fd06::f816:3eff:fe01:204"]
    twin = made(admin, "port", network_id=four["network_id"])
    refusal(admin, twin, 409, "MacAddressInUse", mac_address=after["mac_address"])


def test_no_mac_is_another_one(admin: Client, member: Client, port: Thing) -> None:
    after = changed(admin, "port", port["id"], mac_address=None)
    assert after["mac_address"] != port["mac_address"]
    assert after["mac_address"].startswith("fa:16:3e:")


def test_a_port_is_secure_or_has_neither_groups_nor_pairs(member: Client, port: Thing) -> None:
    refusal(member, port, 409, "PortSecurityPortHasSecurityGroup", port_security_enabled=False)
    pairs = [{"ip_address": "10.5.0.99"}]
    assert changed(member, "port", port["id"], allowed_address_pairs=pairs)["allowed_address_pairs"] == [
        {"ip_address": "10.5.0.99", "mac_address": port["mac_address"]}
    ]
    refusal(member, port, 409, "AddressPairAndPortSecurityRequired", port_security_enabled=False, security_groups=[])
    bare = {"port_security_enabled": False, "security_groups": [], "allowed_address_pairs": []}
    after = changed(member, "port", port["id"], **bare)
    assert {name: after[name] for name in bare} == bare
    refusal(member, port, 409, "AddressPairAndPortSecurityRequired", allowed_address_pairs=pairs)
    refusal(member, port, 409, "PortSecurityPortHasSecurityGroup", security_groups=port["security_groups"])
    secure = changed(member, "port", port["id"], port_security_enabled=True, security_groups=port["security_groups"])
    assert secure["security_groups"] == port["security_groups"]


def test_groups_are_replaced(member: Client, stranger: Client, port: Thing) -> None:
    body = {"security_group": {"name": "one"}}
    own, theirs = (
        asked(client, "POST", "/v2.0/security-groups", body).json()["security_group"]["id"]
        for client in (member, stranger)
    )
    assert changed(member, "port", port["id"], security_groups=[own])["security_groups"] == [own]
    assert asked(member, "DELETE", f"/v2.0/security-groups/{own}").status_code == 409
    refusal(member, port, 404, "SecurityGroupNotFound", security_groups=[theirs])
    assert changed(member, "port", port["id"], security_groups=[])["security_groups"] == []
    assert asked(member, "DELETE", f"/v2.0/security-groups/{own}").status_code == 204


def test_dhcp_options_are_changed_one_by_one(member: Client, port: Thing) -> None:
    def after(*options: Thing) -> dict[str, str]:
        found = changed(member, "port", port["id"], extra_dhcp_opts=list(options))["extra_dhcp_opts"]
        return {option["opt_name"]: option["opt_value"] for option in found}

    assert after({"opt_name": "mtu", "opt_value": "1400"}, {"opt_name": "bootfile-name", "opt_value": "a"}) == {
        "mtu": "1400",
        "bootfile-name": "a",
    }
    assert after({"opt_name": "bootfile-name", "opt_value": "b"}) == {"mtu": "1400", "bootfile-name": "b"}
    assert after({"opt_name": "mtu", "opt_value": None}) == {"bootfile-name": "b"}
    bad = {"port": {"extra_dhcp_opts": [{"opt_name": "mtu", "opt_value": "1\n2"}]}}
    assert asked(member, "PUT", f"/v2.0/ports/{port['id']}", bad).status_code == 400


def test_strangers_do_not_know_a_port(member: Client, stranger: Client, port: Thing) -> None:
    path = f"/v2.0/ports/{port['id']}"
    for method, body in (("GET", None), *ACTS):
        refused(asked(stranger, method, path, body), 404, "PortNotFound")
    unknown = f"/v2.0/ports/{uuid4()}"
    for method, body in (("GET", None), *ACTS):
        refused(asked(member, method, unknown, body), 404, "PortNotFound")
    assert shown(member, "port", port["id"]) == port


def test_a_networks_owner_sees_and_deletes_what_others_have_on_it(
    admin: Client, member: Client, stranger: Client
) -> None:
    network = made(member, "network")
    inside = subnet(member, "10.7.0.0/24", network["id"], enable_dhcp=False)
    policy = {
        "object_type": "network",
        "object_id": network["id"],
        "action": "access_as_shared",
        "target_tenant": project_of(stranger),
    }
    assert asked(member, "POST", "/v2.0/rbac-policies", {"rbac_policy": policy}).status_code == 201
    theirs = made(stranger, "port", network_id=network["id"], fixed_ips=[{"subnet_id": inside["id"]}])
    own = made(member, "port", network_id=network["id"])
    assert shown(member, "port", theirs["id"])["project_id"] == project_of(stranger)
    query = f"/v2.0/ports?network_id={network['id']}"
    assert {one["id"] for one in asked(member, "GET", query).json()["ports"]} == {theirs["id"], own["id"]}
    assert [one["id"] for one in asked(stranger, "GET", query).json()["ports"]] == [theirs["id"]]
    assert asked(member, "PUT", f"/v2.0/ports/{theirs['id']}", {"port": {"name": "mine"}}).status_code == 403
    refused(asked(stranger, "DELETE", f"/v2.0/ports/{own['id']}"), 404, "PortNotFound")
    gone(member, "port", theirs["id"])
    refused(asked(stranger, "GET", f"/v2.0/ports/{theirs['id']}"), 404, "PortNotFound")


def test_a_reader_reads(cloud: RunningCloud, admin: Client) -> None:
    reader = member_of(cloud, admin, "library", "reader")
    network = made(admin, "network", project_id=project_of(reader))
    inside = subnet(admin, "10.8.0.0/24", network["id"], enable_dhcp=False)
    port = made(admin, "port", network_id=inside["network_id"], project_id=project_of(reader))
    assert shown(reader, "port", port["id"])["id"] == port["id"]
    for method, body in ACTS:
        assert asked(reader, method, f"/v2.0/ports/{port['id']}", body).status_code == 403
    assert asked(reader, "POST", "/v2.0/ports", {"port": {"network_id": inside["network_id"]}}).status_code == 403


def test_a_routers_ports_are_its_own(admin: Client, member: Client) -> None:
    public, inside = outside(admin, "203.0.113.0/24"), subnet(member, "10.9.0.0/24", enable_dhcp=False)
    router = joined_router(member, inside["id"], public["network_id"])
    legs = asked(admin, "GET", f"/v2.0/ports?device_id={router['id']}").json()["ports"]
    assert {leg["device_owner"] for leg in legs} == {"network:router_interface", "network:router_gateway"}
    for leg in legs:
        owner = leg["device_owner"]
        message = refused(asked(admin, "DELETE", f"/v2.0/ports/{leg['id']}"), 409, "ServicePortInUse")
        assert message == f"Port {leg['id']} cannot be deleted directly via the port API: has device owner {owner}."
        for wanted in ({"device_id": "mine"}, {"device_owner": ""}, {"device_owner": "compute:nova"}):
            refusal(admin, leg, 409, "ServicePortInUse", **wanted)
        assert changed(admin, "port", leg["id"], name="leg", device_owner=owner)["name"] == "leg"
    floating = made(member, "floatingip", floating_network_id=public["network_id"])
    (own,) = asked(admin, "GET", "/v2.0/ports?device_owner=network:floatingip").json()["ports"]
    assert addresses(own) == [floating["floating_ip_address"]]
    refused(asked(admin, "DELETE", f"/v2.0/ports/{own['id']}"), 409, "ServicePortInUse")


def test_a_port_that_only_says_that_it_is_a_routers_can_be_deleted(member: Client, lawn: Thing) -> None:
    for owner in ("network:router_interface", "network:router_gateway", "network:floatingip"):
        for device_id in ("", "nowhere", str(uuid4())):
            port = made(member, "port", network_id=lawn["network_id"], device_owner=owner, device_id=device_id)
            gone(member, "port", port["id"])


def test_an_address_with_a_floating_ip_stays(admin: Client, member: Client) -> None:
    public, inside = outside(admin, "198.51.100.0/24"), subnet(member, "10.10.0.0/24", enable_dhcp=False)
    joined_router(member, inside["id"], public["network_id"])
    port = made(member, "port", network_id=inside["network_id"])
    floating = made(member, "floatingip", floating_network_id=public["network_id"], port_id=port["id"])
    refusal(member, port, 400, "HTTPBadRequest", fixed_ips=[])
    more = [*port["fixed_ips"], {"subnet_id": inside["id"]}]
    assert len(changed(member, "port", port["id"], fixed_ips=more)["fixed_ips"]) == 2
    gone(member, "port", port["id"])
    assert shown(member, "floatingip", floating["id"])["port_id"] is None


def test_a_member_does_not_turn_his_port_into_the_clouds(admin: Client, member: Client) -> None:
    shared = made(admin, "network", shared=True)
    port = made(member, "port", network_id=shared["id"])
    for owner in ("network:dhcp", "network:router_interface", "network:anything"):
        answer = asked(member, "PUT", f"/v2.0/ports/{port['id']}", {"port": {"device_owner": owner}})
        assert answer.status_code == 403, owner
    turned = changed(admin, "port", port["id"], device_owner="network:dhcp")
    back = {"port": {"device_owner": "compute:nova"}}
    assert asked(member, "PUT", f"/v2.0/ports/{turned['id']}", back).status_code == 403


def test_a_subnet_goes_from_under_a_port(member: Client) -> None:
    inside = subnet(member, "10.11.0.0/24", enable_dhcp=False)
    port = made(member, "port", network_id=inside["network_id"])
    refused(asked(member, "DELETE", f"/v2.0/subnets/{inside['id']}"), 409, "SubnetInUse")
    refused(asked(member, "DELETE", f"/v2.0/networks/{inside['network_id']}"), 409, "NetworkInUse")
    gone(member, "port", port["id"])
    gone(member, "network", inside["network_id"])


def test_nobody_plugs_a_port_into_another_projects_router(member: Client, stranger: Client, lawn: Thing) -> None:
    theirs, own = made(stranger, "router"), made(member, "router")
    owner = "network:router_interface"
    body = {"network_id": lawn["network_id"], "device_id": theirs["id"], "device_owner": owner}
    refused(asked(member, "POST", "/v2.0/ports", {"port": body}), 409, "DeviceIDNotOwnedByTenant")
    named = made(member, "port", network_id=lawn["network_id"], device_id=theirs["id"])
    refusal(member, named, 409, "DeviceIDNotOwnedByTenant", device_owner=owner)
    owned = made(member, "port", network_id=lawn["network_id"], device_owner=owner)
    assert asked(member, "PUT", f"/v2.0/ports/{owned['id']}", {"port": {"device_id": theirs["id"]}}).status_code == 409
    gone(member, "port", owned["id"])
    gone(member, "port", named["id"])
    gone(member, "router", own["id"])
