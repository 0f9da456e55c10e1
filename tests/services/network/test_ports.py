"""`POST /v2.0/ports`: what a new port has, which addresses it gets, and what it may not have."""

from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from tests.clients.openstack_cli import OpenStackCli
from tests.services.network.routed import asked, changed, gone, made, refused, shown, subnet, unlimited
from tests.support.cloud import Client, RunningCloud
from tests.support.members import member_of, project_of

from haneul.services.network.ports import logic
from haneul.services.network.quotas.models import Limit, limits

BINDING = {"binding:host_id", "binding:vif_type", "binding:vif_details", "binding:profile"}
Thing = dict[str, Any]


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
    """A subnet that most tests take addresses of."""
    return subnet(member, "10.5.0.0/16", enable_dhcp=False)


def port(client: Client, where: Thing, **wanted: Any) -> Thing:
    """A port on the network of this subnet."""
    return made(client, "port", network_id=where["network_id"], **wanted)


def refusal(client: Client, where: Thing, status: int, kind: str, **wanted: Any) -> str:
    body = {"port": {"network_id": where["network_id"], **wanted}}
    return refused(asked(client, "POST", "/v2.0/ports", body), status, kind)


def addresses(found: Thing) -> list[str]:
    return [fixed["ip_address"] for fixed in found["fixed_ips"]]


def default_group(client: Client) -> str:
    answer = asked(client, "GET", f"/v2.0/security-groups?name=default&project_id={project_of(client)}")
    found: str = answer.json()["security_groups"][0]["id"]
    return found


def test_a_ports_fields(member: Client, admin: Client, lawn: Thing) -> None:
    found = port(member, lawn, name="gate", description="to the lawn")
    project = project_of(member)
    (address,) = addresses(found)
    hostname = f"host-{address.replace('.', '-')}"
    assert found == {
        "id": found["id"],
        "name": "gate",
        "description": "to the lawn",
        "project_id": project,
        "tenant_id": project,
        "created_at": found["created_at"],
        "updated_at": found["created_at"],
        "revision_number": 0,
        "tags": [],
        "network_id": lawn["network_id"],
        "mac_address": found["mac_address"],
        "admin_state_up": True,
        "status": "DOWN",
        "device_id": "",
        "device_owner": "",
        "fixed_ips": [{"subnet_id": lawn["id"], "ip_address": address}],
        "security_groups": [default_group(member)],
        "allowed_address_pairs": [],
        "extra_dhcp_opts": [],
        "port_security_enabled": True,
        "dns_name": "",
        "dns_domain": "",
        "dns_assignment": [
            {"ip_address": address, "hostname": hostname, "fqdn": f"{hostname}.openstacklocal."},
        ],
        "binding:vnic_type": "normal",
        "qos_policy_id": None,
        "qos_network_policy_id": None,
        "ip_allocation": "immediate",
        "propagate_uplink_status": True,
    }
    assert found["mac_address"].startswith("fa:16:3e:")
    assert shown(member, "port", found["id"]) == found
    seen = shown(admin, "port", found["id"])
    assert seen.keys() - found.keys() == BINDING | {"resource_request"}
    assert [seen[name] for name in sorted(BINDING)] == ["", {}, {}, "unbound"]
    gone(member, "port", found["id"])
    refused(asked(member, "GET", f"/v2.0/ports/{found['id']}"), 404, "PortNotFound")


def test_the_client_shows_a_port(cloud: RunningCloud, admin: Client) -> None:
    network = made(admin, "network", name="shown")
    subnet(admin, "10.6.0.0/24", network["id"])
    cli = OpenStackCli(cloud)
    said = cli.json("port create --network shown seen")
    assert (said["name"], said["status"], said["binding_vif_type"]) == ("seen", "DOWN", "unbound")
    (row,) = [row for row in cli.json("port list") if row["Name"] == "seen"]
    assert list(row) == ["ID", "Name", "MAC Address", "Fixed IP Addresses", "Status"]
    assert row["Fixed IP Addresses"] == said["fixed_ips"]
    assert cli.run("port set --name looked-at --device-owner compute:nova seen").code == 0
    assert cli.json("port show looked-at")["device_owner"] == "compute:nova"
    assert cli.run("port set --no-fixed-ip looked-at").code == 0
    assert cli.json("port show looked-at")["fixed_ips"] == []
    assert cli.run("port delete looked-at").code == 0


def test_a_port_that_says_all_there_is_to_say(member: Client, lawn: Thing) -> None:
    wanted = {
        "mac_address": "FA-16-3E-00-00-01",
        "fixed_ips": [{"ip_address": "10.5.200.1"}],
        "device_id": "a server",
        "device_owner": "compute:nova",
        "admin_state_up": False,
        "dns_name": "gate",
        "tags": ["iron", "old"],
        "extra_dhcp_opts": [{"opt_name": "bootfile-name", "opt_value": "pxelinux.0"}],
        "binding:vnic_type": "normal",
        "propagate_uplink_status": True,
    }
    found = port(member, lawn, **wanted)
    assert found["mac_address"] == "fa:16:3e:00:00:01"
    assert found["dns_assignment"][0]["fqdn"] == "gate.openstacklocal."
    assert (found["device_id"], found["device_owner"], found["admin_state_up"]) == ("a server", "compute:nova", False)
    assert sorted(found["tags"]) == ["iron", "old"]
    assert found["extra_dhcp_opts"] == [{"opt_name": "bootfile-name", "opt_value": "pxelinux.0", "ip_version": 4}]
    gone(member, "port", found["id"])


def test_addresses_that_a_port_may_ask_for(member: Client, lawn: Thing) -> None:
    assert port(member, lawn, fixed_ips=[])["fixed_ips"] == []
    assert len(port(member, lawn, fixed_ips=None)["fixed_ips"]) == 1
    by_subnet = port(member, lawn, fixed_ips=[{"subnet_id": lawn["id"]}, {"subnet_id": lawn["id"]}])
    assert len(set(addresses(by_subnet))) == 2
    assert addresses(port(member, lawn, fixed_ips=[{"ip_address": "10.5.9.9"}])) == ["10.5.9.9"]
    both = [{"subnet_id": lawn["id"], "ip_address": "10.5.9.10"}]
    assert port(member, lawn, fixed_ips=both)["fixed_ips"] == both
    message = refusal(member, lawn, 409, "IpAddressAlreadyAllocated", fixed_ips=both)
    assert message == f"IP address 10.5.9.10 already allocated in subnet {lawn['id']}"
    outside_pools = [{"ip_address": lawn["gateway_ip"]}]
    assert addresses(port(member, lawn, fixed_ips=outside_pools)) == [lawn["gateway_ip"]], "the gateway's, if named"


def test_addresses_that_no_port_gets(member: Client, lawn: Thing) -> None:
    other = subnet(member, "10.7.0.0/24")
    ours = lawn["id"]
    message = refusal(member, lawn, 400, "InvalidIpForNetwork", fixed_ips=[{"ip_address": "192.0.2.1"}])
    assert message == "IP address 192.0.2.1 is not a valid IP for any of the subnets on the specified network."
    for address in ("10.6.0.1", "10.5.0.0", "10.5.255.255"):
        wanted = [{"subnet_id": ours, "ip_address": address}]
        refusal(member, lawn, 400, "InvalidIpForSubnet", fixed_ips=wanted)
    refusal(member, lawn, 400, "InvalidInput", fixed_ips=[{"subnet_id": other["id"]}])
    refusal(member, lawn, 400, "InvalidInput", fixed_ips=[{}])
    refusal(member, lawn, 400, "InvalidInput", fixed_ips=[{"subnet_id": ours}] * 6)
    for bad in ("10.5.0", "10.5.0.300", "10.5.0.3/24", "10.5.0.3\n", "::ffff:g", "x" * 65):
        body = {"port": {"network_id": lawn["network_id"], "fixed_ips": [{"ip_address": bad}]}}
        assert asked(member, "POST", "/v2.0/ports", body).status_code == 400, bad


def test_a_pool_that_runs_out_and_gives_addresses_back_late(member: Client) -> None:
    small = subnet(
        member, "10.8.0.0/29", enable_dhcp=False, allocation_pools=[{"start": "10.8.0.2", "end": "10.8.0.4"}]
    )
    first, second, third = (port(member, small) for _ in range(3))
    assert [addresses(one) for one in (first, second, third)] == [["10.8.0.2"], ["10.8.0.3"], ["10.8.0.4"]]
    message = refusal(member, small, 409, "IpAddressGenerationFailure")
    assert message == f"No more IP addresses available on network {small['network_id']}."
    gone(member, "port", second["id"])
    gone(member, "port", first["id"])
    assert addresses(port(member, small)) == ["10.8.0.2"], "the search goes on at the pool's start"
    assert addresses(port(member, small)) == ["10.8.0.3"]
    refusal(member, small, 409, "IpAddressGenerationFailure")


def test_an_address_that_has_come_back_is_not_the_next_one(member: Client) -> None:
    wide = subnet(member, "10.9.0.0/24", enable_dhcp=False)
    first = port(member, wide)
    gone(member, "port", first["id"])
    assert addresses(port(member, wide)) != addresses(first)


def test_every_pool_and_every_subnet_is_used(member: Client) -> None:
    pools = [{"start": "10.10.0.2", "end": "10.10.0.2"}, {"start": "10.10.0.9", "end": "10.10.0.9"}]
    one = subnet(member, "10.10.0.0/24", enable_dhcp=False, allocation_pools=pools)
    subnet(member, "10.11.0.0/30", one["network_id"], enable_dhcp=False)
    given = [addresses(port(member, one)) for _ in range(3)]
    assert given == [["10.10.0.2"], ["10.10.0.9"], ["10.11.0.2"]], "never the gateway's 10.11.0.1"
    refusal(member, one, 409, "IpAddressGenerationFailure")
    changed(member, "subnet", one["id"], allocation_pools=[{"start": "10.10.0.2", "end": "10.10.0.10"}])
    assert addresses(port(member, one)) == ["10.10.0.3"]


def test_a_port_has_an_address_of_each_version(member: Client) -> None:
    four = subnet(member, "10.12.0.0/24", enable_dhcp=False)
    slaac = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    six = subnet(member, "fd12::/64", four["network_id"], **slaac)
    both = port(member, four, mac_address="fa:16:3e:01:02:03")
    assert addresses(both) == ["10.12.0.2", "fd12::f816:3eff:fe01:203"]
    alone = port(member, four, fixed_ips=[{"subnet_id": six["id"]}], mac_address="fa:16:3e:01:02:04")
    assert addresses(alone) == ["fd12::f816:3eff:fe01:204"]
    wanted = [{"subnet_id": six["id"], "ip_address": "fd12::9"}]
    refusal(member, four, 400, "AllocationOnAutoAddressSubnet", fixed_ips=wanted)
    stateful = subnet(member, "fd13::/64", ipv6_ra_mode="dhcpv6-stateful", ipv6_address_mode="dhcpv6-stateful")
    given = port(member, stateful, fixed_ips=[{"ip_address": "FD13:0::00ff"}])
    assert addresses(given) == ["fd13::ff"], "as `ipaddress` writes it"
    one, other = (addresses(port(member, stateful))[0] for _ in range(2))
    assert ip_address(other) == ip_address(one) + 1
    assert stateful["gateway_ip"] not in (one, other)


def test_a_subnet_for_ports_of_some_owners(admin: Client, member: Client) -> None:
    plain = subnet(member, "10.14.0.0/24", enable_dhcp=False)
    subnet(
        admin,
        "10.15.0.0/24",
        plain["network_id"],
        enable_dhcp=False,
        service_types=["compute:nova"],
        project_id=project_of(member),
    )
    assert addresses(port(member, plain)) == ["10.14.0.2"]
    assert port(member, plain, device_owner="compute:nova")["fixed_ips"] != []
    outsider = [{"ip_address": "10.15.0.9"}]
    refusal(member, plain, 400, "InvalidIpForNetwork", fixed_ips=outsider)


def test_macs(member: Client, lawn: Thing) -> None:
    mac = "fa:16:3e:0a:0b:0c"
    port(member, lawn, mac_address=mac)
    message = refusal(member, lawn, 409, "MacAddressInUse", mac_address=mac.upper())
    assert message == (
        f"Unable to complete operation for network {lawn['network_id']}. The mac address {mac} is in use."
    )
    elsewhere = subnet(member, "10.16.0.0/24")
    assert port(member, elsewhere, mac_address=mac)["mac_address"] == mac, "another network may have it"
    for bad in ("fa:16:3e:0a:0b", "fa:16:3e:0a:0b:0g", "00:00:00:00:00:00", "fa163e0a0b0c", "x" * 60):
        refusal(member, lawn, 400, "HTTPBadRequest", mac_address=bad)


def test_address_pairs(member: Client, lawn: Thing) -> None:
    mac = "fa:16:3e:11:11:11"
    wanted = [{"ip_address": "10.5.77.0/24"}, {"ip_address": "10.5.0.9", "mac_address": "FA:16:3E:22:22:22"}]
    found = port(member, lawn, mac_address=mac, allowed_address_pairs=wanted)
    assert found["allowed_address_pairs"] == [
        {"ip_address": "10.5.77.0/24", "mac_address": mac},
        {"ip_address": "10.5.0.9", "mac_address": "fa:16:3e:22:22:22"},
    ]
    twice = [{"ip_address": "10.5.0.9"}] * 2
    refusal(member, lawn, 400, "DuplicateAddressPairInRequest", allowed_address_pairs=twice)
    many = [{"ip_address": f"10.5.0.{number}"} for number in range(11)]
    refusal(member, lawn, 400, "AddressPairsExhausted", allowed_address_pairs=many)
    for bad in ("10.5", "10.5.0.0/33", "10.5.0.9\n", ""):
        refusal(member, lawn, 400, "HTTPBadRequest", allowed_address_pairs=[{"ip_address": bad}])


@pytest.mark.parametrize(
    "wrong",
    [
        {"opt_name": "a\nb", "opt_value": "1"},
        {"opt_name": "router,3", "opt_value": "1"},
        {"opt_name": "", "opt_value": "1"},
        {"opt_name": "router", "opt_value": "10.0.0.1\ndhcp-script=/bin/sh"},
        {"opt_name": "router", "opt_value": "\x00"},
        {"opt_name": "router", "opt_value": "\u2028dhcp-script"},
        {"opt_name": "router", "opt_value": "x" * 256},
        {"opt_name": "router", "opt_value": "1", "ip_version": 5},
        {"opt_name": "router", "opt_value": "1", "tag": "other"},
        {"opt_value": "1"},
    ],
)
def test_dhcp_options_that_would_not_stay_options(member: Client, lawn: Thing, wrong: Thing) -> None:
    body = {"port": {"network_id": lawn["network_id"], "extra_dhcp_opts": [wrong]}}
    assert asked(member, "POST", "/v2.0/ports", body).status_code == 400


def test_security_groups(member: Client, stranger: Client, lawn: Thing) -> None:
    own, theirs = (
        asked(client, "POST", "/v2.0/security-groups", {"security_group": {"name": "one"}}).json()["security_group"]
        for client in (member, stranger)
    )
    found = port(member, lawn, security_groups=[own["id"]])
    assert found["security_groups"] == [own["id"]]
    refusal(member, lawn, 400, "HTTPBadRequest", security_groups=[own["id"]] * 2)
    assert port(member, lawn, security_groups=[])["security_groups"] == []
    assert port(member, lawn, security_groups=None)["security_groups"] == [default_group(member)]
    for unknown in (theirs["id"], str(uuid4())):
        message = refusal(member, lawn, 404, "SecurityGroupNotFound", security_groups=[unknown])
        assert message == f"Security group {unknown} does not exist"


def test_port_security(member: Client, lawn: Thing) -> None:
    group = default_group(member)
    open_one = port(member, lawn, port_security_enabled=False)
    assert (open_one["security_groups"], open_one["port_security_enabled"]) == ([], False)
    kind = "PortSecurityPortHasSecurityGroup"
    refusal(member, lawn, 409, kind, port_security_enabled=False, security_groups=[group])
    pairs = [{"ip_address": "10.5.0.9"}]
    kind = "AddressPairAndPortSecurityRequired"
    refusal(member, lawn, 409, kind, port_security_enabled=False, allowed_address_pairs=pairs)
    network = made(member, "network", port_security_enabled=False)
    inside = subnet(member, "10.17.0.0/24", network["id"])
    assert port(member, inside)["security_groups"] == []
    assert port(member, inside, port_security_enabled=True)["security_groups"] == [group]


def test_several_are_created_at_once_or_none(member: Client, lawn: Thing) -> None:
    def many(*wanted: Thing) -> Any:
        body = {"ports": [{"network_id": lawn["network_id"], **one} for one in wanted]}
        return asked(member, "POST", "/v2.0/ports", body)

    answer = many({"name": "bulk one"}, {"name": "bulk two"})
    assert [one["name"] for one in answer.json()["ports"]] == ["bulk one", "bulk two"]
    refused(many({"name": "bulk three"}, {"fixed_ips": [{"ip_address": "1.1.1.1"}]}), 400, "InvalidIpForNetwork")
    assert asked(member, "GET", "/v2.0/ports?name=bulk three").json() == {"ports": []}
    assert asked(member, "POST", "/v2.0/ports", {"ports": []}).status_code == 400
    both = {"port": {"network_id": lawn["network_id"]}, "ports": []}
    assert asked(member, "POST", "/v2.0/ports", both).status_code == 400


def test_networks_that_are_not_there_for_ports(admin: Client, member: Client, stranger: Client) -> None:
    theirs = subnet(stranger, "10.18.0.0/24")
    refusal(member, theirs, 404, "NetworkNotFound")
    refusal(member, {"network_id": str(uuid4())}, 404, "NetworkNotFound")
    outside = made(admin, "network", **{"router:external": True})
    assert asked(member, "GET", f"/v2.0/networks/{outside['id']}").status_code == 200
    refusal(member, {"network_id": outside["id"]}, 404, "NetworkNotFound")
    assert asked(member, "POST", "/v2.0/ports", {"port": {}}).status_code == 400


def test_what_a_member_may_not_say_of_a_port(admin: Client, member: Client, lawn: Thing) -> None:
    shared = made(admin, "network", shared=True)
    inside = subnet(admin, "10.19.0.0/24", shared["id"], enable_dhcp=False)
    wanted: tuple[Thing, ...] = (
        {"binding:host_id": "host-1"},
        {"binding:profile": {"a": 1}},
        {"mac_address": "fa:16:3e:33:33:33"},
        {"port_security_enabled": False},
        {"allowed_address_pairs": [{"ip_address": "10.19.0.9"}]},
        {"fixed_ips": [{"ip_address": "10.19.0.9"}]},
        {"device_owner": "network:dhcp"},
    )
    for one in wanted:
        body = {"port": {"network_id": shared["id"], **one}}
        assert asked(member, "POST", "/v2.0/ports", body).status_code == 403, one
    mine = port(member, inside, fixed_ips=[{"subnet_id": inside["id"]}], device_owner="compute:nova")
    for one in wanted:
        answer = asked(member, "PUT", f"/v2.0/ports/{mine['id']}", {"port": one})
        assert answer.status_code == 403, one
    others = {"port": {"network_id": shared["id"], "project_id": project_of(admin)}}
    assert asked(member, "POST", "/v2.0/ports", others).status_code == 400
    assert asked(member, "PUT", f"/v2.0/ports/{mine['id']}", {"port": {"project_id": "x"}}).status_code == 400
    owner = {"mac_address": "fa:16:3e:33:33:33", "port_security_enabled": False, "device_owner": "network:dhcp"}
    assert port(member, lawn, **owner)["device_owner"] == "network:dhcp", "on a network of his own he may"


def test_fields_that_are_wrong_or_not_built(admin: Client, member: Client, lawn: Thing) -> None:
    for wrong in (
        {"colour": "red"},
        {"name": "x" * 256},
        {"admin_state_up": "maybe"},
        {"dns_name": "-gate"},
        {"dns_name": "a gate"},
        {"dns_name": "x" * 64},
        {"binding:vnic_type": "wooden"},
        {"fixed_ips": "10.5.0.9"},
        {"security_groups": "default"},
    ):
        body = {"port": {"network_id": lawn["network_id"], **wrong}}
        assert asked(member, "POST", "/v2.0/ports", body).status_code == 400, wrong
    for unbuilt in ({"binding:vnic_type": "direct"}, {"qos_policy_id": str(uuid4())}):
        body = {"port": {"network_id": lawn["network_id"], **unbuilt}}
        assert asked(admin, "POST", "/v2.0/ports", body).status_code == 501, unbuilt


def test_the_quota_counts_ports_whatever_they_say_they_are_for(cloud: RunningCloud, admin: Client) -> None:
    poor = member_of(cloud, admin, "poor")
    cloud.cloud.store.write(lambda db: db.insert(limits, Limit(project_of(poor), "port", 2)))
    inside = subnet(poor, "10.20.0.0/24", enable_dhcp=False)
    port(poor, inside)
    last = port(poor, inside, device_owner="network:dhcp")
    for owner in ("", "network:dhcp"):
        message = refusal(poor, inside, 409, "OverQuota", device_owner=owner)
        assert message == "Quota exceeded for resources: ['port']."
    two = {"ports": [{"network_id": inside["network_id"]}] * 2}
    gone(poor, "port", last["id"])
    refused(asked(poor, "POST", "/v2.0/ports", two), 409, "OverQuota")
    port(poor, inside)


def test_a_mac_that_a_neighbour_has_is_not_given(member: Client, lawn: Thing, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter((b"\x01\x02\x03", b"\x01\x02\x03", b"\x01\x02\x04"))
    monkeypatch.setattr(logic, "secrets", SimpleNamespace(token_bytes=lambda _count: next(drawn)))
    macs = [port(member, lawn)["mac_address"] for _ in range(2)]
    assert macs == ["fa:16:3e:01:02:03", "fa:16:3e:01:02:04"]
