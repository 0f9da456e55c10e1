"""`haneul trace packet`: each way to lose a packet is named, with the command that mends it, which does."""

from collections.abc import Iterator

import pytest
from tests.cli.traced import HOST, MACHINE, PUBLIC, Town
from tests.services.network.routed import asked, made, subnet, unlimited
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import simulated_host
from tests.support.members import project_of

from haneul.cli.failures import Failure
from haneul.services.network.placements.models import placements
from haneul.services.network.quotas.models import Limit, limits

ELSEWHERE = "8.8.8.8"
SECOND = "host-2"


@pytest.fixture(scope="module")
def public(cloud: RunningCloud, admin: Client) -> Iterator[str]:
    """The external network of a cloud with two simulated hosts."""
    with simulated_host(cloud, HOST), simulated_host(cloud, SECOND):
        unlimited(cloud, admin)
        owner = project_of(admin)
        more = [Limit(owner, name, -1) for name in ("security_group", "security_group_rule")]
        cloud.cloud.store.write(lambda db: db.insert_all(limits, more))
        flat = {"router:external": True, "provider:network_type": "flat", "provider:physical_network": "public"}
        network = made(admin, "network", name="public", **flat)
        subnet(admin, PUBLIC, network["id"], enable_dhcp=False)
        yield network["id"]


@pytest.fixture
def town(cloud: RunningCloud, admin: Client, public: str) -> Town:
    return Town(cloud, admin, public)


def test_from_outside_to_a_floating_ip_every_place_is_named(town: Town) -> None:
    address = town.routed().floating()
    followed = town.passes("outside", address)
    assert [hop.at for hop in followed.hops] == [
        "outside",
        "network",
        "router",
        "translation",
        "route",
        "network",
        "destination port",
        "ingress",
        "arrival",
    ]
    assert followed.packet.source == MACHINE
    assert {hop.looked_at for hop in followed.hops} == {"rows"}
    texts = {hop.at: hop.text for hop in followed.hops}
    assert texts["translation"] == f"The floating IP {address} stands for {town.address}."
    assert "(ingress IPv4 tcp 22 from anywhere) lets it through" in texts["ingress"]


def test_outward_it_speaks_as_the_router_or_as_its_floating_ip(town: Town) -> None:
    town.routed()
    gateway = town.router["external_gateway_info"]["external_fixed_ips"][0]["ip_address"]
    snat = town.passes(town.web["id"], ELSEWHERE)
    assert f"It speaks there as {gateway}, the router's external address (SNAT)." in [hop.text for hop in snat.hops]
    assert snat.hops[-1].text == f"It leaves the cloud by {MACHINE}, the gateway of network public towards {ELSEWHERE}."
    address = town.floating()
    named = town.passes(town.web["id"], ELSEWHERE)
    assert f"It speaks there as {address}, its floating IP." in [hop.text for hop in named.hops]


def test_no_egress_rule(town: Town) -> None:
    town.routed()
    for rule in asked(town.admin, "GET", f"/v2.0/security-group-rules?security_group_id={town.group}").json()[
        "security_group_rules"
    ]:
        if rule["direction"] == "egress":
            asked(town.admin, "DELETE", f"/v2.0/security-group-rules/{rule['id']}")
    drop = town.dropped(town.web["id"], ELSEWHERE)
    assert (drop.at, drop.text[:54]) == ("egress", f"No rule of town lets tcp 22 to {ELSEWHERE} leave the port ")
    assert drop.fix == (
        "openstack security group rule create --egress --ethertype IPv4 --protocol tcp --dst-port 22 "
        f"--remote-ip {ELSEWHERE}/32 {town.group}"
    )
    town.is_mended(drop, town.web["id"], ELSEWHERE)


def test_no_ingress_rule(town: Town) -> None:
    address = town.routed().floating()
    town.passes("outside", address)
    drop = town.dropped("outside", address, 80)
    assert drop.at == "ingress"
    assert f"--ingress --ethertype IPv4 --protocol tcp --dst-port 80 --remote-ip {MACHINE}/32" in drop.fix
    town.is_mended(drop, "outside", address, 80)


def test_a_port_without_a_group_lets_nothing_in(town: Town) -> None:
    other = town.port(town.subnet, security_groups=[])
    drop = town.dropped(town.web["id"], other["fixed_ips"][0]["ip_address"])
    assert (drop.at, "has no security group" in drop.text) == ("ingress", True)
    town.mend(drop)


def test_a_port_that_is_down(town: Town) -> None:
    address = town.routed().floating()
    town.passes("outside", address)
    town.change("port", town.web["id"], admin_state_up=False)
    for drop in (town.dropped("outside", address), town.dropped(town.web["id"], ELSEWHERE)):
        assert drop.text == f"The port {town.web['id']} is administratively down."
        assert drop.fix == f"openstack port set --enable {town.web['id']}"
    assert [town.dropped(*ends).at for ends in (("outside", address), (town.web["id"], ELSEWHERE))] == [
        "destination port",
        "source port",
    ]
    town.is_mended(drop, "outside", address)


def test_no_router(town: Town) -> None:
    drop = town.dropped(town.web["id"], ELSEWHERE)
    assert drop.at == "router"
    assert f"No router has 10.{town.number}.0.1, the gateway of subnet " in drop.text
    # Whichever router of the project is named may belong to others' tests; it leads out too.
    asked(town.admin, "GET", "/v2.0/routers")
    town.mend(drop)
    assert town.follow(town.web["id"], ELSEWHERE).hops[4].at in ("network", "router")


def test_a_router_that_is_down(town: Town) -> None:
    address = town.routed(admin_state_up=False).floating()
    drop = town.dropped("outside", address)
    assert (drop.at, drop.fix) == ("router", f"openstack router set --enable {town.router['id']}")
    town.is_mended(drop, "outside", address)


def test_no_gateway(town: Town) -> None:
    town.routed(external_gateway_info=None)
    drop = town.dropped(town.web["id"], ELSEWHERE)
    assert drop.at == "route"
    assert drop.fix == f"openstack router set --external-gateway {town.public_id} {town.router['id']}"
    town.is_mended(drop, town.web["id"], ELSEWHERE)


def test_no_snat_is_worth_a_remark(town: Town) -> None:
    town.routed(external_gateway_info={"network_id": town.public_id, "enable_snat": False})
    followed = town.passes(town.web["id"], ELSEWHERE)
    (note,) = [hop for hop in followed.hops if hop.verdict == "note"]
    assert note.text == f"Answers come only if somebody outside has a route to {town.address}."


def test_no_floating_ip(town: Town) -> None:
    town.routed()
    drop = town.dropped("outside", town.address)
    assert (drop.at, "has no floating IP" in drop.text) == ("floating IP", True)
    town.mend(drop)
    drop = town.dropped("outside", town.address)
    assert "which has the floating IP " in drop.text
    town.passes("outside", drop.fix.rpartition(" ")[2])


def test_an_address_that_nobody_has(town: Town) -> None:
    town.routed()
    assert town.dropped("outside", "172.24.4.250").text == (
        "No floating IP, and no port of network public, has the address 172.24.4.250."
    )
    assert "10.250.0.9 is no address of an external network" in town.dropped("outside", "10.250.0.9").text
    nobody = f"10.{town.number}.0.77"
    assert town.dropped(town.web["id"], nobody).text.endswith(f"has the address {nobody}.")


def test_a_floating_ip_that_stands_for_nothing(town: Town) -> None:
    address = town.routed().floating(port_id=None)
    drop = town.dropped("outside", address)
    assert drop.at == "floating IP"
    assert drop.fix == f"openstack floating ip set --port PORT {town.last_floating}"


def test_a_port_that_is_not_forwarded(town: Town) -> None:
    address = town.routed().floating(port_id=None)
    forwarding = {
        "protocol": "tcp",
        "internal_port_id": town.web["id"],
        "internal_ip_address": town.address,
        "internal_port": 22,
        "external_port": 2222,
    }
    path = f"/v2.0/floatingips/{town.last_floating}/port_forwardings"
    assert asked(town.admin, "POST", path, {"port_forwarding": forwarding}).status_code == 201
    followed = town.passes("outside", address, 2222)
    assert f"Port 2222 of {address} is forwarded to {town.address} port 22." in [hop.text for hop in followed.hops]
    drop = town.dropped("outside", address, 80)
    assert (drop.at, drop.text) == ("translation", f"The floating IP {address} forwards other ports, and not tcp 80.")
    town.mend(drop)
    assert town.dropped("outside", address, 80).at == "ingress"
    drop = town.dropped("outside", address, 22)
    assert "port forwarding set --external-protocol-port 22" in drop.fix
    town.is_mended(drop, "outside", address, 22)


def test_another_network_without_a_way_to_it(town: Town) -> None:
    town.routed()
    other = subnet(town.admin, f"10.{town.number}.9.0/24")
    target = town.port(other)["fixed_ips"][0]["ip_address"]
    drop = town.dropped(town.web["id"], target)
    assert (drop.at, f"{target} is an address of network of {other['cidr']}" in drop.text) == ("route", True)
    assert drop.fix == f"openstack router add subnet {town.router['id']} {other['id']}"
    town.is_mended(drop, town.web["id"], target)


def test_the_same_address_on_another_network(town: Town) -> None:
    twin = subnet(town.admin, town.subnet["cidr"])
    address = f"10.{town.number}.0.99"
    town.port(twin, fixed_ips=[{"ip_address": address}])
    drop = town.dropped(town.web["id"], address)
    assert drop.at == "network"
    assert "has it on another network" in drop.text


def test_a_port_that_no_host_could_carry(town: Town) -> None:
    flat = {"provider:network_type": "flat", "provider:physical_network": f"nowhere{town.number}"}
    network = made(town.admin, "network", **flat)
    inside = subnet(town.admin, f"10.{town.number}.7.0/24", network["id"])
    port = town.port(inside)
    drop = town.dropped(port["id"], f"10.{town.number}.7.1")
    assert (drop.at, drop.fix) == ("source port", f"haneul why port {port['id']}")
    assert f"Host {HOST} is not connected to the physical network nowhere{town.number}." in drop.text


def test_a_port_on_no_host(town: Town) -> None:
    port = town.port(town.subnet, host="", device_id="")
    drop = town.dropped(port["id"], town.address)
    assert drop.text == f"The port {port['id']} is on no host: no running server has it."


def test_what_a_host_could_not_make(town: Town, cloud: RunningCloud) -> None:
    key = {"kind": "port", "id": town.web["id"], "host": HOST}
    cloud.cloud.store.write(lambda db: db.update(placements, key, error="There is no room."))
    drop = town.dropped(town.web["id"], ELSEWHERE)
    assert drop.text == f"The host {HOST} could not make the port {town.web['id']}: There is no room."
    assert drop.fix == f"haneul why port {town.web['id']}"


def test_who_speaks_as_somebody_else_is_not_heard(town: Town) -> None:
    town.routed()
    other = f"10.{town.number}.0.200"
    drop = town.dropped(town.web["id"], ELSEWHERE, speaks_as=other)
    assert (drop.at, drop.text) == ("anti-spoofing", f"The port {town.web['id']} may not speak as {other}.")
    town.is_mended(drop, town.web["id"], ELSEWHERE, speaks_as=other)


def test_hosts_are_joined_by_a_tunnel(town: Town) -> None:
    far = town.port(town.subnet, host=SECOND)
    followed = town.passes(town.web["id"], far["fixed_ips"][0]["ip_address"])
    (hop,) = [hop for hop in followed.hops if hop.at == "network"]
    assert hop.text.startswith(f"It goes from {HOST} (192.0.2.1) through a vxlan tunnel to {SECOND} (192.0.2.1)")


def test_what_is_local_to_hosts_does_not_join_them(town: Town) -> None:
    network = made(town.admin, "network", **{"provider:network_type": "local"})
    inside = subnet(town.admin, f"10.{town.number}.5.0/24", network["id"])
    near, far = town.port(inside), town.port(inside, host=SECOND)
    drop = town.dropped(near["id"], far["fixed_ips"][0]["ip_address"])
    assert (drop.at, "is local to each host" in drop.text) == ("network", True)


def test_ipv6_is_neither_translated_nor_let_in_by_rules_of_ipv4(town: Town) -> None:
    six = f"fd00:{town.number}::"
    inside = subnet(town.admin, f"{six}/64", town.subnet["network_id"])
    near, far = (town.port(town.subnet, fixed_ips=[{"subnet_id": inside["id"]}]) for _ in range(2))
    target = far["fixed_ips"][0]["ip_address"]
    drop = town.dropped(near["id"], target, None)
    assert drop.at == "ingress"
    assert "--ethertype IPv6 --protocol ipv6-icmp" in drop.fix
    town.is_mended(drop, near["id"], target, None)


def test_members_of_a_remote_group_are_let_in_and_others_not(town: Town, admin: Client) -> None:
    inner = made(admin, "port", network_id=town.subnet["network_id"])["security_groups"][0]
    guarded = town.port(town.subnet, security_groups=[inner])
    target = guarded["fixed_ips"][0]["ip_address"]
    assert town.dropped(town.web["id"], target).at == "ingress"
    town.change("port", town.web["id"], security_groups=[town.group, inner])
    town.passes(town.web["id"], target)


def test_a_host_route_and_a_routers_own_route_are_followed(town: Town) -> None:
    town.routed()
    via = town.port(town.subnet, port_security_enabled=False, security_groups=[])
    hop = via["fixed_ips"][0]["ip_address"]
    town.change("subnet", town.subnet["id"], host_routes=[{"destination": "10.99.0.0/16", "nexthop": hop}])
    followed = town.passes(town.web["id"], "10.99.1.1")
    assert followed.hops[-1].text.startswith(f"It goes on through the port {via['id']}")
    town.change("router", town.router["id"], routes=[{"destination": "10.98.0.0/16", "nexthop": hop}])
    followed = town.passes(town.web["id"], "10.98.1.1")
    assert "sends it out by qr-" in followed.hops[6].text
    assert followed.hops[-1].text.startswith(f"It goes on through the port {via['id']}")


def test_metadata_has_an_answer(town: Town) -> None:
    metadata = "169.254.169.254"
    assert town.passes(town.web["id"], metadata, 80).hops[-1].text == f"It arrives at the DHCP server on {HOST}."
    town.routed()
    assert town.passes(town.web["id"], metadata, 80).hops[-1].at == "metadata"
    assert town.dropped(town.web["id"], metadata, 443).at == "metadata"


def test_a_router_itself_answers_pings_alone(town: Town) -> None:
    town.routed()
    gateway = f"10.{town.number}.0.1"
    assert "itself has" in town.passes(town.web["id"], gateway, None).hops[-1].text
    assert town.dropped(town.web["id"], gateway, 22).at == "arrival"


def test_ends_that_nobody_knows_are_said_plainly(town: Town) -> None:
    with pytest.raises(Failure, match="There is no server and no port nobody"):
        town.follow("nobody", ELSEWHERE)
    town.port(subnet(town.admin, town.subnet["cidr"]), fixed_ips=[{"ip_address": town.address}])
    with pytest.raises(Failure, match="2 ports are meant by"):
        town.follow(town.address, ELSEWHERE)
    with pytest.raises(Failure, match="has no IPv6 address"):
        town.follow(town.web["id"], "2001:db8::1")
