"""Floating IPs: external addresses that stand for ports' fixed ones."""

from typing import Any

import pytest
from tests.clients.openstack_cli import OpenStackCli
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

from haneul.services.network.quotas.models import Limit, limits

NOBODY = "00000000-0000-4000-8000-000000000000"
FIELDS = {
    "created_at",
    "description",
    "dns_domain",
    "dns_name",
    "fixed_ip_address",
    "floating_ip_address",
    "floating_network_id",
    "id",
    "name",
    "port_details",
    "port_id",
    "project_id",
    "qos_policy_id",
    "revision_number",
    "router_id",
    "status",
    "subnet_id",
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


@pytest.fixture(scope="module")
def inside(gardener: Client, public: dict[str, Any]) -> dict[str, Any]:
    """A subnet that a router joins to the external network."""
    found = subnet(gardener, "10.5.5.0/24")
    joined_router(gardener, found["id"], public["network_id"])
    return found


@pytest.fixture
def port(gardener: Client, inside: dict[str, Any]) -> dict[str, Any]:
    return made(gardener, "port", network_id=inside["network_id"], name="a guest's")


def taken(client: Client, public: dict[str, Any], **wanted: Any) -> dict[str, Any]:
    return made(client, "floatingip", floating_network_id=public["network_id"], **wanted)


def test_a_floating_ip_that_stands_for_nothing(
    gardener: Client, stranger: Client, admin: Client, public: dict[str, Any]
) -> None:
    floating = taken(gardener, public, subnet_id=public["id"], description="for the web", dns_name="web")
    assert floating["floating_ip_address"].startswith("203.0.113.")
    nothing = {name: floating[name] for name in ("port_id", "fixed_ip_address", "router_id", "port_details")}
    assert set(nothing.values()) == {None}
    assert (floating["status"], floating["port_forwardings"], floating["qos_policy_id"]) == ("DOWN", [], None)
    assert (floating["description"], floating["dns_name"], floating["dns_domain"]) == ("for the web", "web", "")
    (port,) = asked(admin, "GET", "/v2.0/ports", params={"device_id": floating["id"]}).json()["ports"]
    assert (port["device_owner"], port["status"], port["project_id"]) == ("network:floatingip", "N/A", "")
    assert not asked(gardener, "GET", "/v2.0/ports", params={"device_id": floating["id"]}).json()["ports"]
    refused(asked(admin, "DELETE", f"/v2.0/ports/{port['id']}"), 409, "ServicePortInUse")
    for method, body in (("GET", None), ("PUT", {"floatingip": {}}), ("DELETE", None)):
        refused(asked(stranger, method, f"/v2.0/floatingips/{floating['id']}", body), 404, "FloatingIPNotFound")
    gone(gardener, "floatingip", floating["id"])
    refused(asked(gardener, "GET", f"/v2.0/floatingips/{floating['id']}"), 404, "FloatingIPNotFound")
    assert asked(admin, "GET", f"/v2.0/ports/{port['id']}").status_code == 404


def test_an_address_is_chosen_by_managers_alone(
    cloud: RunningCloud, gardener: Client, admin: Client, public: dict[str, Any]
) -> None:
    wanted = {"floating_network_id": public["network_id"], "floating_ip_address": "203.0.113.99"}
    assert asked(gardener, "POST", "/v2.0/floatingips", {"floatingip": wanted}).status_code == 403
    floating = made(admin, "floatingip", **wanted)
    assert floating["floating_ip_address"] == "203.0.113.99"
    refused(asked(admin, "POST", "/v2.0/floatingips", {"floatingip": wanted}), 409, "IpAddressAlreadyAllocated")
    for address, kind in (("192.0.2.1", "InvalidIpForNetwork"), ("no address", "HTTPBadRequest")):
        refused(
            asked(admin, "POST", "/v2.0/floatingips", {"floatingip": {**wanted, "floating_ip_address": address}}),
            400,
            kind,
        )
    gone(admin, "floatingip", floating["id"])


def test_only_external_networks_give_floating_ips(gardener: Client, stranger: Client, admin: Client) -> None:
    own = made(gardener, "network")["id"]
    bare = made(admin, "network", **{"router:external": True})["id"]
    for network_id, status, kind in (
        (own, 400, "HTTPBadRequest"),
        (bare, 400, "HTTPBadRequest"),
        (made(stranger, "network")["id"], 404, "NetworkNotFound"),
        (NOBODY, 404, "NetworkNotFound"),
    ):
        refused(
            asked(gardener, "POST", "/v2.0/floatingips", {"floatingip": {"floating_network_id": network_id}}),
            status,
            kind,
        )


def test_it_is_made_for_a_port_at_once(gardener: Client, public: dict[str, Any], port: dict[str, Any]) -> None:
    floating = taken(gardener, public, port_id=port["id"])
    assert floating["port_id"] == port["id"]
    assert floating["fixed_ip_address"] == port["fixed_ips"][0]["ip_address"]
    router = shown(gardener, "router", floating["router_id"])
    assert router["external_gateway_info"]["network_id"] == public["network_id"]
    assert floating["port_details"] == {
        name: port[name]
        for name in ("name", "network_id", "mac_address", "admin_state_up", "status", "device_id", "device_owner")
    }


def test_it_moves_from_port_to_port(gardener: Client, public: dict[str, Any], inside: dict[str, Any]) -> None:
    first, second = (made(gardener, "port", network_id=inside["network_id"]) for _ in range(2))
    floating = taken(gardener, public)["id"]
    assert changed(gardener, "floatingip", floating, port_id=first["id"])["port_id"] == first["id"]
    assert changed(gardener, "floatingip", floating, description="moved")["port_id"] == first["id"]
    assert changed(gardener, "floatingip", floating, port_id=second["id"])["port_id"] == second["id"]
    assert changed(gardener, "floatingip", floating)["port_id"] is None, "nothing said ends it"
    assert changed(gardener, "floatingip", floating, port_id=second["id"])["port_id"] == second["id"]
    free = changed(gardener, "floatingip", floating, port_id=None)
    assert (free["port_id"], free["router_id"], free["fixed_ip_address"]) == (None, None, None)
    assert (free["status"], free["description"]) == ("DOWN", "moved")


def test_an_address_has_one_floating_ip(gardener: Client, public: dict[str, Any], port: dict[str, Any]) -> None:
    first, second = taken(gardener, public, port_id=port["id"]), taken(gardener, public)
    wanted = {"floatingip": {"port_id": port["id"]}}
    sentence = refused(
        asked(gardener, "PUT", f"/v2.0/floatingips/{second['id']}", wanted), 409, "FloatingIPPortAlreadyAssociated"
    )
    assert port["id"] in sentence
    assert asked(gardener, "PUT", f"/v2.0/floatingips/{first['id']}", wanted).status_code == 200
    assert shown(gardener, "floatingip", second["id"])["port_id"] is None


def test_one_address_of_several_is_named(gardener: Client, public: dict[str, Any], inside: dict[str, Any]) -> None:
    fixed = [{"ip_address": "10.5.5.201"}, {"ip_address": "10.5.5.202"}]
    wide = made(gardener, "port", network_id=inside["network_id"], fixed_ips=fixed)
    floating = taken(gardener, public)["id"]
    for wanted in (
        {"port_id": wide["id"]},
        {"port_id": wide["id"], "fixed_ip_address": "10.5.5.203"},
        {"port_id": wide["id"], "fixed_ip_address": "2001:db8::1"},
        {"port_id": wide["id"], "fixed_ip_address": "no address"},
        {"fixed_ip_address": "10.5.5.201"},
    ):
        refused(asked(gardener, "PUT", f"/v2.0/floatingips/{floating}", {"floatingip": wanted}), 400, "HTTPBadRequest")
    after = changed(gardener, "floatingip", floating, port_id=wide["id"], fixed_ip_address="10.5.5.202")
    assert after["fixed_ip_address"] == "10.5.5.202"
    other = taken(gardener, public, port_id=wide["id"], fixed_ip_address="10.5.5.201")
    assert other["fixed_ip_address"] == "10.5.5.201"


def test_what_can_not_be_reached_is_refused(
    gardener: Client, stranger: Client, admin: Client, public: dict[str, Any]
) -> None:
    alone = made(gardener, "port", network_id=subnet(gardener, "10.6.0.0/24")["network_id"])
    bare = made(gardener, "port", network_id=subnet(gardener, "10.7.0.0/24")["network_id"], fixed_ips=[])
    strange = made(stranger, "port", network_id=subnet(stranger, "10.8.0.0/24")["network_id"])
    floating = taken(gardener, public)["id"]
    for port_id, status, kind in (
        (alone["id"], 404, "ExternalGatewayForFloatingIPNotFound"),
        (bare["id"], 400, "HTTPBadRequest"),
        (strange["id"], 404, "PortNotFound"),
        (NOBODY, 404, "PortNotFound"),
    ):
        wanted = {"floatingip": {"port_id": port_id}}
        refused(asked(gardener, "PUT", f"/v2.0/floatingips/{floating}", wanted), status, kind)
    made_with = {"floatingip": {"floating_network_id": public["network_id"], "port_id": alone["id"]}}
    before = len(asked(admin, "GET", "/v2.0/ports", params={"device_owner": "network:floatingip"}).json()["ports"])
    refused(asked(gardener, "POST", "/v2.0/floatingips", made_with), 404, "ExternalGatewayForFloatingIPNotFound")
    after = len(asked(admin, "GET", "/v2.0/ports", params={"device_owner": "network:floatingip"}).json()["ports"])
    assert before == after, "what is refused leaves nothing"


def test_a_port_that_goes_frees_its_floating_ip(gardener: Client, public: dict[str, Any], port: dict[str, Any]) -> None:
    floating = taken(gardener, public, port_id=port["id"])["id"]
    gone(gardener, "port", port["id"])
    free = shown(gardener, "floatingip", floating)
    assert (free["port_id"], free["router_id"], free["status"]) == (None, None, "DOWN")


def test_an_address_with_a_floating_ip_stays(gardener: Client, public: dict[str, Any], port: dict[str, Any]) -> None:
    taken(gardener, public, port_id=port["id"])
    other = {"port": {"fixed_ips": [{"ip_address": "10.5.5.222"}]}}
    refused(asked(gardener, "PUT", f"/v2.0/ports/{port['id']}", other), 400, "HTTPBadRequest")
    one_more = [*port["fixed_ips"], {"ip_address": "10.5.5.222"}]
    assert len(changed(gardener, "port", port["id"], fixed_ips=one_more)["fixed_ips"]) == 2


def test_routers_stay_where_floating_ips_need_them(gardener: Client, admin: Client) -> None:
    street, garden = outside(admin, "198.51.100.0/24"), subnet(gardener, "10.9.0.0/24")
    router = joined_router(gardener, garden["id"], street["network_id"])["id"]
    port = made(gardener, "port", network_id=garden["network_id"])
    floating = taken(gardener, street, port_id=port["id"])["id"]
    leg = {"subnet_id": garden["id"]}
    refused(
        asked(gardener, "PUT", f"/v2.0/routers/{router}/remove_router_interface", leg),
        409,
        "RouterInterfaceInUseByFloatingIP",
    )
    for gateway in (None, {"network_id": outside(admin, "192.0.2.0/24")["network_id"]}):
        answer = asked(gardener, "PUT", f"/v2.0/routers/{router}", {"router": {"external_gateway_info": gateway}})
        refused(answer, 409, "RouterExternalGatewayInUseByFloatingIp")
    gone(gardener, "floatingip", floating)
    assert asked(gardener, "PUT", f"/v2.0/routers/{router}/remove_router_interface", leg).status_code == 200
    gone(gardener, "router", router)


def test_floating_ips_are_listed_by_their_attributes(
    gardener: Client, stranger: Client, public: dict[str, Any], port: dict[str, Any]
) -> None:
    floating = taken(gardener, public, port_id=port["id"])
    for name in ("id", "floating_ip_address", "port_id", "fixed_ip_address", "tenant_id"):
        found = asked(gardener, "GET", "/v2.0/floatingips", params={name: floating[name]}).json()["floatingips"]
        assert floating["id"] in {one["id"] for one in found}
        assert {one[name] for one in found} == {floating[name]}
    assert not asked(stranger, "GET", "/v2.0/floatingips", params={"id": floating["id"]}).json()["floatingips"]
    several = {"floatingips": [{"floating_network_id": public["network_id"]}] * 2}
    assert len(asked(gardener, "POST", "/v2.0/floatingips", several).json()["floatingips"]) == 2


def test_pools_are_the_subnets_of_external_networks(
    gardener: Client, public: dict[str, Any], inside: dict[str, Any]
) -> None:
    pools = {
        pool["subnet_id"]: pool for pool in asked(gardener, "GET", "/v2.0/floatingip_pools").json()["floatingip_pools"]
    }
    assert inside["id"] not in pools
    project_id = project_of(gardener)
    assert pools[public["id"]] == {
        "subnet_id": public["id"],
        "subnet_name": "",
        "network_id": public["network_id"],
        "cidr": "203.0.113.0/24",
        "project_id": project_id,
        "tenant_id": project_id,
    }


def test_the_quota_holds(cloud: RunningCloud, admin: Client, public: dict[str, Any]) -> None:
    tenant = member_of(cloud, admin, "one address")
    owner = project_of(tenant)
    cloud.cloud.store.write(lambda db: db.insert(limits, Limit(owner, "floatingip", 1)))
    taken(tenant, public)
    wanted = {"floatingip": {"floating_network_id": public["network_id"]}}
    assert "'floatingip'" in refused(asked(tenant, "POST", "/v2.0/floatingips", wanted), 409, "OverQuota")


def test_the_real_client_takes_and_gives_back(cloud: RunningCloud, admin: Client, public: dict[str, Any]) -> None:
    cli = OpenStackCli(cloud)
    garden = subnet(admin, "10.10.0.0/24")
    joined_router(admin, garden["id"], public["network_id"])
    port = made(admin, "port", network_id=garden["network_id"])
    floating = cli.json(f"floating ip create --subnet {public['id']} {public['network_id']}")
    assert floating.keys() >= FIELDS
    assert (floating["status"], floating["name"]) == ("DOWN", floating["floating_ip_address"])
    address = floating["floating_ip_address"]
    assert cli.run(f"floating ip set --port {port['id']} {address}").code == 0
    (row,) = [row for row in cli.json("floating ip list") if row["Floating IP Address"] == address]
    assert row.keys() == {
        "ID",
        "Floating IP Address",
        "Fixed IP Address",
        "Port",
        "Floating Network",
        "Project",
    }
    assert row["Port"] == port["id"]
    assert cli.json(f"floating ip show {address}")["fixed_ip_address"] == port["fixed_ips"][0]["ip_address"]
    assert cli.run(f"floating ip unset --port {address}").code == 0
    assert cli.json(f"floating ip show {address}")["port_id"] is None
    assert cli.run(f"floating ip delete {address}").code == 0
