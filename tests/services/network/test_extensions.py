"""What clients ask for before they use a part of the API: all that is listed is there, and nothing else is listed."""

from typing import Any

import pytest
from tests.clients.openstack_cli import OpenStackCli
from tests.services.network.routed import asked, joined_router, made, outside, refused, subnet
from tests.style.tree import ROOT
from tests.support.cloud import Client, RunningCloud

from haneul.services.network.extensions.known import EXTENSIONS

URL = "/v2.0/extensions"
# Parts that are fields of views: a type of resource, and the field.
FIELDS = {
    "allowed-address-pairs": ("ports", "allowed_address_pairs"),
    "binding": ("ports", "binding:host_id"),
    "dns-domain-ports": ("ports", "dns_domain"),
    "dns-integration": ("ports", "dns_assignment"),
    "extra_dhcp_opt": ("ports", "extra_dhcp_opts"),
    "port-security": ("ports", "port_security_enabled"),
    "default-subnetpools": ("subnetpools", "is_default"),
    "expose-port-forwarding-in-fip": ("floatingips", "port_forwardings"),
    "fip-port-details": ("floatingips", "port_details"),
    "ext-gw-mode": ("routers", "external_gateway_info"),
    "extraroute": ("routers", "routes"),
    "router_availability_zone": ("routers", "availability_zones"),
    "external-net": ("networks", "router:external"),
    "net-mtu": ("networks", "mtu"),
    "network_availability_zone": ("networks", "availability_zones"),
    "project-id": ("networks", "project_id"),
    "provider": ("networks", "provider:network_type"),
    "standard-attr-description": ("networks", "description"),
    "standard-attr-revisions": ("networks", "revision_number"),
    "standard-attr-tag": ("networks", "tags"),
    "standard-attr-timestamp": ("networks", "created_at"),
    "stateful-security-group": ("security-groups", "stateful"),
    "security-groups-normalized-cidr": ("security-group-rules", "normalized_cidr"),
    "security-groups-remote-address-group": ("security-group-rules", "remote_address_group_id"),
    "security-groups-rules-belongs-to-default-sg": ("security-group-rules", "belongs_to_default_sg"),
    "subnet-external-network": ("subnets", "router:external"),
    "subnet-service-types": ("subnets", "service_types"),
    "subnet_allocation": ("subnets", "subnetpool_id"),
}
# Parts that are lists.
LISTS = {
    "address-group": "address-groups",
    "address-scope": "address-scopes",
    "agent": "agents",
    "availability_zone": "availability_zones",
    "availability_zone_filter": "availability_zones?name=nova",
    "empty-string-filtering": "networks?name=",
    "floatingip-pools": "floatingip-pools",
    "ip-substring-filtering": "ports?fixed_ips=ip_address_substr=10.1",
    "network-ip-availability": "network-ip-availabilities",
    "port-security-groups-filtering": "ports?security_groups=a",
    "quotas": "quotas",
    "rbac-policies": "rbac-policies",
    "router": "routers",
    "security-group": "security-groups",
    "security-groups-default-rules": "default-security-group-rules",
    "security-groups-shared-filtering": "security-groups?shared=true",
    "service-type": "service-providers",
    "sorting": "networks?sort_key=name&sort_dir=desc",
}
# Parts that are behaviour: the module that tests it, and what that does.
BEHAVIOUR = {
    "auto-allocated-topology": ("test_auto_allocated.py", "auto-allocated-topology"),
    "dhcp_agent_scheduler": ("test_agents.py", "dhcp-networks"),
    "l3_agent_scheduler": ("test_agents.py", "l3-routers"),
    "extraroute-atomic": ("test_routers.py", "add_extraroutes"),
    "floating-ip-port-forwarding": ("test_port_forwardings.py", "port_forwarding"),
    "floating-ip-port-forwarding-description": ("test_port_forwardings.py", "description"),
    "floating-ip-port-forwarding-port-ranges": ("test_port_forwardings.py", "external_port_range"),
    "net-mtu-writable": ("test_networks.py", "mtu"),
    "quota_details": ("test_quotas.py", "details.json"),
    "quota-check-limit": ("test_quotas.py", "check_limit"),
    "quota-check-limit-default": ("test_quotas.py", "already used"),
    "rbac-address-group": ("test_rbac.py", "address_group"),
    "rbac-address-scope": ("test_rbac.py", "address_scope"),
    "rbac-security-groups": ("test_rbac.py", "security_group"),
    "rbac-subnetpool": ("test_rbac.py", "subnetpool"),
    "subnet_onboard": ("test_subnet_pools.py", "onboard_network_subnets"),
    "subnetpool-prefix-ops": ("test_subnet_pools.py", "remove_prefixes"),
    "tag-creation": ("test_tags.py", "test_tags_come_and_go"),
    "tag-ports-during-bulk-creation": ("test_tags.py", "test_ports_come_with_tags"),
    "filter-validation": ("test_lists.py", "colour=red"),
    "port-mac-address-regenerate": ("test_port_updates.py", "mac_address=None"),
    "pagination": ("test_extensions.py", "test_lists_come_in_pages"),
    "revision-if-match": ("test_extensions.py", "If-Match"),
    "sort-key-validation": ("test_extensions.py", "sort_key=bogus"),
}
HERE = ROOT / "tests" / "services" / "network"


@pytest.fixture(scope="module")
def items(admin: Client) -> dict[str, dict[str, Any]]:
    """One of each type whose fields tell."""
    inside, outer = subnet(admin, "10.1.0.0/24"), outside(admin, "203.0.113.0/24")
    joined_router(admin, inside["id"], outer["network_id"])
    made(admin, "port", network_id=inside["network_id"])
    made(admin, "floatingip", floating_network_id=outer["network_id"])
    made(admin, "subnetpool", name="pool", prefixes=["10.9.0.0/16"], min_prefixlen=24)
    paths = {path for path, _field in FIELDS.values()}
    return {path: asked(admin, "GET", f"/v2.0/{path}").json()[path.replace("-", "_")][0] for path in paths}


def test_all_that_is_listed_is_proved() -> None:
    aliases = [one.alias for one in EXTENSIONS]
    assert sorted(aliases) == sorted({*FIELDS, *LISTS, *BEHAVIOUR})
    assert aliases == list(dict.fromkeys(aliases))


@pytest.mark.parametrize("alias", FIELDS)
def test_a_field_is_shown(items: dict[str, dict[str, Any]], alias: str) -> None:
    path, field = FIELDS[alias]
    assert field in items[path]


@pytest.mark.parametrize("alias", LISTS)
def test_a_list_answers(admin: Client, alias: str) -> None:
    answer = asked(admin, "GET", f"/v2.0/{LISTS[alias]}")
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("alias", BEHAVIOUR)
def test_behaviour_has_its_tests(alias: str) -> None:
    module, word = BEHAVIOUR[alias]
    assert word in (HERE / module).read_text()


def test_lists_come_in_pages(admin: Client) -> None:
    for name in ("a", "b", "c"):
        made(admin, "network", name=f"page {name}")
    query = "/v2.0/networks?limit=2&sort_key=name&sort_dir=asc"
    page = asked(admin, "GET", query).json()
    (onward,) = [link["href"] for link in page["networks_links"] if link["rel"] == "next"]
    assert f"marker={page['networks'][1]['id']}" in onward
    assert asked(admin, "GET", "/v2.0/networks?sort_key=bogus").status_code == 400


def test_a_change_of_another_state_is_refused(admin: Client) -> None:
    network = made(admin, "network")
    body = {"network": {"name": "late"}}
    for other in (5, -1):
        headers = {"If-Match": f"revision_number={network['revision_number'] + other}"}
        assert asked(admin, "PUT", f"/v2.0/networks/{network['id']}", body, headers=headers).status_code == 412


def test_one_is_shown_by_its_alias(admin: Client) -> None:
    found = asked(admin, "GET", URL).json()["extensions"]
    assert [one["alias"] for one in found] == [one.alias for one in EXTENSIONS]
    one = asked(admin, "GET", f"{URL}/router").json()["extension"]
    assert one in found
    assert one.keys() == {"alias", "name", "description", "updated", "links"}
    assert (one["name"], one["updated"]) == ("Neutron L3 Router", "2012-07-20T10:00:00-00:00")


@pytest.mark.parametrize("alias", ["qos", "trunk", "segment", "dvr", "l3-ha", "vpnaas", "metering", "logging"])
def test_what_is_not_built_is_not_listed(admin: Client, alias: str) -> None:
    refused(asked(admin, "GET", f"{URL}/{alias}"), 404, "HTTPNotFound")


def test_the_client_lists_them(cloud: RunningCloud) -> None:
    rows = OpenStackCli(cloud).json("extension list --network")
    assert {row["Alias"] for row in rows} == {one.alias for one in EXTENSIONS}
    assert OpenStackCli(cloud).json("extension show agent")["alias"] == "agent"
