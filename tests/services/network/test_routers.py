"""Routers: their legs, gateways and routes, as clients of the real service expect them."""

from typing import Any

import pytest
from tests.clients.openstack_cli import OpenStackCli
from tests.services.network.routed import (
    add_subnet,
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
from tests.support.members import member_of

from haneul.services.network.quotas.models import Limit, limits

NOBODY = "00000000-0000-4000-8000-000000000000"
ROUTER_FIELDS = {
    "admin_state_up",
    "availability_zone_hints",
    "availability_zones",
    "created_at",
    "description",
    "distributed",
    "enable_ndp_proxy",
    "external_gateway_info",
    "flavor_id",
    "ha",
    "id",
    "name",
    "project_id",
    "revision_number",
    "routes",
    "status",
    "tags",
    "updated_at",
}


@pytest.fixture(scope="module")
def gardener(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "garden")


@pytest.fixture(scope="module")
def stranger(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "elsewhere")


@pytest.fixture(scope="module", autouse=True)
def room(cloud: RunningCloud, admin: Client, gardener: Client, stranger: Client) -> None:
    """Room for what a whole module makes."""
    unlimited(cloud, admin, gardener, stranger)


@pytest.fixture(scope="module")
def public(admin: Client) -> dict[str, Any]:
    """The subnet of an external network."""
    return outside(admin, "203.0.113.0/24")


def interface(client: Client, verb: str, router_id: str, **wanted: str) -> Any:
    return asked(client, "PUT", f"/v2.0/routers/{router_id}/{verb}_router_interface", wanted)


def test_a_router_has_the_fields_that_clients_show(gardener: Client, admin: Client) -> None:
    router = made(gardener, "router", name="R2", description="between")
    assert router.keys() | {"distributed", "ha"} == ROUTER_FIELDS | {"tenant_id"}
    assert (router["status"], router["external_gateway_info"], router["routes"]) == ("ACTIVE", None, [])
    assert not router.keys() & {"distributed", "ha"}, "only admins see these"
    seen = shown(admin, "router", router["id"])
    assert (seen["distributed"], seen["ha"]) == (False, False)
    assert seen["project_id"] == seen["tenant_id"] == router["project_id"]
    after = changed(gardener, "router", router["id"], name="R3", admin_state_up=False)
    assert (after["name"], after["admin_state_up"], after["description"]) == ("R3", False, "between")
    assert after["revision_number"] > router["revision_number"]
    stale = asked(
        gardener, "PUT", f"/v2.0/routers/{router['id']}", {"router": {}}, headers={"If-Match": "revision_number=0"}
    )
    assert stale.status_code == 412
    gone(gardener, "router", router["id"])
    refused(asked(gardener, "GET", f"/v2.0/routers/{router['id']}"), 404, "RouterNotFound")


def test_several_are_created_at_once_or_none(gardener: Client) -> None:
    answer = asked(gardener, "POST", "/v2.0/routers", {"routers": [{"name": "one"}, {"name": "two"}]})
    assert [router["name"] for router in answer.json()["routers"]] == ["one", "two"]
    before = len(asked(gardener, "GET", "/v2.0/routers").json()["routers"])
    gateway = {"network_id": NOBODY}
    refused(
        asked(gardener, "POST", "/v2.0/routers", {"routers": [{}, {"external_gateway_info": gateway}]}),
        404,
        "NetworkNotFound",
    )
    assert len(asked(gardener, "GET", "/v2.0/routers").json()["routers"]) == before


def test_routers_are_listed_by_their_attributes(gardener: Client, stranger: Client, admin: Client) -> None:
    router = made(gardener, "router", name="the one to find", admin_state_up=False)
    for parameters in (
        {"name": "the one to find"},
        {"id": router["id"], "admin_state_up": "False", "status": "ACTIVE"},
        {"name": "the one to find", "tenant_id": router["project_id"], "fields": "id"},
    ):
        (found,) = asked(gardener, "GET", "/v2.0/routers", params=parameters).json()["routers"]
        assert found["id"] == router["id"]
    assert asked(gardener, "GET", "/v2.0/routers", params={"status": "DOWN"}).json()["routers"] == []
    names = [
        found["name"]
        for found in asked(gardener, "GET", "/v2.0/routers", params={"sort_key": "name", "sort_dir": "desc"}).json()[
            "routers"
        ]
    ]
    assert names == sorted(names, reverse=True)
    assert not asked(stranger, "GET", "/v2.0/routers", params={"id": router["id"]}).json()["routers"]
    assert asked(admin, "GET", "/v2.0/routers", params={"id": router["id"]}).json()["routers"]


def test_a_strangers_router_is_not_there(gardener: Client, stranger: Client) -> None:
    router = made(gardener, "router")
    for method, path, body in (
        ("GET", "", None),
        ("PUT", "", {"router": {"name": "mine"}}),
        ("DELETE", "", None),
        ("PUT", "/add_router_interface", {"subnet_id": NOBODY}),
        ("PUT", "/remove_router_interface", {"subnet_id": NOBODY}),
        ("PUT", "/add_extraroutes", {"router": {"routes": []}}),
        ("PUT", "/remove_extraroutes", {"router": {"routes": []}}),
    ):
        refused(asked(stranger, method, f"/v2.0/routers/{router['id']}{path}", body), 404, "RouterNotFound")


@pytest.mark.parametrize("field", ["distributed", "ha"])
def test_what_is_not_built_says_so(admin: Client, gardener: Client, field: str) -> None:
    assert asked(gardener, "POST", "/v2.0/routers", {"router": {field: False}}).status_code == 403
    assert asked(admin, "POST", "/v2.0/routers", {"router": {field: False}}).status_code == 201
    answer = asked(admin, "POST", "/v2.0/routers", {"router": {field: True}})
    assert (answer.status_code, answer.json()["NeutronError"]["type"]) == (501, "HTTPNotImplemented")
    router = made(admin, "router")
    assert asked(admin, "PUT", f"/v2.0/routers/{router['id']}", {"router": {field: True}}).status_code == 501


def test_a_leg_stands_at_the_gateway_address(gardener: Client) -> None:
    inside = subnet(gardener, "10.5.5.0/24")
    router = made(gardener, "router")
    joined = add_subnet(gardener, router["id"], inside["id"])
    assert joined == {
        "id": router["id"],
        "tenant_id": router["project_id"],
        "project_id": router["project_id"],
        "port_id": joined["port_id"],
        "network_id": inside["network_id"],
        "subnet_id": inside["id"],
        "subnet_ids": [inside["id"]],
    }
    port = shown(gardener, "port", joined["port_id"])
    assert port["device_owner"] == "network:router_interface"
    assert port["device_id"] == router["id"]
    assert port["fixed_ips"] == [{"subnet_id": inside["id"], "ip_address": "10.5.5.1"}]
    assert port["security_groups"] == []
    sentence = refused(asked(gardener, "DELETE", f"/v2.0/routers/{router['id']}"), 409, "RouterInUse")
    assert joined["port_id"] in sentence
    refused(asked(gardener, "DELETE", f"/v2.0/ports/{joined['port_id']}"), 409, "ServicePortInUse")
    left = interface(gardener, "remove", router["id"], subnet_id=inside["id"])
    assert left.json() == joined
    assert asked(gardener, "GET", f"/v2.0/ports/{joined['port_id']}").status_code == 404
    gone(gardener, "router", router["id"])


def test_a_leg_that_can_not_be_is_refused(gardener: Client, stranger: Client) -> None:
    router = made(gardener, "router")["id"]
    first = subnet(gardener, "10.6.0.0/16")
    add_subnet(gardener, router, first["id"])
    for wanted, status, kind in (
        ({}, 400, "HTTPBadRequest"),
        ({"subnet_id": first["id"], "port_id": NOBODY}, 400, "HTTPBadRequest"),
        ({"subnet_id": first["id"]}, 400, "HTTPBadRequest"),
        ({"subnet_id": subnet(gardener, "10.6.6.0/24")["id"]}, 400, "HTTPBadRequest"),
        ({"subnet_id": subnet(gardener, "10.7.0.0/24", gateway_ip=None)["id"]}, 400, "HTTPBadRequest"),
        ({"subnet_id": NOBODY}, 404, "SubnetNotFound"),
        ({"subnet_id": subnet(stranger, "10.8.0.0/24")["id"]}, 404, "SubnetNotFound"),
        ({"port_id": NOBODY}, 404, "PortNotFound"),
    ):
        refused(interface(gardener, "add", router, **wanted), status, kind)


def test_a_subnet_shared_with_all_keeps_its_own_gateway(gardener: Client, admin: Client) -> None:
    network = made(admin, "network", shared=True)
    shared = subnet(admin, "10.9.0.0/24", network["id"])
    router = made(gardener, "router")["id"]
    sentence = refused(interface(gardener, "add", router, subnet_id=shared["id"]), 400, "HTTPBadRequest")
    assert "not owned by project" in sentence
    port = made(gardener, "port", network_id=network["id"])
    assert interface(gardener, "add", router, port_id=port["id"]).status_code == 200


def test_a_port_becomes_a_leg(gardener: Client) -> None:
    inside = subnet(gardener, "10.10.0.0/24")
    router = made(gardener, "router")["id"]
    port = made(gardener, "port", network_id=inside["network_id"])
    joined = interface(gardener, "add", router, port_id=port["id"]).json()
    assert (joined["port_id"], joined["subnet_ids"]) == (port["id"], [inside["id"]])
    after = shown(gardener, "port", port["id"])
    assert (after["device_id"], after["device_owner"]) == (router, "network:router_interface")
    assert (after["security_groups"], after["port_security_enabled"]) == ([], False)
    assert after["fixed_ips"] == port["fixed_ips"]
    other = made(gardener, "router")["id"]
    refused(interface(gardener, "add", other, port_id=port["id"]), 409, "PortInUse")
    refused(interface(gardener, "remove", other, port_id=port["id"]), 404, "RouterInterfaceNotFound")
    refused(interface(gardener, "remove", other, subnet_id=inside["id"]), 404, "RouterInterfaceNotFoundForSubnet")
    elsewhere = subnet(gardener, "10.11.0.0/24")["id"]
    wrong = interface(gardener, "remove", router, port_id=port["id"], subnet_id=elsewhere)
    refused(wrong, 400, "SubnetMismatchForPort")
    assert interface(gardener, "remove", router, port_id=port["id"]).json()["port_id"] == port["id"]
    assert asked(gardener, "GET", f"/v2.0/ports/{port['id']}").status_code == 404


def test_a_leg_is_named_by_an_id(gardener: Client) -> None:
    url = f"/v2.0/routers/{made(gardener, 'router')['id']}/add_router_interface"
    for name in ("port_id", "subnet_id"):
        refused(asked(gardener, "PUT", url, {name: "the-one"}), 400, "HTTPBadRequest")


def test_a_port_that_does_not_fit_is_refused(gardener: Client) -> None:
    router = made(gardener, "router")["id"]
    network = made(gardener, "network")["id"]
    bare = made(gardener, "port", network_id=network, fixed_ips=[])
    refused(interface(gardener, "add", router, port_id=bare["id"]), 400, "HTTPBadRequest")
    two = [subnet(gardener, cidr, network)["id"] for cidr in ("10.12.0.0/24", "10.13.0.0/24")]
    wide = made(gardener, "port", network_id=network, fixed_ips=[{"subnet_id": subnet_id} for subnet_id in two])
    assert "multiple IPv4" in refused(interface(gardener, "add", router, port_id=wide["id"]), 400, "HTTPBadRequest")


def test_prefixes_of_ipv6_share_a_port(gardener: Client) -> None:
    network = made(gardener, "network")["id"]
    modes = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    first, second = (subnet(gardener, cidr, network, **modes) for cidr in ("2001:db8:1::/64", "2001:db8:2::/64"))
    router = made(gardener, "router")["id"]
    joined = [add_subnet(gardener, router, one["id"]) for one in (first, second)]
    assert joined[0]["port_id"] == joined[1]["port_id"]
    port = shown(gardener, "port", joined[0]["port_id"])
    assert {fixed["ip_address"] for fixed in port["fixed_ips"]} == {"2001:db8:1::", "2001:db8:2::"}
    assert interface(gardener, "remove", router, subnet_id=first["id"]).json()["subnet_ids"] == [first["id"]]
    port = shown(gardener, "port", joined[0]["port_id"])
    assert [fixed["ip_address"] for fixed in port["fixed_ips"]] == ["2001:db8:2::"]
    foreign = subnet(gardener, "2001:db8:3::/64", ipv6_address_mode="slaac")
    assert "external router" in refused(
        interface(gardener, "add", router, subnet_id=foreign["id"]), 400, "HTTPBadRequest"
    )


def test_a_gateway_is_set_moved_and_cleared(gardener: Client, admin: Client, public: dict[str, Any]) -> None:
    router = made(gardener, "router")["id"]
    info = {"network_id": public["network_id"]}
    after = changed(gardener, "router", router, external_gateway_info=info)["external_gateway_info"]
    (address,) = after["external_fixed_ips"]
    assert after == {**info, "enable_snat": True, "external_fixed_ips": [address]}
    assert address["subnet_id"] == public["id"]
    (port,) = asked(admin, "GET", "/v2.0/ports", params={"device_id": router}).json()["ports"]
    assert (port["device_owner"], port["project_id"]) == ("network:router_gateway", "")
    assert port["fixed_ips"] == [address]
    assert not asked(gardener, "GET", "/v2.0/ports", params={"device_id": router}).json()["ports"], "it is nobody's"
    same = changed(gardener, "router", router, external_gateway_info=info)["external_gateway_info"]
    assert same == after
    other = outside(admin, "198.51.100.0/24")
    moved = changed(gardener, "router", router, external_gateway_info={"network_id": other["network_id"]})
    assert moved["external_gateway_info"]["external_fixed_ips"][0]["subnet_id"] == other["id"]
    nowhere: list[dict[str, str] | None] = [None, {}]
    for nothing in nowhere:
        changed(gardener, "router", router, external_gateway_info=info)
        cleared = changed(gardener, "router", router, external_gateway_info=nothing)
        assert cleared["external_gateway_info"] is None
        assert not asked(admin, "GET", "/v2.0/ports", params={"device_id": router}).json()["ports"]
    changed(gardener, "router", router, external_gateway_info=info)
    gone(gardener, "router", router)
    assert not asked(admin, "GET", "/v2.0/ports", params={"device_id": router}).json()["ports"]


def test_only_admins_choose_addresses_and_snat(gardener: Client, admin: Client, public: dict[str, Any]) -> None:
    router = made(gardener, "router")["id"]
    info = {"network_id": public["network_id"]}
    chosen = {**info, "external_fixed_ips": [{"ip_address": "203.0.113.77"}]}
    for wanted in (chosen, {**info, "enable_snat": False}, {**info, "enable_snat": True}):
        answer = asked(gardener, "PUT", f"/v2.0/routers/{router}", {"router": {"external_gateway_info": wanted}})
        assert answer.status_code == 403, answer.text
        assert (
            asked(gardener, "POST", "/v2.0/routers", {"router": {"external_gateway_info": wanted}}).status_code == 403
        )
    after = changed(admin, "router", router, external_gateway_info=chosen)["external_gateway_info"]
    assert [fixed["ip_address"] for fixed in after["external_fixed_ips"]] == ["203.0.113.77"]
    chosen["external_fixed_ips"] = [{"ip_address": "203.0.113.78"}]
    after = changed(admin, "router", router, external_gateway_info={**chosen, "enable_snat": False})
    assert after["external_gateway_info"]["external_fixed_ips"][0]["ip_address"] == "203.0.113.78"
    assert after["external_gateway_info"]["enable_snat"] is False
    wrong = {**info, "external_fixed_ips": [{"ip_address": "203.0.113.1"}]}
    answer = asked(admin, "PUT", f"/v2.0/routers/{router}", {"router": {"external_gateway_info": wrong}})
    assert "same as the gateway IP" in refused(answer, 400, "HTTPBadRequest")
    wrong["external_fixed_ips"] = [{"ip_address": "not an address"}]
    answer = asked(admin, "PUT", f"/v2.0/routers/{router}", {"router": {"external_gateway_info": wrong}})
    refused(answer, 400, "HTTPBadRequest")


def test_a_gateway_that_can_not_be_is_refused(gardener: Client, stranger: Client, public: dict[str, Any]) -> None:
    inside = subnet(gardener, "203.0.113.128/25")
    router = made(gardener, "router")["id"]
    add_subnet(gardener, router, inside["id"])
    for wanted, status, kind in (
        ({"network_id": public["network_id"]}, 400, "HTTPBadRequest"),
        ({"network_id": inside["network_id"]}, 400, "HTTPBadRequest"),
        ({"enable_snat": None}, 400, "HTTPBadRequest"),
        ({"network_id": NOBODY}, 404, "NetworkNotFound"),
        ({"network_id": made(stranger, "network")["id"]}, 404, "NetworkNotFound"),
    ):
        answer = asked(gardener, "PUT", f"/v2.0/routers/{router}", {"router": {"external_gateway_info": wanted}})
        refused(answer, status, kind)
    assert shown(gardener, "router", router)["external_gateway_info"] is None


def test_a_leg_must_not_overlap_with_the_outside(gardener: Client, public: dict[str, Any]) -> None:
    router = made(gardener, "router", external_gateway_info={"network_id": public["network_id"]})["id"]
    inside = subnet(gardener, "203.0.113.0/26")
    assert "overlaps" in refused(interface(gardener, "add", router, subnet_id=inside["id"]), 400, "HTTPBadRequest")


def test_extra_routes_are_put_added_and_removed(gardener: Client) -> None:
    inside = subnet(gardener, "10.20.0.0/24")
    router = made(gardener, "router")["id"]
    add_subnet(gardener, router, inside["id"])
    one, two = ({"destination": f"10.{n}.0.0/16", "nexthop": f"10.20.0.{n}"} for n in (30, 31))
    assert changed(gardener, "router", router, routes=[one])["routes"] == [one]
    for verb, routes, left in (
        ("add", [one, two], [one, two]),
        ("add", [two], [one, two]),
        ("remove", [one], [two]),
        ("remove", [one], [two]),
    ):
        answer = asked(gardener, "PUT", f"/v2.0/routers/{router}/{verb}_extraroutes", {"router": {"routes": routes}})
        assert answer.status_code == 200, answer.text
        assert answer.json()["router"]["routes"] == left
    refused(interface(gardener, "remove", router, subnet_id=inside["id"]), 409, "RouterInterfaceInUseByRoute")
    assert changed(gardener, "router", router, routes=None)["routes"] == []
    assert interface(gardener, "remove", router, subnet_id=inside["id"]).status_code == 200


@pytest.mark.parametrize(
    ("destination", "nexthop", "kind"),
    [
        ("10.40.0.0/16", "192.0.2.9", "InvalidRoutes"),
        ("10.40.0.0/16", "10.21.0.1", "InvalidRoutes"),
        ("10.40.0.1/16", "10.21.0.9", "HTTPBadRequest"),
        ("nowhere", "10.21.0.9", "HTTPBadRequest"),
        ("10.40.0.0/16", "10.21.0.999", "HTTPBadRequest"),
    ],
)
def test_routes_that_lead_nowhere_are_refused(gardener: Client, destination: str, nexthop: str, kind: str) -> None:
    router = made(gardener, "router")["id"]
    add_subnet(gardener, router, subnet(gardener, "10.21.0.0/24")["id"])
    route = {"destination": destination, "nexthop": nexthop}
    refused(asked(gardener, "PUT", f"/v2.0/routers/{router}", {"router": {"routes": [route]}}), 400, kind)
    refused(
        asked(gardener, "PUT", f"/v2.0/routers/{router}/add_extraroutes", {"router": {"routes": [route]}}), 400, kind
    )
    assert shown(gardener, "router", router)["routes"] == []


def test_the_quota_holds(cloud: RunningCloud, admin: Client) -> None:
    tenant = member_of(cloud, admin, "two routers")
    project_id = made(tenant, "router")["project_id"]
    cloud.cloud.store.write(lambda db: db.insert(limits, Limit(project_id, "router", 2)))
    made(tenant, "router")
    sentence = refused(asked(tenant, "POST", "/v2.0/routers", {"router": {}}), 409, "OverQuota")
    assert "'router'" in sentence


def test_the_real_client_makes_and_changes_routers(cloud: RunningCloud, admin: Client, public: dict[str, Any]) -> None:
    cli = OpenStackCli(cloud)
    subnet(admin, "10.50.0.0/24", name="subnet1")
    router = cli.json("router create R2")
    assert router.keys() >= ROUTER_FIELDS
    assert router["distributed"] is False
    assert router["ha"] is False
    assert cli.run("router add subnet R2 subnet1").code == 0
    assert cli.run(f"router set R2 --external-gateway {public['network_id']}").code == 0
    seen = cli.json("router show R2")
    assert seen["external_gateway_info"]["network_id"] == public["network_id"]
    assert [leg["ip_address"] for leg in seen["interfaces_info"]] == ["10.50.0.1"]
    assert cli.run("router set R2 --route destination=10.60.0.0/16,gateway=10.50.0.9").code == 0
    assert cli.json("router show R2")["routes"] == [{"destination": "10.60.0.0/16", "nexthop": "10.50.0.9"}]
    assert cli.run("router unset R2 --route destination=10.60.0.0/16,gateway=10.50.0.9").code == 0
    (listed,) = [row for row in cli.json("router list") if row["Name"] == "R2"]
    assert listed.keys() == {"ID", "Name", "Status", "State", "Project", "Distributed", "HA"}
    assert (listed["Status"], listed["State"]) == ("ACTIVE", True)
    port = made(admin, "port", network_id=made(admin, "network")["id"], fixed_ips=[], name="bare")
    assert cli.run(f"router add port R2 {port['id']}").code != 0
    wired = made(admin, "port", network_id=subnet(admin, "10.51.0.0/24")["network_id"])
    assert cli.run(f"router add port R2 {wired['id']}").code == 0
    assert cli.run(f"router remove port R2 {wired['id']}").code == 0
    assert cli.run("router unset R2 --external-gateway").code == 0
    assert cli.json("router show R2")["external_gateway_info"] is None
    assert cli.run("router remove subnet R2 subnet1").code == 0
    assert cli.run("router delete R2").code == 0


def test_a_router_is_between_projects(gardener: Client, stranger: Client, public: dict[str, Any]) -> None:
    """Two projects' routers with equal inside networks stand on one external network."""
    routers = [
        joined_router(one, subnet(one, "10.99.0.0/24")["id"], public["network_id"]) for one in (gardener, stranger)
    ]
    addresses = {one["external_gateway_info"]["external_fixed_ips"][0]["ip_address"] for one in routers}
    assert len(addresses) == 2


def test_a_leg_that_had_a_floating_ip_before_it_was_one_goes_without_a_trace(gardener: Client, admin: Client) -> None:
    external = outside(admin, "198.18.9.0/24")
    inside = subnet(gardener, "10.77.0.0/24")
    router = joined_router(gardener, inside["id"], external["network_id"])
    port = made(gardener, "port", network_id=inside["network_id"])
    floating = made(gardener, "floatingip", floating_network_id=external["network_id"], port_id=port["id"])
    other = made(gardener, "router")
    path = f"/v2.0/routers/{other['id']}"
    added = asked(gardener, "PUT", f"{path}/add_router_interface", {"port_id": port["id"]})
    assert added.status_code == 200, added.text
    removed = asked(gardener, "PUT", f"{path}/remove_router_interface", {"port_id": port["id"]})
    assert removed.status_code == 200, removed.text
    found = shown(gardener, "floatingip", floating["id"])
    assert (found["port_id"], found["fixed_ip_address"], found["status"]) == (None, None, "DOWN")
    assert shown(gardener, "router", router["id"])["id"] == router["id"]
