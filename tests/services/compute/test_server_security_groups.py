"""The security groups of a server are those of its ports."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.services.compute.plugged import active_on, attach, interfaces, made, network, port
from tests.services.compute.test_servers import flavor, image, is_gone, project_of, shown
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually, simulated_host

__all__ = ["flavor", "image"]


@pytest.fixture(scope="module")
def nova(cloud: RunningCloud) -> Iterator[Client]:
    with simulated_host(cloud):
        yield cloud.login().with_headers(OpenStack_API_Version="compute 2.100")


@pytest.fixture(scope="module")
def inside(nova: Client) -> str:
    return network(nova, "inside", "10.1.0.0/24")


@pytest.fixture
def server_id(nova: Client, flavor: str, image: str, inside: str) -> Iterator[str]:
    made_id = active_on(nova, flavor, image, "guarded", inside)
    yield made_id
    nova.delete("compute", f"/v2.1/servers/{made_id}")
    eventually(lambda: is_gone(nova, made_id))


@pytest.fixture(scope="module")
def web(nova: Client) -> str:
    group: str = made(nova, "security_group", name="web", description="For the web")["id"]
    rules: list[dict[str, Any]] = [
        {"protocol": "tcp", "port_range_min": 80, "port_range_max": 81, "remote_ip_prefix": "192.0.2.0/24"},
        {"protocol": "udp", "remote_group_id": group},
        {"protocol": "icmp"},
    ]
    for rule in rules:
        made(nova, "security_group_rule", security_group_id=group, direction="ingress", **rule)
    return group


def groups(nova: Client, server_id: str) -> list[dict[str, Any]]:
    answer = nova.get("compute", f"/v2.1/servers/{server_id}/os-security-groups")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["security_groups"]
    return found


def acted(nova: Client, server_id: str, action: str, name: str) -> tuple[int, str]:
    answer = nova.post("compute", f"/v2.1/servers/{server_id}/action", json={action: {"name": name}})
    return answer.status_code, "" if answer.status_code == 202 else next(iter(answer.json().values()))["message"]


def test_a_group_is_given_to_all_ports_and_taken_again(nova: Client, server_id: str, inside: str, web: str) -> None:
    attach(nova, server_id, net_id=inside)
    (default,) = groups(nova, server_id)
    assert default["name"] == "default"
    for name in ("web", web):
        for _ in range(2):
            assert acted(nova, server_id, "addSecurityGroup", name) == (202, "")
        assert [one["name"] for one in groups(nova, server_id)] == ["default", "web"]
        assert shown(nova, server_id)["security_groups"] == [{"name": "default"}, {"name": "web"}]
        for one in interfaces(nova, server_id):
            found = port(nova, one["port_id"])
            assert found is not None
            assert set(found["security_groups"]) == {default["id"], web}
        assert acted(nova, server_id, "removeSecurityGroup", name) == (202, "")
        assert acted(nova, server_id, "removeSecurityGroup", name) == (
            404,
            f"Security group {name} not associated with the instance {server_id}",
        )
    assert groups(nova, server_id) == [default]


def test_a_group_is_shown_as_nova_shows_it(nova: Client, server_id: str, web: str) -> None:
    acted(nova, server_id, "addSecurityGroup", "web")
    _, group = groups(nova, server_id)
    rules = {rule["ip_protocol"]: rule for rule in group.pop("rules")}
    owner = project_of(nova)
    assert group == {"id": web, "name": "web", "description": "For the web", "tenant_id": owner}
    assert rules.keys() == {"tcp", "udp", "icmp"}
    assert all(rule.pop("id") and rule.pop("parent_group_id") == web for rule in rules.values())
    anywhere = {"cidr": "0.0.0.0/0"}
    assert rules == {
        "tcp": {
            "ip_protocol": "tcp",
            "from_port": 80,
            "to_port": 81,
            "group": {},
            "ip_range": {"cidr": "192.0.2.0/24"},
        },
        "udp": {
            "ip_protocol": "udp",
            "from_port": 1,
            "to_port": 65535,
            "group": {"name": "web", "tenant_id": owner},
            "ip_range": {},
        },
        "icmp": {"ip_protocol": "icmp", "from_port": -1, "to_port": -1, "group": {}, "ip_range": anywhere},
    }


def test_what_can_not_be_is_refused(nova: Client, server_id: str, inside: str, flavor: str, image: str) -> None:
    for action in ("addSecurityGroup", "removeSecurityGroup"):
        assert acted(nova, server_id, action, "unknown") == (
            404,
            f"Security group unknown is not found for project {project_of(nova)}",
        )
        assert acted(nova, server_id, action, " ") == (400, "Security group name cannot be empty")
        assert acted(nova, server_id, action, "")[0] == 400
    for _ in range(2):
        made(nova, "security_group", name="twin")
    status, said = acted(nova, server_id, "addSecurityGroup", "twin")
    assert (status, said) == (
        409,
        "Multiple security groups found matching 'twin'. Use an ID to be more specific.",
    )
    stateless = made(nova, "security_group", name="stateless", stateful=False)["id"]
    assert acted(nova, server_id, "addSecurityGroup", stateless)[0] == 409
    open_port = made(nova, "port", network_id=inside, port_security_enabled=False, security_groups=[])
    attach(nova, server_id, port_id=open_port["id"])
    assert acted(nova, server_id, "addSecurityGroup", "default") == (
        400,
        "Network requires port_security_enabled and subnet associated in order to apply security groups.",
    )
    bare = active_on(nova, flavor, image, "bare")
    assert groups(nova, bare) == []
    assert acted(nova, bare, "addSecurityGroup", "default") == (
        404,
        f"instance_id {bare} could not be found as device id on any ports",
    )
    nova.delete("compute", f"/v2.1/servers/{bare}")
    eventually(lambda: is_gone(nova, bare))


def test_who_may_not_see_a_server_does_not_see_its_groups(member: Client, server_id: str) -> None:
    path = f"/v2.1/servers/{server_id}"
    assert member.get("compute", f"{path}/os-security-groups").status_code == 404
    for action in ("addSecurityGroup", "removeSecurityGroup"):
        assert acted(member, server_id, action, "default")[0] == 404
