"""What tenants write to see what breaks: addresses with zones, more of everything than anybody needs."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.services.network.routed import asked, joined_router, made, outside, subnet
from tests.support.cloud import Client, RunningCloud
from tests.support.members import member_of

from haneul.services.network.subnet_pools import prefixes
from haneul.services.network.subnets.cidrs import Prefix

ZONED = "fd00:7::5%eth0; flush ruleset"
ZONED_NETWORK = "fd00:7::%x/64"
Thing = dict[str, Any]


@pytest.fixture(scope="module")
def tenant(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "garden")


@pytest.fixture(scope="module")
def stranger(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "elsewhere")


class Place:
    """One of everything that has addresses, by the names of the placeholders in paths and bodies below."""

    def __init__(self, admin: Client) -> None:
        external = outside(admin, "203.0.113.0/24")
        four = subnet(admin, "10.7.0.0/24")
        six = subnet(admin, "fd00:7::/64", four["network_id"])
        port = made(admin, "port", network_id=four["network_id"])
        router = joined_router(admin, four["id"], external["network_id"])
        self.things = {
            "EXTERNAL": external["network_id"],
            "NETWORK": four["network_id"],
            "FOUR": four["id"],
            "SIX": six["id"],
            "PORT": port["id"],
            "ROUTER": router["id"],
            "FLOATING": made(admin, "floatingip", floating_network_id=external["network_id"])["id"],
            "POOL": made(admin, "subnetpool", name="pool", prefixes=["fd00:9::/48"])["id"],
            "GROUP": _dashed(admin, "address_group", name="hosts"),
            "SECURITY": _dashed(admin, "security_group", name="web"),
        }

    def named(self, thing: Any) -> Any:
        if isinstance(thing, dict):
            return {name: self.named(value) for name, value in thing.items()}
        if isinstance(thing, list):
            return [self.named(value) for value in thing]
        return self.things.get(thing, thing)

    def path(self, template: str) -> str:
        return "/".join(str(self.named(part)) for part in template.split("/"))


def _dashed(client: Client, noun: str, **wanted: Any) -> str:
    answer = asked(client, "POST", f"/v2.0/{noun.replace('_', '-')}s", {noun: wanted})
    assert answer.status_code == 201, answer.text
    return str(answer.json()[noun]["id"])


@pytest.fixture(scope="module")
def place(admin: Client) -> Place:
    return Place(admin)


SIX = {"network_id": "NETWORK", "ip_version": 6, "cidr": "fd00:8::/64"}
FORWARDING = {"internal_port_id": "PORT", "internal_port": 80, "external_port": 80, "protocol": "tcp"}
RULE = {"security_group_id": "SECURITY", "direction": "ingress", "ethertype": "IPv6"}
ROUTE = {"destination": "fd00:5::/64", "nexthop": "fd00:7::5"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "ports", {"port": {"network_id": "NETWORK", "fixed_ips": [{"ip_address": ZONED}]}}),
        ("PUT", "ports/PORT", {"port": {"fixed_ips": [{"subnet_id": "SIX", "ip_address": ZONED}]}}),
        ("PUT", "ports/PORT", {"port": {"allowed_address_pairs": [{"ip_address": ZONED}]}}),
        ("PUT", "ports/PORT", {"port": {"allowed_address_pairs": [{"ip_address": ZONED_NETWORK}]}}),
        ("POST", "subnets", {"subnet": {**SIX, "cidr": ZONED_NETWORK}}),
        ("POST", "subnets", {"subnet": {**SIX, "gateway_ip": "fd00:8::1%x"}}),
        ("POST", "subnets", {"subnet": {**SIX, "allocation_pools": [{"start": "fd00:8::5", "end": "fd00:8::9%x"}]}}),
        ("PUT", "subnets/SIX", {"subnet": {"gateway_ip": ZONED}}),
        ("PUT", "subnets/SIX", {"subnet": {"dns_nameservers": [ZONED]}}),
        ("PUT", "subnets/SIX", {"subnet": {"host_routes": [{**ROUTE, "nexthop": ZONED}]}}),
        ("PUT", "subnets/SIX", {"subnet": {"host_routes": [{**ROUTE, "destination": ZONED_NETWORK}]}}),
        ("POST", "subnetpools", {"subnetpool": {"name": "p", "prefixes": [ZONED_NETWORK]}}),
        ("PUT", "subnetpools/POOL/add_prefixes", {"prefixes": [ZONED_NETWORK]}),
        ("POST", "security-group-rules", {"security_group_rule": {**RULE, "remote_ip_prefix": ZONED_NETWORK}}),
        ("POST", "security-group-rules", {"security_group_rule": {**RULE, "remote_ip_prefix": ZONED}}),
        ("POST", "address-groups", {"address_group": {"addresses": [ZONED_NETWORK]}}),
        ("PUT", "address-groups/GROUP/add_addresses", {"addresses": [ZONED]}),
        ("PUT", "routers/ROUTER", {"router": {"routes": [{**ROUTE, "nexthop": ZONED}]}}),
        ("PUT", "routers/ROUTER/add_extraroutes", {"router": {"routes": [{**ROUTE, "destination": ZONED_NETWORK}]}}),
        (
            "PUT",
            "routers/ROUTER",
            {
                "router": {
                    "external_gateway_info": {"network_id": "EXTERNAL", "external_fixed_ips": [{"ip_address": ZONED}]}
                }
            },
        ),
        ("POST", "floatingips", {"floatingip": {"floating_network_id": "EXTERNAL", "floating_ip_address": ZONED}}),
        ("PUT", "floatingips/FLOATING", {"floatingip": {"port_id": "PORT", "fixed_ip_address": ZONED}}),
        (
            "POST",
            "floatingips/FLOATING/port_forwardings",
            {"port_forwarding": {**FORWARDING, "internal_ip_address": ZONED}},
        ),
        (
            "POST",
            "floatingips/FLOATING/port_forwardings",
            {"port_forwarding": {**FORWARDING, "internal_ip_address": "no address"}},
        ),
    ],
)
def test_an_address_with_a_zone_is_none(admin: Client, place: Place, method: str, path: str, body: Thing) -> None:
    answer = asked(admin, method, place.path(f"/v2.0/{path}"), place.named(body))
    assert answer.status_code == 400, answer.text
    sentence = answer.json()["NeutronError"]["message"]
    # It is refused as a text, before it could be compared with anything as an address.
    assert any(word in sentence for word in ("valid", "is no route", "given as IP prefix")), sentence
    assert "valid IP for" not in sentence


def hosts(first: str, count: int, step: int = 1) -> list[str]:
    return [str(ip_address(first) + number * step) for number in range(count)]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("ports", {"port": {"network_id": "NETWORK", "fixed_ips": [{"subnet_id": "FOUR"}] * 101}}),
        (
            "ports",
            {
                "port": {
                    "network_id": "NETWORK",
                    "device_owner": "network:mine",
                    "fixed_ips": [{"subnet_id": "FOUR"}] * 101,
                }
            },
        ),
        ("ports", {"port": {"network_id": "NETWORK", "security_groups": ["SECURITY"] * 101}}),
        (
            "ports",
            {
                "port": {
                    "network_id": "NETWORK",
                    "extra_dhcp_opts": [{"opt_name": str(number), "opt_value": "1"} for number in range(101)],
                }
            },
        ),
        ("subnets", {"subnet": {**SIX, "dns_nameservers": hosts("fd00::1", 101)}}),
        (
            "subnets",
            {"subnet": {**SIX, "host_routes": [{**ROUTE, "nexthop": host} for host in hosts("fd00::1", 101)]}},
        ),
        (
            "subnets",
            {
                "subnet": {
                    **SIX,
                    "allocation_pools": [{"start": host, "end": host} for host in hosts("fd00:8::2", 101, 2)],
                }
            },
        ),
        ("networks", {"network": {"availability_zone_hints": ["nova"] * 17}}),
        ("routers", {"router": {"availability_zone_hints": ["nova"] * 17}}),
        (
            "address-groups",
            {"address_group": {"addresses": [f"{host}/32" for host in hosts("10.0.0.0", 5001)]}},
        ),
        (
            "subnetpools",
            {"subnetpool": {"name": "p", "prefixes": [f"{host}/24" for host in hosts("10.0.0.0", 101, 512)]}},
        ),
    ],
)
def test_more_of_a_kind_than_anybody_needs_is_refused(admin: Client, place: Place, path: str, body: Thing) -> None:
    answer = asked(admin, "POST", f"/v2.0/{path}", place.named(body))
    assert answer.status_code == 400, answer.text


def test_neither_a_pool_nor_an_address_group_grows_over_its_bounds(tenant: Client) -> None:
    pool = made(tenant, "subnetpool", name="pool", prefixes=["10.0.0.0/8"])
    for verb, fits in (("remove_prefixes", hosts("10.0.0.0", 1)), ("remove_prefixes", hosts("10.1.9.9", 12, 65536))):
        wanted = {"prefixes": [f"{host}/32" for host in fits]}
        answer = asked(tenant, "PUT", f"/v2.0/subnetpools/{pool['id']}/{verb}", wanted)
        assert answer.status_code == (200 if len(fits) == 1 else 400), answer.text
    more = {"prefixes": [f"{host}/24" for host in hosts("11.0.0.0", 100, 512)]}
    assert asked(tenant, "PUT", f"/v2.0/subnetpools/{pool['id']}/add_prefixes", more).status_code == 400
    group_id = _dashed(tenant, "address_group", addresses=[f"{host}/32" for host in hosts("10.0.0.0", 5000)])
    over = asked(tenant, "PUT", f"/v2.0/address-groups/{group_id}/add_addresses", {"addresses": ["192.0.2.1"]})
    assert over.status_code == 400, over.text


networks = st.builds(
    lambda number, length: ip_network((number, length), strict=False),
    st.integers(0x0A000000, 0x0A00FFFF),
    st.integers(14, 32),
) | st.builds(
    lambda number, length: ip_network((number << 96, length), strict=False),
    st.integers(0xFD000000, 0xFD00FFFF),
    st.integers(14, 64),
)


@given(st.lists(networks, max_size=8), st.lists(networks, max_size=8))
def test_prefixes_overlap_if_any_two_do(some: list[Prefix], others: list[Prefix]) -> None:
    pairs = ((one, other) for one in some for other in others)
    assert prefixes.overlap(some, others) == any(a.version == b.version and a.overlaps(b) for a, b in pairs)


@pytest.mark.parametrize("value", ["--5", "-", "²", "٣x"])
def test_a_filter_that_is_no_number_is_refused(tenant: Client, value: str) -> None:
    answer = asked(tenant, "GET", f"/v2.0/networks?revision_number={value}")
    assert answer.status_code == 400, answer.text


def test_a_marker_of_another_project_is_as_unknown_as_one_that_is_not_there(
    admin: Client, tenant: Client, stranger: Client
) -> None:
    inside = subnet(tenant, "10.9.0.0/24")
    group_id = _dashed(tenant, "security_group", name="web")
    rule = {"security_group_id": group_id, "direction": "ingress", "protocol": "tcp"}
    external = outside(admin, "198.51.100.0/24")
    theirs = {
        "networks": inside["network_id"],
        "subnets": inside["id"],
        "ports": made(tenant, "port", network_id=inside["network_id"])["id"],
        "routers": made(tenant, "router")["id"],
        "floatingips": made(tenant, "floatingip", floating_network_id=external["network_id"])["id"],
        "subnetpools": made(tenant, "subnetpool", name="pool", prefixes=["10.64.0.0/16"])["id"],
        "security-groups": group_id,
        "security-group-rules": _dashed(tenant, "security_group_rule", **rule),
        "address-groups": _dashed(tenant, "address_group"),
        "address-scopes": _dashed(tenant, "address_scope", name="scope", ip_version=4),
    }
    for path, marker in theirs.items():
        answer = asked(stranger, "GET", f"/v2.0/{path}?limit=1&marker={marker}")
        assert answer.status_code == 400, (path, answer.text)
        assert asked(tenant, "GET", f"/v2.0/{path}?limit=1&marker={marker}").status_code == 200, path
