"""Security groups, networks and floating IPs through compute, as its clients managed them up to 2.35."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.services.compute.plugged import active_on, interfaces, made, network
from tests.services.compute.test_servers import flavor, image, is_gone
from tests.support.cloud import Client, RunningCloud
from tests.support.hosts import eventually, simulated_host

__all__ = ["flavor", "image"]
GROUPS, RULES = "/v2.1/os-security-groups", "/v2.1/os-security-group-rules"
FLOATING, POOLS = "/v2.1/os-floating-ips", "/v2.1/os-floating-ip-pools"
NETWORKS, LABELS = "/v2.1/os-networks", "/v2.1/os-tenant-networks"
NOBODY = "6d4c9b6e-5f1c-4b93-8f8e-0f8b0e5d2c11"


def at(client: Client, version: str) -> Client:
    return client.with_headers(OpenStack_API_Version=f"compute {version}")


@pytest.fixture(scope="module")
def nova(cloud: RunningCloud) -> Iterator[Client]:
    with simulated_host(cloud):
        yield at(cloud.login(), "2.35")


@pytest.fixture(scope="module")
def gardener(member: Client) -> Client:
    return at(member, "2.35")


@pytest.fixture(scope="module")
def outside(nova: Client) -> str:
    return network(nova, "outside", "198.51.100.0/29", **{"router:external": True})


def asked(client: Client, method: str, path: str, body: Any = None) -> tuple[int, str]:
    """The status of an answer, and the sentence of a refusal."""
    answer = client.request(method, "compute", path, **({} if body is None else {"json": body}))
    said = "" if answer.status_code < 400 else next(iter(answer.json().values()))["message"]
    return answer.status_code, said


def got(client: Client, path: str, **parameters: str) -> Any:
    answer = client.get("compute", path, params=parameters)
    assert answer.status_code == 200, answer.text
    (found,) = answer.json().values()
    return found


def posted(client: Client, path: str, body: dict[str, Any]) -> Any:
    answer = client.post("compute", path, json=body)
    assert answer.status_code == 200, answer.text
    (found,) = answer.json().values()
    return found


def group(client: Client, name: str) -> str:
    wanted = {"name": name, "description": f"For {name}"}
    return str(posted(client, GROUPS, {"security_group": wanted})["id"])


def rule(parent: str, /, **more: Any) -> dict[str, Any]:
    return {"security_group_rule": {"parent_group_id": parent, **more}}


TCP = {"ip_protocol": "tcp", "from_port": 22, "to_port": 22}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", GROUPS),
        ("POST", GROUPS),
        ("GET", f"{GROUPS}/{NOBODY}"),
        ("PUT", f"{GROUPS}/{NOBODY}"),
        ("DELETE", f"{GROUPS}/{NOBODY}"),
        ("POST", RULES),
        ("DELETE", f"{RULES}/{NOBODY}"),
        ("GET", FLOATING),
        ("POST", FLOATING),
        ("GET", f"{FLOATING}/{NOBODY}"),
        ("DELETE", f"{FLOATING}/{NOBODY}"),
        ("GET", POOLS),
        ("GET", NETWORKS),
        ("GET", f"{NETWORKS}/{NOBODY}"),
        ("GET", LABELS),
        ("GET", f"{LABELS}/{NOBODY}"),
    ],
)
def test_from_2_36_clients_ask_the_network(nova: Client, method: str, path: str) -> None:
    body: Any = {} if method in ("POST", "PUT") else None
    assert asked(at(nova, "2.36"), method, path, body)[0] == 404


def test_a_group_is_made_shown_renamed_and_deleted(gardener: Client) -> None:
    group_id = group(gardener, "web")
    shown = got(gardener, f"{GROUPS}/{group_id}")
    assert shown == {
        "id": group_id,
        "name": "web",
        "description": "For web",
        "tenant_id": shown["tenant_id"],
        "rules": [],
    }
    assert shown in got(gardener, GROUPS)
    renamed = {"security_group": {"name": "www", "description": ""}}
    assert asked(gardener, "PUT", f"{GROUPS}/{group_id}", renamed) == (200, "")
    assert got(gardener, f"{GROUPS}/{group_id}") == {**shown, "name": "www", "description": ""}
    assert asked(gardener, "DELETE", f"{GROUPS}/{group_id}") == (202, "")
    missing = f"Security group {group_id} does not exist"
    for method, body in (("GET", None), ("PUT", renamed), ("DELETE", None)):
        assert asked(gardener, method, f"{GROUPS}/{group_id}", body) == (404, missing)


def test_lists_begin_with_the_default_group_and_have_pages(gardener: Client, nova: Client) -> None:
    ids = [group(gardener, name) for name in ("one", "two")]
    names = [one["name"] for one in got(gardener, GROUPS)]
    assert names == ["default", "one", "two"]
    pages = [one["id"] for start in range(3) for one in got(gardener, GROUPS, limit="1", offset=str(start))]
    assert sorted(pages) == sorted(one["id"] for one in got(gardener, GROUPS))
    assert got(gardener, GROUPS, offset="3") == []
    assert got(gardener, GROUPS, all_tenants="1") == got(gardener, GROUPS)
    assert asked(gardener, "GET", f"{GROUPS}?limit=-1")[0] == 400
    own = {one["id"] for one in got(nova, GROUPS)}
    everyones = {one["id"] for one in got(nova, GROUPS, all_tenants="")}
    assert own.isdisjoint(ids)
    assert everyones >= own | set(ids)
    for group_id in ids:
        assert asked(gardener, "DELETE", f"{GROUPS}/{group_id}") == (202, "")


def test_the_default_group_stays_as_it_is(gardener: Client) -> None:
    (default,) = (one for one in got(gardener, GROUPS) if one["name"] == "default")
    path = f"{GROUPS}/{default['id']}"
    assert {one["group"]["name"] for one in default["rules"]} == {"default"}
    renamed = {"security_group": {"name": "mine", "description": ""}}
    assert asked(gardener, "PUT", path, renamed) == (400, "Updating default security group not allowed.")
    assert asked(gardener, "DELETE", path) == (400, "Insufficient rights for removing default security group.")
    second = {"security_group": {"name": "default", "description": ""}}
    assert asked(gardener, "POST", GROUPS, second) == (403, "Default security group already exists.")


def test_what_names_no_group_is_refused(nova: Client, gardener: Client) -> None:
    named = {"security_group": {"name": "x", "description": ""}}
    for method, body in (("GET", None), ("PUT", named), ("DELETE", None)):
        assert asked(gardener, method, f"{GROUPS}/web", body) == (400, "Security group id should be uuid")
    assert asked(gardener, "DELETE", f"{RULES}/web") == (400, "Security group id should be uuid")
    assert asked(gardener, "POST", GROUPS, {"security_group": {"name": "x"}})[0] == 400
    assert asked(gardener, "POST", GROUPS, {"security_group": {"name": "x" * 256, "description": ""}})[0] == 400
    hidden = group(nova, "hidden")
    for method, body in (("GET", None), ("PUT", named), ("DELETE", None)):
        assert asked(gardener, method, f"{GROUPS}/{hidden}", body)[0] == 404
    assert asked(gardener, "POST", RULES, rule(hidden, **TCP))[0] == 404


def test_a_project_has_only_so_many_groups(gardener: Client) -> None:
    assert [one["name"] for one in got(gardener, GROUPS)] == ["default"]
    made_ids = [group(gardener, f"group-{number}") for number in range(9)]
    status, said = asked(gardener, "POST", GROUPS, {"security_group": {"name": "eleventh", "description": ""}})
    assert (status, said) == (403, "Quota exceeded for resources: ['security_group'].")
    for group_id in made_ids:
        assert asked(gardener, "DELETE", f"{GROUPS}/{group_id}") == (202, "")


def test_rules_come_and_go(gardener: Client) -> None:
    web, friends = group(gardener, "web"), group(gardener, "friends")
    ssh = posted(gardener, RULES, rule(web, **TCP, cidr="10.2.3.124/24"))
    expected = {"parent_group_id": web, **TCP, "group": {}, "ip_range": {"cidr": "10.2.3.124/24"}}
    assert ssh == {"id": ssh["id"], **expected}
    project = got(gardener, f"{GROUPS}/{web}")["tenant_id"]
    from_friends = posted(gardener, RULES, rule(web, ip_protocol="udp", group_id=friends))
    assert from_friends == {
        "id": from_friends["id"],
        "parent_group_id": web,
        "ip_protocol": "udp",
        "from_port": 1,
        "to_port": 65535,
        "group": {"name": "friends", "tenant_id": project},
        "ip_range": {},
    }
    ping = posted(gardener, RULES, rule(web, ip_protocol="icmp", from_port=-1, to_port="-1"))
    assert (ping["from_port"], ping["to_port"], ping["ip_range"]) == (-1, -1, {"cidr": "0.0.0.0/0"})
    six = posted(gardener, RULES, rule(web, **TCP, cidr="fd00%3A%3A/8"))
    assert six["ip_range"] == {"cidr": "fd00::/8"}
    whole = posted(gardener, RULES, rule(web, group_id=friends))
    assert (whole["ip_protocol"], whole["from_port"], whole["to_port"]) == (None, None, None)
    assert got(gardener, f"{GROUPS}/{web}")["rules"] == [ssh, from_friends, ping, six, whole]
    assert asked(gardener, "DELETE", f"{RULES}/{ssh['id']}") == (202, "")
    gone = f"Security group rule {ssh['id']} does not exist"
    assert asked(gardener, "DELETE", f"{RULES}/{ssh['id']}") == (404, gone)
    assert asked(gardener, "DELETE", f"{GROUPS}/{friends}") == (202, "")
    assert got(gardener, f"{GROUPS}/{web}")["rules"] == [ping, six]
    assert asked(gardener, "DELETE", f"{GROUPS}/{web}") == (202, "")


NOT_ENOUGH = "Not enough parameters to build a valid rule."
BAD_RANGE = "Invalid port range {}. {}"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, NOT_ENOUGH),
        ({"ip_protocol": "tcp", "from_port": 22}, NOT_ENOUGH),
        ({**TCP, "ip_protocol": "gre"}, "Invalid IP protocol gre."),
        ({**TCP, "from_port": 23}, BAD_RANGE.format("23:22", "Former value cannot be greater than the later")),
        ({**TCP, "from_port": 0}, BAD_RANGE.format("0:22", "Valid TCP ports should be between 1-65535")),
        ({**TCP, "to_port": 65536}, BAD_RANGE.format("22:65536", "Valid TCP ports should be between 1-65535")),
        (
            {"ip_protocol": "icmp", "from_port": 256, "to_port": -1},
            BAD_RANGE.format("256:-1", "For ICMP, the type:code must be valid"),
        ),
        ({**TCP, "from_port": "ssh"}, "Invalid input received: To and From ports must be integers"),
        (
            {"ip_protocol": "icmp", "from_port": "any", "to_port": "-1"},
            "Invalid input received: Type and Code must be integers for ICMP protocol type",
        ),
        ({**TCP, "cidr": "10.0.0.300/24"}, "10.0.0.300/24 is not a valid IP network."),
        ({**TCP, "cidr": "10.0.0.3"}, "10.0.0.3 is not a valid IP network."),
        ({**TCP, "cidr": "10.0.0.0/0"}, "Bad prefix for network in cidr 10.0.0.0/0"),
    ],
)
def test_rules_that_can_not_be_are_refused(nova: Client, wrong: dict[str, Any], said: str) -> None:
    web = group(nova, "web")
    assert asked(nova, "POST", RULES, rule(web, **wrong)) == (400, said)
    assert got(nova, f"{GROUPS}/{web}")["rules"] == []
    assert asked(nova, "DELETE", f"{GROUPS}/{web}") == (202, "")


def test_a_rule_is_there_once_and_names_groups_that_are_there(nova: Client) -> None:
    web = group(nova, "web")
    posted(nova, RULES, rule(web, **TCP))
    assert asked(nova, "POST", RULES, rule(web, **TCP)) == (400, f"This rule already exists in group {web}")
    missing = (404, f"Security group {NOBODY} does not exist")
    assert asked(nova, "POST", RULES, rule(NOBODY, **TCP)) == missing
    assert asked(nova, "POST", RULES, rule(web, **TCP, group_id=NOBODY)) == missing
    assert asked(nova, "POST", RULES, rule("web", **TCP))[0] == 400
    assert asked(nova, "DELETE", f"{GROUPS}/{web}") == (202, "")


def test_who_is_let_use_a_group_does_not_change_it(nova: Client, gardener: Client) -> None:
    shared = group(nova, "shared")
    project = got(gardener, GROUPS)[0]["tenant_id"]
    policy = {"object_type": "security_group", "object_id": shared, "action": "access_as_shared"}
    answer = nova.post("network", "/v2.0/rbac-policies", json={"rbac_policy": {**policy, "target_tenant": project}})
    assert answer.status_code == 201, answer.text
    assert got(gardener, f"{GROUPS}/{shared}")["name"] == "shared"
    renamed = {"security_group": {"name": "mine", "description": ""}}
    assert asked(gardener, "PUT", f"{GROUPS}/{shared}", renamed)[0] == 403
    assert asked(gardener, "DELETE", f"{GROUPS}/{shared}")[0] == 403
    assert asked(gardener, "POST", RULES, rule(shared, **TCP))[0] == 403
    assert got(nova, f"{GROUPS}/{shared}")["rules"] == []


def test_networks_have_only_names(nova: Client, gardener: Client, outside: str) -> None:
    hidden = network(nova, "hidden", "10.7.0.0/24")
    seen = got(gardener, f"{LABELS}/{outside}")
    assert seen == {"id": outside, "cidr": "None", "label": "outside"}
    assert got(gardener, LABELS) == [seen]
    assert {one["id"] for one in got(nova, LABELS)} >= {hidden, outside}
    (shown,) = got(gardener, NETWORKS)
    assert shown == got(gardener, f"{NETWORKS}/{outside}")
    assert (shown.pop("id"), shown.pop("label")) == (outside, "outside")
    assert "cidr" in shown
    assert set(shown.values()) == {None}
    whole = got(nova, f"{NETWORKS}/{hidden}")
    assert whole.keys() > shown.keys() | {"project_id", "vlan"}
    assert whole in got(nova, NETWORKS)
    for path in (NETWORKS, LABELS):
        assert asked(gardener, "GET", f"{path}/{hidden}") == (404, "Network not found")


def test_floating_ips_come_from_pools_and_go_back(nova: Client, gardener: Client, outside: str) -> None:
    assert got(gardener, POOLS) == [{"name": "outside"}]
    one = posted(gardener, FLOATING, {"pool": "outside"})
    assert one["ip"].startswith("198.51.100.")
    assert one == {"id": one["id"], "ip": one["ip"], "fixed_ip": None, "instance_id": None, "pool": "outside"}
    assert got(gardener, f"{FLOATING}/{one['id']}") == one
    by_id = posted(gardener, FLOATING, {"pool": outside})
    assert sorted(got(gardener, FLOATING), key=lambda it: str(it["ip"])) == sorted(
        [one, by_id], key=lambda it: str(it["ip"])
    )
    assert got(nova, FLOATING) == []
    for taken in (one, by_id):
        assert asked(gardener, "DELETE", f"{FLOATING}/{taken['id']}") == (202, "")
        missing = (404, f"Floating IP not found for ID {taken['id']}")
        assert asked(gardener, "GET", f"{FLOATING}/{taken['id']}") == missing
        assert asked(gardener, "DELETE", f"{FLOATING}/{taken['id']}") == missing


def test_a_pool_must_be_there_and_have_something_left(gardener: Client, outside: str) -> None:
    for body in (None, {}, {"pool": None}, {"pool": "inside"}):
        assert asked(gardener, "POST", FLOATING, body) == (404, "Floating IP pool not found.")
    taken = []
    while (answer := gardener.post("compute", FLOATING, json={"pool": "outside"})).status_code == 200:
        taken.append(answer.json()["floating_ip"]["id"])
        assert len(taken) < 7
    assert answer.status_code == 404
    assert answer.json()["itemNotFound"]["message"] == "No more floating IPs in pool outside."
    for floating_ip_id in taken:
        assert asked(gardener, "DELETE", f"{FLOATING}/{floating_ip_id}") == (202, "")


def test_a_project_takes_only_so_many_floating_ips(nova: Client, gardener: Client, outside: str) -> None:
    project = got(gardener, GROUPS)[0]["tenant_id"]
    path = f"/v2.0/quotas/{project}"
    assert nova.put("network", path, json={"quota": {"floatingip": 0}}).status_code == 200
    refused = (403, "IP allocation over quota in pool outside.")
    assert asked(gardener, "POST", FLOATING, {"pool": "outside"}) == refused
    assert nova.delete("network", path).status_code == 204


def test_servers_hold_their_groups_and_floating_ips(nova: Client, flavor: str, image: str, outside: str) -> None:
    inside = network(nova, "inside", "10.8.0.0/24")
    (subnet,) = nova.get("network", f"/v2.0/networks/{inside}").json()["network"]["subnets"]
    router = made(nova, "router", name="door", external_gateway_info={"network_id": outside})["id"]
    leg = nova.put("network", f"/v2.0/routers/{router}/add_router_interface", json={"subnet_id": subnet})
    assert leg.status_code == 200, leg.text
    newest = at(nova, "2.100")
    server = active_on(newest, flavor, image, "guarded", inside)
    used = group(nova, "used")
    action = f"/v2.1/servers/{server}/action"
    assert asked(nova, "POST", action, {"addSecurityGroup": {"name": "used"}})[0] == 202
    assert asked(nova, "DELETE", f"{GROUPS}/{used}") == (400, f"Security Group {used} in use.")
    one = posted(nova, FLOATING, {"pool": "outside"})
    assert asked(nova, "POST", action, {"addFloatingIp": {"address": one["ip"]}})[0] == 202
    (nic,) = interfaces(newest, server)
    standing = {**one, "fixed_ip": nic["fixed_ips"][0]["ip_address"], "instance_id": server}
    assert got(nova, f"{FLOATING}/{one['id']}") == standing
    assert got(nova, FLOATING) == [standing]
    assert asked(nova, "DELETE", f"{FLOATING}/{one['id']}") == (202, "")
    assert newest.delete("compute", f"/v2.1/servers/{server}").status_code == 204
    eventually(lambda: is_gone(newest, server))
    assert asked(nova, "DELETE", f"{GROUPS}/{used}") == (202, "")
