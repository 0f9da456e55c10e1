"""`/v2.0/network-ip-availabilities`: how many addresses networks have, and how many are used."""

from typing import Any

import pytest
from tests.clients.openstack_cli import OpenStackCli
from tests.services.network.routed import Host, add_subnet, asked, made, refused, subnet
from tests.support.cloud import Client, RunningCloud
from tests.support.members import member_of, project_of

URL = "/v2.0/network-ip-availabilities"


@pytest.fixture(scope="module", autouse=True)
def served(cloud: RunningCloud) -> None:
    Host(cloud, "host-1").beats()


def counted(admin: Client, network_id: str) -> dict[str, Any]:
    answer = asked(admin, "GET", f"{URL}/{network_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["network_ip_availability"]
    return found


def test_the_addresses_of_a_network_and_those_that_ports_have(admin: Client) -> None:
    network = made(admin, "network", name="intnet")
    assert counted(admin, network["id"])["subnet_ip_availability"] == []
    inside = subnet(admin, "10.5.5.0/24", network["id"], name="subnet1")
    router = made(admin, "router")
    add_subnet(admin, router["id"], inside["id"])
    made(admin, "port", network_id=network["id"])
    project = project_of(admin)
    assert counted(admin, network["id"]) == {
        "network_id": network["id"],
        "network_name": "intnet",
        "project_id": project,
        "tenant_id": project,
        "total_ips": 253,
        "used_ips": 3,
        "subnet_ip_availability": [
            {
                "subnet_id": inside["id"],
                "subnet_name": "subnet1",
                "ip_version": 4,
                "cidr": "10.5.5.0/24",
                "total_ips": 253,
                "used_ips": 3,
            }
        ],
    }


def test_pools_are_what_counts_or_the_whole_subnet_without(admin: Client) -> None:
    network = made(admin, "network")["id"]
    ends = [{"start": "10.0.0.10", "end": "10.0.0.100"}, {"start": "10.0.0.200", "end": "10.0.0.209"}]
    subnet(admin, "10.0.0.0/24", network, allocation_pools=ends, enable_dhcp=False)
    assert counted(admin, network)["total_ips"] == 101
    subnet(admin, "10.0.1.0/24", network, allocation_pools=[], enable_dhcp=False)
    assert counted(admin, network)["total_ips"] == 101 + 256


def test_numbers_have_no_bounds(admin: Client) -> None:
    network = made(admin, "network")["id"]
    subnet(admin, "2001:db8::/48", network, enable_dhcp=False)
    subnet(admin, "2001:db8:1::/64", network, enable_dhcp=False)
    assert counted(admin, network)["total_ips"] == 2**80 - 1 + 2**64 - 1
    (only,) = asked(admin, "GET", f"{URL}?network_id={network}&fields=total_ips").json()["network_ip_availabilities"]
    assert only == {"total_ips": 2**80 - 1 + 2**64 - 1}


def test_lists_are_filtered_and_paged(cloud: RunningCloud, admin: Client) -> None:
    member = member_of(cloud, admin, "garden")
    project = project_of(member)
    both, empty = (made(member, "network", name=name)["id"] for name in ("both", "empty"))
    subnet(member, "10.0.0.0/24", both)
    subnet(member, "2001:db8::/64", both)

    def listed(query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = asked(admin, "GET", f"{URL}?{query}").json()["network_ip_availabilities"]
        return found

    assert {one["network_id"] for one in listed(f"project_id={project}")} == {both, empty}
    assert [one["network_id"] for one in listed("network_name=both")] == [both]
    (four,) = listed(f"tenant_id={project}&ip_version=4")
    assert [one["ip_version"] for one in four["subnet_ip_availability"]] == [4]
    assert listed(f"network_id={empty}&ip_version=6") == []
    (six,) = listed(f"network_id={both}&ip_version=6")
    assert six["total_ips"] == 2**64 - 1
    assert [one["network_name"] for one in listed(f"project_id={project}&sort_key=network_name&limit=1")] == ["both"]


def test_only_admins_count(cloud: RunningCloud, admin: Client) -> None:
    stranger = member_of(cloud, admin, "elsewhere")
    network = made(stranger, "network")["id"]
    assert asked(stranger, "GET", URL).json() == {"network_ip_availabilities": []}
    refused(asked(stranger, "GET", f"{URL}/{network}"), 404, "HTTPNotFound")
    refused(asked(admin, "GET", f"{URL}/none"), 404, "NetworkNotFound")


def test_the_client_shows_how_many_there_are(cloud: RunningCloud, admin: Client) -> None:
    cli = OpenStackCli(cloud)
    network = made(admin, "network", name="shown")
    subnet(admin, "10.9.0.0/24", network["id"])
    rows = [row for row in cli.json("ip availability list --project admin") if row["Network Name"] == "shown"]
    (row,) = rows
    expected = {"Network ID": network["id"], "Network Name": "shown", "Total IPs": 253, "Used IPs": 1}
    assert row.items() >= expected.items()
    found = cli.json("ip availability show shown")
    assert (found["network_id"], found["total_ips"], found["used_ips"]) == (network["id"], 253, 1)
