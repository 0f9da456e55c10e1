"""`/v2.0/subnets`: which there can be, what ports get of them, what follows their changes, and who may make them."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.clients.openstack_cli import OpenStackCli
from tests.services.network.routed import Host, add_subnet, asked, changed, gone, made, refused, shown, subnet
from tests.support.cloud import Client, RunningCloud, running_cloud
from tests.support.members import member_of, project_of

SLAAC = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}


@pytest.fixture(scope="module")
def member(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "garden")


@pytest.fixture(scope="module")
def stranger(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "elsewhere")


@pytest.fixture(scope="module")
def hosted() -> Iterator[RunningCloud]:
    """A cloud whose networks are served: it has a host, and no networks but those of the tests that look at it."""
    with running_cloud() as running:
        yield running


@pytest.fixture(scope="module")
def host(hosted: RunningCloud) -> Host:
    found = Host(hosted, "host-1")
    found.beats()
    return found


@pytest.fixture
def network(member: Client) -> str:
    return str(made(member, "network")["id"])


def post(client: Client, network_id: str, cidr: str | None, **wanted: Any) -> httpx.Response:
    named = {"cidr": cidr} if cidr is not None else {}
    version = 6 if cidr and ":" in cidr else 4
    body = {"network_id": network_id, "ip_version": version, **named, **wanted}
    return asked(client, "POST", "/v2.0/subnets", {"subnet": body})


def put(client: Client, subnet_id: str, **wanted: Any) -> httpx.Response:
    return asked(client, "PUT", f"/v2.0/subnets/{subnet_id}", {"subnet": wanted})


def pools(of: dict[str, Any]) -> list[str]:
    return [f"{pool['start']}-{pool['end']}" for pool in of["allocation_pools"]]


def addresses(port: dict[str, Any]) -> set[str]:
    return {fixed["ip_address"] for fixed in port["fixed_ips"]}


def test_a_subnet_with_what_is_said_of_it_and_what_is_not(member: Client, admin: Client, network: str) -> None:
    found = subnet(member, "10.5.5.0/24", network, name="inside", dns_nameservers=["8.8.8.8"])
    project = project_of(member)
    assert found == {
        "id": found["id"],
        "name": "inside",
        "description": "",
        "project_id": project,
        "tenant_id": project,
        "created_at": found["created_at"],
        "updated_at": found["created_at"],
        "revision_number": 0,
        "tags": [],
        "network_id": network,
        "ip_version": 4,
        "cidr": "10.5.5.0/24",
        "gateway_ip": "10.5.5.1",
        "allocation_pools": [{"start": "10.5.5.2", "end": "10.5.5.254"}],
        "dns_nameservers": ["8.8.8.8"],
        "host_routes": [],
        "enable_dhcp": True,
        "ipv6_ra_mode": None,
        "ipv6_address_mode": None,
        "subnetpool_id": None,
        "service_types": [],
        "dns_publish_fixed_ip": False,
        "router:external": False,
    }
    assert shown(member, "subnet", found["id"]) == found
    assert shown(admin, "subnet", found["id"])["segment_id"] is None
    of_network = shown(member, "network", network)
    assert (of_network["subnets"], of_network["revision_number"]) == ([found["id"]], 1)


@pytest.mark.parametrize(
    ("cidr", "wanted", "gateway", "expected"),
    [
        ("10.0.0.0/24", {"gateway_ip": "10.0.0.254"}, "10.0.0.254", ["10.0.0.1-10.0.0.253"]),
        ("10.0.0.0/24", {"gateway_ip": "10.0.0.7"}, "10.0.0.7", ["10.0.0.1-10.0.0.6", "10.0.0.8-10.0.0.254"]),
        ("10.0.0.0/24", {"gateway_ip": None}, None, ["10.0.0.1-10.0.0.254"]),
        ("10.0.0.0/24", {"gateway_ip": "192.0.2.1"}, "192.0.2.1", ["10.0.0.1-10.0.0.254"]),
        ("10.0.0.0/30", {}, "10.0.0.1", ["10.0.0.2-10.0.0.2"]),
        ("10.0.0.0/31", {"gateway_ip": None, "enable_dhcp": False}, None, ["10.0.0.0-10.0.0.1"]),
        ("10.0.0.5/32", {"gateway_ip": None, "enable_dhcp": False}, None, ["10.0.0.5-10.0.0.5"]),
        ("10.0.0.5/32", {"enable_dhcp": False}, "10.0.0.6", ["10.0.0.5-10.0.0.5"]),
        ("10.0.0.0/24", {"allocation_pools": []}, "10.0.0.1", []),
        ("2001:db8::/64", {}, "2001:db8::", ["2001:db8::1-2001:db8::ffff:ffff:ffff:ffff"]),
        ("2001:DB8:0::/126", {"gateway_ip": "2001:db8::1"}, "2001:db8::1", ["2001:db8::2-2001:db8::3"]),
        ("2001:db8::/127", {"enable_dhcp": False}, "2001:db8::", ["2001:db8::1-2001:db8::1"]),
        ("2001:db8::1/128", {"enable_dhcp": False}, "2001:db8::1", ["2001:db8::1-2001:db8::1"]),
    ],
)
def test_gateways_and_pools_that_nobody_names(
    member: Client, network: str, cidr: str, wanted: dict[str, Any], gateway: str | None, expected: list[str]
) -> None:
    answer = post(member, network, cidr, **wanted)
    assert answer.status_code == 201, answer.text
    found = answer.json()["subnet"]
    assert (found["gateway_ip"], pools(found)) == (gateway, expected)


REFUSED: list[tuple[str | None, dict[str, Any], int, str]] = [
    ("10.0.0.5/24", {}, 400, "HTTPBadRequest"),
    ("2001:db8::5/64", {}, 400, "HTTPBadRequest"),
    ("10.0.0.0", {}, 400, "HTTPBadRequest"),
    ("10.0.0.0/33", {}, 400, "HTTPBadRequest"),
    ("10.0.0.0/255.255.255.0", {}, 400, "HTTPBadRequest"),
    ("10.0.0.0/24\n", {}, 400, "HTTPBadRequest"),
    ("fe80::%eth0/64", {}, 400, "HTTPBadRequest"),
    ("{cidr}/24", {}, 400, "HTTPBadRequest"),
    (None, {}, 400, "HTTPBadRequest"),
    ("0.0.0.0/0", {"enable_dhcp": False}, 400, "InvalidInput"),
    ("::/64", {}, 400, "InvalidInput"),
    ("10.0.0.0/24", {"ip_version": 5}, 400, "HTTPBadRequest"),
    ("10.0.0.0/24", {"ip_version": 6}, 400, "InvalidInput"),
    ("10.0.0.0/24", {"prefixlen": 24}, 400, "HTTPBadRequest"),
    ("10.0.0.0/31", {"gateway_ip": None}, 400, "InvalidInput"),
    ("10.0.0.0/31", {"enable_dhcp": False}, 409, "IpamValueInvalid"),
    ("255.255.255.255/32", {"enable_dhcp": False}, 409, "IpamValueInvalid"),
    ("224.0.0.0/24", {}, 400, "InvalidInput"),
    ("127.0.0.0/24", {}, 400, "InvalidInput"),
    ("0.0.0.0/8", {}, 400, "InvalidInput"),
    ("10.0.0.0/24", {"gateway_ip": "10.0.0.0"}, 400, "InvalidInput"),
    ("10.0.0.0/24", {"gateway_ip": "10.0.0.255"}, 400, "InvalidInput"),
    ("10.0.0.0/24", {"gateway_ip": "::1"}, 400, "InvalidInput"),
    ("10.0.0.0/24", {"gateway_ip": "ten"}, 400, "HTTPBadRequest"),
    ("10.0.0.0/24", {"allocation_pools": [("10.0.0.9", "10.0.0.2")]}, 400, "InvalidAllocationPool"),
    ("10.0.0.0/24", {"allocation_pools": [("10.0.0.9", "::2")]}, 400, "InvalidAllocationPool"),
    ("10.0.0.0/24", {"allocation_pools": [("10.0.0.9", "10.0.1.2")]}, 400, "OutOfBoundsAllocationPool"),
    ("10.0.0.0/24", {"allocation_pools": [("10.0.0.0", "10.0.0.2")]}, 400, "OutOfBoundsAllocationPool"),
    ("10.0.0.0/24", {"allocation_pools": [("10.0.0.9", "nine")]}, 400, "HTTPBadRequest"),
    (
        "10.0.0.0/24",
        {"allocation_pools": [("10.0.0.9", "10.0.0.20"), ("10.0.0.2", "10.0.0.9")]},
        409,
        "OverlappingAllocationPools",
    ),
    (
        "10.0.0.0/24",
        {"allocation_pools": [("10.0.0.1", "10.0.0.20")]},
        409,
        "GatewayConflictWithAllocationPools",
    ),
    ("10.0.0.0/24", {"dns_nameservers": ["dns.example.org"]}, 400, "HTTPBadRequest"),
    ("10.0.0.0/24", {"dns_nameservers": ["8.8.8.8\ndhcp-script=/bin/sh"]}, 400, "HTTPBadRequest"),
    ("10.0.0.0/24", {"dns_nameservers": ["8.8.8.8", "8.8.8.8"]}, 400, "HTTPBadRequest"),
    ("10.0.0.0/24", {"dns_nameservers": ["2001:db8::1"]}, 400, "InvalidInput"),
    ("10.0.0.0/24", {"dns_nameservers": [f"8.8.8.{n}" for n in range(6)]}, 400, "DNSNameServersExhausted"),
    ("10.0.0.0/24", {"host_routes": [("10.9.0.1/16", "10.0.0.2")]}, 400, "HTTPBadRequest"),
    ("10.0.0.0/24", {"host_routes": [("127.0.0.0/8", "10.0.0.2")]}, 400, "HTTPBadRequest"),
    ("10.0.0.0/24", {"host_routes": [("10.9.0.0/16", "10.0.0.2")] * 2}, 400, "HTTPBadRequest"),
    ("10.0.0.0/24", {"host_routes": [("10.9.0.0/16", "::2")]}, 400, "InvalidInput"),
    ("10.0.0.0/24", {"host_routes": [(f"10.9.{n}.0/24", "10.0.0.2") for n in range(21)]}, 400, "HostRoutesExhausted"),
    ("10.0.0.0/24", SLAAC, 400, "InvalidInput"),
    ("2001:db8::/64", {"ipv6_ra_mode": "sometimes"}, 400, "HTTPBadRequest"),
    ("2001:db8::/64", {**SLAAC, "enable_dhcp": False}, 400, "InvalidInput"),
    ("2001:db8::/64", {**SLAAC, "ipv6_ra_mode": "dhcpv6-stateful"}, 400, "InvalidInput"),
    ("2001:db8::/80", SLAAC, 400, "InvalidInput"),
    ("10.0.0.0/24", {"subnetpool_id": "none"}, 404, "SubnetPoolNotFound"),
    ("10.0.0.0/24", {"colour": "red"}, 400, "HTTPBadRequest"),
]


@pytest.mark.parametrize(("cidr", "wanted", "status", "kind"), REFUSED)
def test_subnets_that_there_are_not(
    member: Client, network: str, cidr: str | None, wanted: dict[str, Any], status: int, kind: str
) -> None:
    as_sent = dict(wanted)
    for name, ends in (("allocation_pools", ("start", "end")), ("host_routes", ("destination", "nexthop"))):
        if name in as_sent:
            as_sent[name] = [dict(zip(ends, pair, strict=True)) for pair in as_sent[name]]
    refused(post(member, network, cidr, **as_sent), status, kind)
    assert shown(member, "network", network)["subnets"] == []


def test_a_subnet_needs_a_network(member: Client) -> None:
    refused(post(member, "00000000-0000-4000-8000-000000000000", "10.0.0.0/24"), 404, "NetworkNotFound")
    refused(post(member, "none", "10.0.0.0/24"), 400, "HTTPBadRequest")


def test_service_types_are_checked(member: Client, network: str) -> None:
    refused(post(member, network, "10.0.0.0/24", service_types=["nova"]), 400, "InvalidSubnetServiceType")
    found = subnet(member, "10.0.0.0/24", network, service_types=["compute:nova", "test:one"], enable_dhcp=False)
    assert found["service_types"] == ["compute:nova", "test:one"]
    assert changed(member, "subnet", found["id"], service_types=[])["service_types"] == []


def test_what_is_not_built_says_so(admin: Client, network: str) -> None:
    assert post(admin, network, None, subnetpool_id="prefix_delegation", ip_version=6).status_code == 501
    assert post(admin, network, "10.0.0.0/24", segment_id="a").status_code == 501


def test_subnets_of_a_network_do_not_overlap(member: Client, network: str) -> None:
    subnet(member, "10.0.0.0/24", network)
    for cidr in ("10.0.0.0/24", "10.0.0.128/25", "10.0.0.0/16"):
        refused(post(member, network, cidr), 400, "InvalidInput")
    subnet(member, "10.0.1.0/24", network)
    subnet(member, "10.0.0.0/24")


def test_many_are_created_at_once_or_none(member: Client, network: str) -> None:
    def both(*cidrs: str) -> httpx.Response:
        wanted = [{"network_id": network, "ip_version": 4, "cidr": cidr} for cidr in cidrs]
        return asked(member, "POST", "/v2.0/subnets", {"subnets": wanted})

    assert both("10.0.0.0/24", "10.0.0.0/25").status_code == 400
    assert shown(member, "network", network)["subnets"] == []
    assert [one["cidr"] for one in both("10.0.0.0/24", "10.0.1.0/24").json()["subnets"]] == [
        "10.0.0.0/24",
        "10.0.1.0/24",
    ]


def test_lists_are_filtered_sorted_and_paged(member: Client, network: str) -> None:
    subnet(member, "10.0.1.0/24", network, name="b", enable_dhcp=False)
    subnet(member, "2001:db8::/64", network, name="a")

    def names(query: str) -> list[str]:
        found = asked(member, "GET", f"/v2.0/subnets?network_id={network}&{query}").json()["subnets"]
        return [one["name"] for one in found]

    assert names("sort_key=name") == ["a", "b"]
    assert names("ip_version=4") == names("enable_dhcp=false") == names("cidr=10.0.1.0/24") == ["b"]
    assert names("gateway_ip=2001:db8::") == ["a"]
    assert names("router:external=true") == names("shared=true") == []
    assert len(names("router:external=false&shared=false")) == 2
    page = asked(member, "GET", f"/v2.0/subnets?network_id={network}&limit=1&sort_key=name&fields=name").json()
    assert page["subnets"] == [{"name": "a"}]
    assert page["subnets_links"][0]["rel"] == "next"
    for wrong in ("ip_version=four", "enable_dhcp=maybe", "sort_key=colour"):
        assert asked(member, "GET", f"/v2.0/subnets?{wrong}").status_code == 400, wrong


def test_who_sees_a_subnet_and_who_may_make_one(member: Client, stranger: Client, admin: Client, network: str) -> None:
    own = subnet(member, "10.0.0.0/24", network)
    refused(asked(stranger, "GET", f"/v2.0/subnets/{own['id']}"), 404, "SubnetNotFound")
    refused(post(stranger, network, "10.0.1.0/24"), 404, "NetworkNotFound")
    common = made(admin, "network", shared=True)
    of_common = subnet(admin, "10.0.2.0/24", common["id"])
    outside = made(admin, "network", **{"router:external": True})
    of_outside = subnet(admin, "10.0.3.0/24", outside["id"])
    seen = {one["id"]: one for one in asked(stranger, "GET", "/v2.0/subnets").json()["subnets"]}
    assert set(seen) == {of_common["id"], of_outside["id"]}
    assert seen[of_outside["id"]]["router:external"] is True
    assert shown(stranger, "subnet", of_outside["id"])["id"] == of_outside["id"]
    assert post(stranger, common["id"], "10.0.4.0/24").status_code == 403
    assert put(stranger, of_common["id"], name="mine").status_code == 403
    assert asked(stranger, "DELETE", f"/v2.0/subnets/{of_outside['id']}").status_code == 403
    refused(post(member, network, "10.0.5.0/24", project_id=project_of(stranger)), 400, "HTTPBadRequest")
    theirs = subnet(admin, "10.0.6.0/24", network, project_id=project_of(stranger))
    assert shown(member, "subnet", theirs["id"])["id"] == theirs["id"]
    assert put(stranger, theirs["id"], name="mine").status_code == 200
    for network_id in (common["id"], outside["id"]):
        gone(admin, "network", network_id)


def test_a_projects_subnets_are_counted(cloud: RunningCloud, admin: Client) -> None:
    crowded = member_of(cloud, admin, "crowded")
    network = made(crowded, "network")["id"]
    cidrs = [f"10.0.{n}.0/24" for n in range(100)]
    wanted = [{"network_id": network, "ip_version": 4, "cidr": cidr} for cidr in cidrs]
    assert asked(crowded, "POST", "/v2.0/subnets", {"subnets": wanted}).status_code == 201
    refused(post(crowded, network, "10.1.0.0/24"), 409, "OverQuota")


def test_a_change_is_checked_like_a_new_one(member: Client, network: str) -> None:
    found = subnet(member, "10.0.0.0/24", network)
    now = changed(
        member,
        "subnet",
        found["id"],
        name="after",
        gateway_ip="10.0.0.254",
        allocation_pools=[{"start": "10.0.0.10", "end": "10.0.0.20"}, {"start": "10.0.0.30", "end": "10.0.0.30"}],
        dns_nameservers=["8.8.4.4", "8.8.8.8"],
        host_routes=[{"destination": "10.9.0.0/16", "nexthop": "10.0.0.9"}],
        enable_dhcp=False,
        dns_publish_fixed_ip=True,
    )
    assert pools(now) == ["10.0.0.10-10.0.0.20", "10.0.0.30-10.0.0.30"]
    assert (now["gateway_ip"], now["dns_nameservers"]) == ("10.0.0.254", ["8.8.4.4", "8.8.8.8"])
    assert (now["name"], now["enable_dhcp"], now["revision_number"]) == ("after", False, 1)
    assert now["host_routes"] == [{"destination": "10.9.0.0/16", "nexthop": "10.0.0.9"}]
    for wanted, status, kind in (
        ({"gateway_ip": "10.0.0.11"}, 409, "GatewayConflictWithAllocationPools"),
        (
            {"allocation_pools": [{"start": "10.0.0.250", "end": "10.0.0.254"}]},
            409,
            "GatewayConflictWithAllocationPools",
        ),
        ({"gateway_ip": "10.0.0.255"}, 400, "InvalidInput"),
        ({"cidr": "10.0.0.0/25"}, 400, "HTTPBadRequest"),
        ({"dns_nameservers": ["::1"]}, 400, "InvalidInput"),
    ):
        refused(put(member, found["id"], **wanted), status, kind)
    assert shown(member, "subnet", found["id"]) == now
    cleared = changed(member, "subnet", found["id"], gateway_ip=None, dns_nameservers=None, host_routes=[])
    assert (cleared["gateway_ip"], cleared["dns_nameservers"], cleared["host_routes"]) == (None, [], [])
    stale = {"If-Match": "revision_number=1"}
    answer = asked(member, "DELETE", f"/v2.0/subnets/{found['id']}", headers=stale)
    refused(answer, 412, "RevisionNumberConstraintFailed")


def test_dhcp_is_switched_where_it_may_be(member: Client, network: str) -> None:
    tiny = subnet(member, "10.0.0.0/31", network, gateway_ip=None, enable_dhcp=False)
    refused(put(member, tiny["id"], enable_dhcp=True), 400, "InvalidInput")
    made_up = subnet(member, "2001:db8::/64", network, **SLAAC)
    refused(put(member, made_up["id"], enable_dhcp=False), 400, "InvalidInput")


def test_addresses_that_ports_have_keep_a_subnet(member: Client, network: str) -> None:
    found = subnet(member, "10.0.0.0/24", network)
    port = made(member, "port", network_id=network)
    sentence = refused(asked(member, "DELETE", f"/v2.0/subnets/{found['id']}"), 409, "SubnetInUse")
    assert sentence == (
        f"Unable to complete operation on subnet {found['id']}: One or more ports have an IP allocation from this "
        "subnet."
    )
    gone(member, "port", port["id"])
    gone(member, "subnet", found["id"])
    refused(asked(member, "GET", f"/v2.0/subnets/{found['id']}"), 404, "SubnetNotFound")


def test_addresses_that_guests_make_come_and_go_with_their_subnet(member: Client, network: str) -> None:
    subnet(member, "10.0.0.0/24", network)
    port = made(member, "port", network_id=network)
    bare = made(member, "port", network_id=network, fixed_ips=[])
    found = subnet(member, "2001:db8::/64", network, **SLAAC)
    made_up = addresses(shown(member, "port", port["id"])) - addresses(port)
    assert len(made_up) == 1
    assert made_up.pop().startswith("2001:db8::f816:3eff:fe")
    assert addresses(shown(member, "port", bare["id"])) == set()
    assert shown(member, "port", port["id"])["revision_number"] == port["revision_number"] + 1
    gone(member, "subnet", found["id"])
    assert addresses(shown(member, "port", port["id"])) == addresses(port)


def test_a_router_holds_its_subnet_and_its_gateway(member: Client, network: str) -> None:
    found = subnet(member, "10.0.0.0/24", network)
    made_up = subnet(member, "2001:db8::/64", network, gateway_ip="2001:db8::1", **SLAAC)
    router = made(member, "router")
    for one, other in ((found, "10.0.0.254"), (made_up, "2001:db8::9")):
        add_subnet(member, router["id"], one["id"])
        refused(asked(member, "DELETE", f"/v2.0/subnets/{one['id']}"), 409, "SubnetInUse")
        for gateway in (None, other):
            refused(put(member, one["id"], gateway_ip=gateway), 409, "GatewayIpInUse")
        assert put(member, one["id"], gateway_ip=one["gateway_ip"]).status_code == 200


def test_the_first_address_of_the_pool_is_the_dhcp_servers(hosted: RunningCloud, host: Host) -> None:
    admin = hosted.login()
    network = made(admin, "network")["id"]

    def servers() -> list[set[str]]:
        found = asked(admin, "GET", f"/v2.0/ports?network_id={network}&device_owner=network:dhcp").json()["ports"]
        return [addresses(port) for port in found]

    found = subnet(admin, "10.0.0.0/24", network)
    assert servers() == [{"10.0.0.2"}]
    second = subnet(admin, "10.0.1.0/24", network)
    assert servers() == [{"10.0.0.2", "10.0.1.2"}]
    before = host.asks("dhcp", network).entries
    changed(admin, "subnet", found["id"], dns_nameservers=["8.8.8.8"])
    assert host.asks("dhcp", network).entries != before
    changed(admin, "subnet", found["id"], enable_dhcp=False)
    assert servers() == [{"10.0.1.2"}]
    gone(admin, "subnet", second["id"])
    assert servers() == []
    assert host.asks("dhcp", network).entries == []
    gone(admin, "network", network)


def test_a_changed_gateway_reaches_the_routers(hosted: RunningCloud, host: Host) -> None:
    admin = hosted.login()
    inside = subnet(admin, "10.0.0.0/24")
    router = made(admin, "router")
    add_subnet(admin, router["id"], inside["id"])
    before = host.router(router["id"]).generation
    changed(admin, "subnet", inside["id"], dns_nameservers=["8.8.8.8"])
    assert host.router(router["id"]).generation > before


def test_a_new_subnet_outside_gives_gateways_the_version_that_they_lack(admin: Client) -> None:
    network = made(admin, "network", **{"router:external": True})["id"]
    subnet(admin, "192.0.2.0/24", network, enable_dhcp=False)
    router = made(admin, "router", external_gateway_info={"network_id": network})

    def outside() -> set[str]:
        return addresses(
            {"fixed_ips": shown(admin, "router", router["id"])["external_gateway_info"]["external_fixed_ips"]}
        )

    assert len(outside()) == 1
    subnet(admin, "198.51.100.0/24", network, enable_dhcp=False)
    assert len(outside()) == 1
    subnet(admin, "2001:db8::/64", network, enable_dhcp=False)
    assert sorted(":" in address for address in outside()) == [False, True]
    gone(admin, "router", router["id"])
    gone(admin, "network", network)


def test_the_client_shows_subnets(cloud: RunningCloud) -> None:
    cli = OpenStackCli(cloud)
    cli.json("network create intnet")
    command = "subnet create subnet1 --subnet-range 10.5.5.0/24 --dns-nameserver 8.8.8.8 --network intnet"
    found = cli.json(command)
    assert found.keys() >= {
        "allocation_pools",
        "cidr",
        "created_at",
        "description",
        "dns_nameservers",
        "dns_publish_fixed_ip",
        "enable_dhcp",
        "gateway_ip",
        "host_routes",
        "id",
        "ip_version",
        "ipv6_address_mode",
        "ipv6_ra_mode",
        "name",
        "network_id",
        "project_id",
        "revision_number",
        "segment_id",
        "service_types",
        "subnetpool_id",
        "tags",
        "updated_at",
    }
    assert found["allocation_pools"] == [{"start": "10.5.5.2", "end": "10.5.5.254"}]
    listed: list[dict[str, str]] = cli.json("subnet list --name subnet1")
    network_id = found["network_id"]
    assert listed == [{"ID": found["id"], "Name": "subnet1", "Network": network_id, "Subnet": "10.5.5.0/24"}]
    assert cli.run("subnet set --dns-nameserver 8.8.4.4 --gateway 10.5.5.1 --no-dhcp subnet1").code == 0
    assert cli.run("subnet unset --dns-nameserver 8.8.8.8 subnet1").code == 0
    now = cli.json("subnet show subnet1")
    assert (now["dns_nameservers"], now["enable_dhcp"]) == (["8.8.4.4"], False)
    assert cli.run("subnet delete subnet1").code == 0
    assert cli.run("network delete intnet").code == 0
