"""Agents of hosts, and moving to and from them what they serve."""

from datetime import timedelta
from typing import Any

import pytest
from tests.clients.openstack_cli import OpenStackCli
from tests.services.network.routed import Host, add_subnet, asked, made, refused, subnet
from tests.support.cloud import Client, RunningCloud
from tests.support.members import member_of

from haneul.kernel.clock import now
from haneul.services.network.agents.models import agents
from haneul.services.network.drivers.base import HostNetwork

NOBODY = "00000000-0000-4000-8000-000000000000"
TYPES = {"Linux bridge agent", "DHCP agent", "L3 agent", "Metadata agent"}


@pytest.fixture(scope="module")
def first(cloud: RunningCloud) -> Host:
    host = Host(cloud, "alpha")
    host.beats()
    return host


@pytest.fixture(scope="module")
def second(cloud: RunningCloud, first: Host) -> Host:
    host = Host(cloud, "beta")
    host.beats()
    return host


@pytest.fixture(scope="module")
def mute(cloud: RunningCloud, first: Host, second: Host) -> Host:
    """A host that was there once."""
    host = Host(cloud, "gone")
    host.beats()
    long_ago = now() - timedelta(hours=1)
    cloud.cloud.store.write(lambda db: db.update(agents, {"host": "gone"}, seen_at=long_ago))
    return host


def listed(admin: Client, **parameters: str) -> list[dict[str, Any]]:
    answer = asked(admin, "GET", "/v2.0/agents", params=parameters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["agents"]
    return found


def agent(admin: Client, host: str, kind: str) -> dict[str, Any]:
    (found,) = listed(admin, host=host, agent_type=kind)
    return found


def test_a_host_has_four_agents(admin: Client, first: Host) -> None:
    found = {one["agent_type"]: one for one in listed(admin, host="alpha")}
    assert found.keys() == TYPES
    dhcp = found["DHCP agent"]
    assert dhcp.pop("configurations") == {
        "networks": 0,
        "subnets": 0,
        "ports": 0,
        "dhcp_driver": "dnsmasq",
        "dhcp_lease_duration": 86_400,
        "log_agent_heartbeats": False,
    }
    moments = [dhcp.pop(name) for name in ("created_at", "started_at", "heartbeat_timestamp")]
    assert all(len(moment) == 19 and moment[10] == " " for moment in moments)
    assert dhcp == {
        "id": dhcp["id"],
        "agent_type": "DHCP agent",
        "binary": "neutron-dhcp-agent",
        "topic": "dhcp_agent",
        "host": "alpha",
        "availability_zone": "nova",
        "admin_state_up": True,
        "alive": True,
        "description": None,
        "resources_synced": None,
    }
    bridge = found["Linux bridge agent"]
    assert (bridge["availability_zone"], bridge["topic"]) == (None, "N/A")
    told = bridge["configurations"]
    assert (told["tunneling_ip"], told["tunnel_types"], told["devices"]) == ("192.0.2.1", ["vxlan"], 0)
    assert told["physical_networks"] == ["physnet1"]


def test_lists_are_filtered_and_sorted(admin: Client, first: Host, second: Host, mute: Host) -> None:
    assert {one["host"] for one in listed(admin, binary="neutron-l3-agent")} == {"alpha", "beta", "gone"}
    assert {one["host"] for one in listed(admin, alive="false")} == {"gone"}
    assert {one["host"] for one in listed(admin, alive="true")} == {"alpha", "beta"}
    assert {one["agent_type"] for one in listed(admin, availability_zone="nova")} == {"DHCP agent", "L3 agent"}
    assert {one["agent_type"] for one in listed(admin, topic="N/A")} == {"Linux bridge agent", "Metadata agent"}
    assert listed(admin, agent_type="Tree agent") == []
    assert listed(admin, agent_type="DHCP Agent") == listed(admin, agent_type="DHCP agent") != []
    by_type = [one["agent_type"] for one in listed(admin, host="beta", sort_key="agent_type", sort_dir="desc")]
    assert by_type == sorted(TYPES, reverse=True)
    page = asked(admin, "GET", "/v2.0/agents", params={"limit": "5"}).json()
    assert (len(page["agents"]), page["agents_links"][0]["rel"]) == (5, "next")


def test_an_agent_is_changed(admin: Client, second: Host) -> None:
    url = f"/v2.0/agents/{agent(admin, 'beta', 'Metadata agent')['id']}"
    body = {"agent": {"admin_state_up": False, "description": "in the cellar"}}
    changed = asked(admin, "PUT", url, body).json()["agent"]
    assert (changed["admin_state_up"], changed["description"]) == (False, "in the cellar")
    assert asked(admin, "GET", url).json()["agent"]["description"] == "in the cellar"
    back = asked(admin, "PUT", url, {"agent": {"admin_state_up": True, "description": None}}).json()["agent"]
    assert (back["admin_state_up"], back["description"]) == (True, None)
    assert asked(admin, "PUT", url, {"agent": {"host": "elsewhere"}}).status_code == 400
    refused(asked(admin, "GET", f"/v2.0/agents/{NOBODY}"), 404, "AgentNotFound")


def test_agents_are_for_admins(cloud: RunningCloud, admin: Client, first: Host) -> None:
    member = member_of(cloud, admin, "members")
    one = agent(admin, "alpha", "DHCP agent")["id"]
    assert asked(member, "GET", "/v2.0/agents").json() == {"agents": []}
    refused(asked(member, "GET", f"/v2.0/agents/{one}"), 404, "HTTPNotFound")
    for path in (f"agents/{one}/dhcp-networks", f"networks/{NOBODY}/dhcp-agents"):
        assert asked(member, "GET", f"/v2.0/{path}").status_code == 403


def test_a_host_is_named_before_there_is_a_subnet(admin: Client, first: Host) -> None:
    one, network_id = agent(admin, "alpha", "DHCP agent")["id"], made(admin, "network")["id"]
    url = f"/v2.0/agents/{one}/dhcp-networks"
    assert asked(admin, "POST", url, {"network_id": network_id}).status_code == 201
    assert network_id in [network["id"] for network in asked(admin, "GET", url).json()["networks"]]
    assert asked(admin, "GET", f"/v2.0/ports?network_id={network_id}").json() == {"ports": []}
    subnet(admin, "10.1.0.0/24", network_id)
    (port,) = asked(admin, "GET", f"/v2.0/ports?network_id={network_id}").json()["ports"]
    assert (port["device_owner"], port["binding:host_id"]) == ("network:dhcp", "alpha")
    assert asked(admin, "DELETE", f"{url}/{network_id}").status_code == 204
    assert asked(admin, "GET", f"/v2.0/ports?network_id={network_id}").json() == {"ports": []}


def test_a_network_moves_between_dhcp_agents(admin: Client, first: Host, second: Host) -> None:
    network_id = subnet(admin, "10.1.0.0/24")["network_id"]
    (serving,) = asked(admin, "GET", f"/v2.0/networks/{network_id}/dhcp-agents").json()["agents"]
    assert serving["agent_type"] == "DHCP agent"
    other = agent(admin, "beta" if serving["host"] == "alpha" else "alpha", "DHCP agent")
    urls = [f"/v2.0/agents/{one['id']}/dhcp-networks" for one in (serving, other)]
    assert [one["id"] for one in asked(admin, "GET", urls[0]).json()["networks"]] == [network_id]
    assert agent(admin, serving["host"], "DHCP agent")["configurations"]["networks"] == 1

    body = {"network_id": network_id}
    refused(asked(admin, "POST", urls[0], body), 409, "NetworkHostedByDHCPAgent")
    answer = asked(admin, "POST", urls[1], body)
    assert (answer.status_code, answer.json()) == (201, None)
    assert len(asked(admin, "GET", f"/v2.0/networks/{network_id}/dhcp-agents").json()["agents"]) == 2
    ports = asked(admin, "GET", "/v2.0/ports", params={"network_id": network_id}).json()["ports"]
    assert {port["binding:host_id"] for port in ports} == {"alpha", "beta"}

    assert asked(admin, "DELETE", f"{urls[0]}/{network_id}").status_code == 204
    refused(asked(admin, "DELETE", f"{urls[0]}/{network_id}"), 409, "NetworkNotHostedByDhcpAgent")
    assert asked(admin, "GET", urls[0]).json() == {"networks": []}
    (port,) = asked(admin, "GET", "/v2.0/ports", params={"network_id": network_id}).json()["ports"]
    assert port["binding:host_id"] == other["host"]
    asked(admin, "DELETE", f"/v2.0/networks/{network_id}")


def test_networks_go_only_where_they_can(cloud: RunningCloud, admin: Client, first: Host, second: Host) -> None:
    Host(cloud, "plain", HostNetwork(types=("local",))).beats()
    network_id = subnet(admin, "10.2.0.0/24")["network_id"]
    wrong = agent(admin, "alpha", "L3 agent")["id"]
    body = {"network_id": network_id}
    refused(asked(admin, "POST", f"/v2.0/agents/{wrong}/dhcp-networks", body), 404, "InvalidDHCPAgent")
    plain = f"/v2.0/agents/{agent(admin, 'plain', 'DHCP agent')['id']}"
    assert asked(admin, "POST", f"{plain}/dhcp-networks", body).status_code == 409
    refused(asked(admin, "POST", f"{plain}/dhcp-networks", {"network_id": NOBODY}), 404, "NetworkNotFound")
    empty = made(admin, "network")["id"]
    assert asked(admin, "POST", f"{plain}/dhcp-networks", {"network_id": empty}).status_code == 409
    asked(admin, "PUT", plain, {"agent": {"admin_state_up": False}})
    refused(asked(admin, "POST", f"{plain}/dhcp-networks", body), 404, "InvalidDHCPAgent")
    assert asked(admin, "GET", f"/v2.0/networks/{NOBODY}/dhcp-agents").json() == {"agents": []}
    for one in listed(admin, host="plain"):
        assert asked(admin, "DELETE", f"/v2.0/agents/{one['id']}").status_code == 204


def test_agents_that_are_down_get_nothing_more(admin: Client, first: Host, second: Host) -> None:
    urls = [f"/v2.0/agents/{one['id']}" for one in listed(admin, agent_type="DHCP agent", alive="true")]
    for url in urls:
        asked(admin, "PUT", url, {"agent": {"admin_state_up": False}})
    network_id = subnet(admin, "10.6.0.0/24")["network_id"]
    assert asked(admin, "GET", f"/v2.0/networks/{network_id}/dhcp-agents").json() == {"agents": []}
    for url in urls:
        asked(admin, "PUT", url, {"agent": {"admin_state_up": True}})
    assert len(asked(admin, "GET", f"/v2.0/networks/{network_id}/dhcp-agents").json()["agents"]) == 1
    asked(admin, "DELETE", f"/v2.0/networks/{network_id}")


def test_a_router_moves_between_l3_agents(admin: Client, first: Host, second: Host) -> None:
    router = made(admin, "router")
    add_subnet(admin, router["id"], subnet(admin, "10.3.0.0/24")["id"])
    (having,) = asked(admin, "GET", f"/v2.0/routers/{router['id']}/l3-agents").json()["agents"]
    assert (having["agent_type"], having["ha_state"]) == ("L3 agent", None)
    told = agent(admin, having["host"], "L3 agent")["configurations"]
    assert (told["routers"], told["interfaces"], told["ex_gw_ports"]) == (1, 1, 0)
    other = agent(admin, "beta" if having["host"] == "alpha" else "alpha", "L3 agent")
    urls = [f"/v2.0/agents/{one['id']}/l3-routers" for one in (having, other)]
    assert [one["id"] for one in asked(admin, "GET", urls[0]).json()["routers"]] == [router["id"]]

    body = {"router_id": router["id"]}
    refused(asked(admin, "POST", urls[1], body), 409, "RouterHostedByL3Agent")
    assert asked(admin, "POST", urls[0], body).status_code == 201
    assert asked(admin, "DELETE", f"{urls[0]}/{router['id']}").status_code == 204
    assert asked(admin, "GET", f"/v2.0/routers/{router['id']}/l3-agents").json() == {"agents": []}
    answer = asked(admin, "POST", urls[1], body)
    assert (answer.status_code, answer.json()) == (201, None)
    (now_having,) = asked(admin, "GET", f"/v2.0/routers/{router['id']}/l3-agents").json()["agents"]
    assert now_having["id"] == other["id"]
    (port,) = asked(admin, "GET", "/v2.0/ports", params={"device_id": router["id"]}).json()["ports"]
    assert port["binding:host_id"] == other["host"]

    wrong = agent(admin, "alpha", "DHCP agent")["id"]
    refused(asked(admin, "POST", f"/v2.0/agents/{wrong}/l3-routers", body), 404, "InvalidL3Agent")
    refused(asked(admin, "POST", urls[0], {"router_id": NOBODY}), 404, "RouterNotFound")
    refused(asked(admin, "DELETE", f"{urls[0]}/{NOBODY}"), 404, "RouterNotFound")


def test_what_a_deleted_agent_had_others_get(cloud: RunningCloud, admin: Client, first: Host, second: Host) -> None:
    inside = subnet(admin, "10.4.0.0/24")
    router = made(admin, "router")
    add_subnet(admin, router["id"], inside["id"])
    paths = {
        "DHCP agent": f"networks/{inside['network_id']}/dhcp-agents",
        "L3 agent": f"routers/{router['id']}/l3-agents",
    }
    for kind, path in paths.items():
        (before,) = asked(admin, "GET", f"/v2.0/{path}").json()["agents"]
        assert asked(admin, "DELETE", f"/v2.0/agents/{before['id']}").status_code == 204
        (after,) = asked(admin, "GET", f"/v2.0/{path}").json()["agents"]
        assert after["host"] != before["host"]
        assert {one["host"] for one in listed(admin, agent_type=kind, alive="true")} == {after["host"]}
    for host in (first, second):
        host.beats()
    assert {one["agent_type"] for one in listed(admin, host="alpha")} == TYPES


def test_the_client_shows_agents(cloud: RunningCloud, admin: Client, first: Host, second: Host, mute: Host) -> None:
    cli = OpenStackCli(cloud)
    table = cli.run("network agent list").table
    assert table[0] == ["ID", "Agent Type", "Host", "Availability Zone", "Alive", "State", "Binary"]
    rows = {(row[1], row[2]): row[3:] for row in table[1:]}
    assert rows["DHCP agent", "alpha"] == ["nova", ":-)", "UP", "neutron-dhcp-agent"]
    assert rows["Linux bridge agent", "gone"] == ["None", "X" * 3, "UP", "neutron-linuxbridge-agent"]
    assert {row["Host"] for row in cli.json("network agent list --agent-type l3 --host beta")} == {"beta"}
    one = agent(admin, "beta", "Metadata agent")["id"]
    assert cli.run(f"network agent set --disable --description 'off for now' {one}").code == 0
    shown = cli.json(f"network agent show {one}")
    assert (shown["admin_state_up"], shown["description"], shown["host"]) == (False, "off for now", "beta")
    assert cli.run(f"network agent set --enable {one}").code == 0
    gone = agent(admin, "gone", "Metadata agent")["id"]
    assert cli.run(f"network agent delete {gone}").code == 0


def test_the_client_moves(cloud: RunningCloud, admin: Client, first: Host, second: Host) -> None:
    cli = OpenStackCli(cloud)
    inside = subnet(admin, "10.5.0.0/24")
    router = made(admin, "router", name="R5")
    add_subnet(admin, router["id"], inside["id"])
    (having,) = cli.json("network agent list --router R5")
    assert cli.run(f"network agent remove router --l3 {having['ID']} R5").code == 0
    assert cli.json("network agent list --router R5") == []
    assert cli.run(f"network agent add router --l3 {having['ID']} R5").code == 0
    (serving,) = cli.json(f"network agent list --network {inside['network_id']}")
    moved = f"--dhcp {serving['ID']} {inside['network_id']}"
    assert cli.run(f"network agent remove network {moved}").code == 0
    assert cli.json(f"network agent list --network {inside['network_id']}") == []
    assert cli.run(f"network agent add network {moved}").code == 0
    assert [row["ID"] for row in cli.json(f"network agent list --network {inside['network_id']}")] == [serving["ID"]]
