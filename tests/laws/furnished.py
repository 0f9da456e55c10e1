"""One of everything that the network service lists, and the ids that stand in its paths."""

from typing import Any

from tests.support.cloud import Client
from tests.support.hosts import eventually

EXTERNAL = {"router:external": True, "is_default": True, "name": "outside"}
POOL = {
    "name": "by itself",
    "prefixes": ["10.64.0.0/12"],
    "min_prefixlen": 20,
    "default_prefixlen": 24,
    "shared": True,
    "is_default": True,
}


def network_stage(admin: Client, project_id: str) -> dict[str, str]:
    """Furnish the network service of a cloud that has a host."""
    eventually(lambda: len(_agents(admin)) == 4)
    outside = _made(admin, "networks", "network", EXTERNAL)
    _made(admin, "subnets", "subnet", {"network_id": outside["id"], "ip_version": 4, "cidr": "203.0.113.0/24"})
    _made(admin, "subnetpools", "subnetpool", POOL)
    _made(admin, "address-scopes", "address_scope", {"name": "here", "ip_version": 4})
    _made(admin, "address-groups", "address_group", {"name": "friends", "addresses": ["198.51.100.0/24"]})
    answer = admin.get("network", f"/v2.0/auto-allocated-topology/{project_id}")
    network_id = answer.json()["auto_allocated_topology"]["id"]
    (router,) = admin.get("network", "/v2.0/routers").json()["routers"]
    floating = _made(admin, "floatingips", "floatingip", {"floating_network_id": outside["id"]})
    port = _made(admin, "ports", "port", {"network_id": network_id, "name": "web", "tags": ["blue"]})
    forwarding = {"internal_port_id": port["id"], "internal_port": 80, "external_port": 8080, "protocol": "tcp"}
    forwarding["internal_ip_address"] = port["fixed_ips"][0]["ip_address"]
    _made(admin, f"floatingips/{floating['id']}/port_forwardings", "port_forwarding", forwarding)
    admin.put("network", f"/v2.0/quotas/{project_id}", json={"quota": {"network": 77}})
    agents = {agent["agent_type"]: agent["id"] for agent in _agents(admin)}
    return {
        "network_id": network_id,
        "router_id": router["id"],
        "floatingip_id": floating["id"],
        "dhcp_agent_id": agents["DHCP agent"],
        "l3_agent_id": agents["L3 agent"],
    }


def _agents(admin: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = admin.get("network", "/v2.0/agents").json()["agents"]
    return found


def _made(admin: Client, path: str, noun: str, wanted: dict[str, Any]) -> dict[str, Any]:
    answer = admin.post("network", f"/v2.0/{path}", json={noun: wanted})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()[noun]
    return found
