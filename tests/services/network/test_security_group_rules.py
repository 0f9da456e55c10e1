from typing import Any

import pytest
from tests.clients.openstack_cli import OpenStackCli
from tests.support.cloud import Client, RunningCloud
from tests.support.members import member_of, project_of

from haneul.services.network.default_security_group_rules.seeds import sow
from haneul.services.network.quotas.models import Limit, limits

GROUPS, URL, ADDRESS_GROUPS = "/v2.0/security-groups", "/v2.0/security-group-rules", "/v2.0/address-groups"
TCP = {"direction": "ingress", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}


@pytest.fixture(scope="module")
def gardener(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "garden")


@pytest.fixture(scope="module")
def stranger(cloud: RunningCloud, admin: Client) -> Client:
    return member_of(cloud, admin, "elsewhere")


@pytest.fixture
def group_id(gardener: Client) -> str:
    return new_group(gardener)


def new_group(caller: Client) -> str:
    for group in caller.get("network", GROUPS, params={"name": "doors"}).json()["security_groups"]:
        caller.delete("network", f"{GROUPS}/{group['id']}")
    answer = caller.post("network", GROUPS, json={"security_group": {"name": "doors"}})
    found: str = answer.json()["security_group"]["id"]
    return found


def asked(caller: Client, group_id: str, **words: Any) -> Any:
    body = {"security_group_rule": {"security_group_id": group_id, "direction": "ingress", **words}}
    return caller.post("network", URL, json=body)


def made(caller: Client, group_id: str, **words: Any) -> dict[str, Any]:
    answer = asked(caller, group_id, **words)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["security_group_rule"]
    return found


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["NeutronError"]["type"]


def test_a_rule_is_shown_as_neutron_shows_it(gardener: Client, group_id: str) -> None:
    rule = made(gardener, group_id, **TCP, remote_ip_prefix="10.0.0.5/24", description="The shed")
    expected = {
        "security_group_id": group_id,
        "direction": "ingress",
        "ethertype": "IPv4",
        "protocol": "tcp",
        "port_range_min": 22,
        "port_range_max": 22,
        "remote_ip_prefix": "10.0.0.5/24",
        "normalized_cidr": "10.0.0.0/24",
        "remote_group_id": None,
        "remote_address_group_id": None,
        "belongs_to_default_sg": False,
        "description": "The shed",
        "project_id": project_of(gardener),
        "tenant_id": project_of(gardener),
        "revision_number": 0,
        "tags": [],
    }
    assert expected.items() <= rule.items()
    assert rule.keys() - expected.keys() == {"id", "created_at", "updated_at"}
    assert gardener.get("network", f"{URL}/{rule['id']}").json()["security_group_rule"] == rule
    group = gardener.get("network", f"{GROUPS}/{group_id}").json()["security_group"]
    assert rule in group["security_group_rules"]
    assert group["revision_number"] == 1
    assert gardener.delete("network", f"{URL}/{rule['id']}").status_code == 204
    assert refusal(gardener.get("network", f"{URL}/{rule['id']}")) == (404, "SecurityGroupRuleNotFound")


@pytest.mark.parametrize(
    ("given", "ethertype", "kept"),
    [
        ("TCP", "IPv4", "tcp"),
        (6, "ipv4", "6"),
        ("006", "IPv4", "6"),
        ("any", "IPv4", None),
        (None, "IPv6", None),
        ("icmp", "IPv6", "ipv6-icmp"),
        ("icmpv6", "IPv6", "ipv6-icmp"),
        ("1", "IPv6", "58"),
        ("icmp", "IPv4", "icmp"),
        ("ipv6-route", "IPv6", "ipv6-route"),
        ("vrrp", "IPv4", "vrrp"),
        (0, "IPv4", "0"),
        ("255", "IPv6", "255"),
    ],
)
def test_protocols_go_by_name_or_number(
    gardener: Client, group_id: str, given: object, ethertype: str, kept: str | None
) -> None:
    rule = made(gardener, group_id, protocol=given, ethertype=ethertype)
    assert (rule["protocol"], rule["ethertype"].lower()) == (kept, ethertype.lower())


@pytest.mark.parametrize(
    ("given", "shown", "normal"),
    [
        ("10.0.0.1", "10.0.0.1/32", "10.0.0.1/32"),
        ("10.1.0.0/255.255.0.0", "10.1.0.0/16", "10.1.0.0/16"),
        ("0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0"),
        ("", None, None),
    ],
)
def test_prefixes_are_written_one_way(
    gardener: Client, group_id: str, given: str, shown: str | None, normal: str | None
) -> None:
    rule = made(gardener, group_id, remote_ip_prefix=given)
    assert (rule["remote_ip_prefix"], rule["normalized_cidr"]) == (shown, normal)


def test_every_port_is_no_range_and_icmp_has_types(gardener: Client, group_id: str) -> None:
    whole = made(gardener, group_id, protocol="udp", port_range_min=1, port_range_max="65535")
    assert (whole["port_range_min"], whole["port_range_max"]) == (None, None)
    echo = made(gardener, group_id, protocol="icmp", port_range_min=8, port_range_max=0)
    assert (echo["port_range_min"], echo["port_range_max"]) == (8, 0)
    kind = made(gardener, group_id, protocol="icmp", port_range_min=0)
    assert (kind["port_range_min"], kind["port_range_max"]) == (0, None)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ({"direction": "sideways"}, "HTTPBadRequest"),
        ({"ethertype": "IPv5"}, "SecurityGroupRuleInvalidEtherType"),
        ({"protocol": "telepathy"}, "SecurityGroupRuleInvalidProtocol"),
        ({"protocol": 256}, "SecurityGroupRuleInvalidProtocol"),
        ({"protocol": -1}, "SecurityGroupRuleInvalidProtocol"),
        ({"protocol": "٦"}, "SecurityGroupRuleInvalidProtocol"),
        ({"protocol": "ipv6-icmp"}, "SecurityGroupEthertypeConflictWithProtocol"),
        ({"protocol": 58}, "SecurityGroupEthertypeConflictWithProtocol"),
        ({"port_range_min": 1, "port_range_max": 2}, "SecurityGroupProtocolRequiredWithPorts"),
        ({"protocol": "tcp", "port_range_min": 2, "port_range_max": 1}, "SecurityGroupInvalidPortRange"),
        ({"protocol": "tcp", "port_range_min": 2}, "SecurityGroupInvalidPortRange"),
        ({"protocol": "tcp", "port_range_min": 0, "port_range_max": 1}, "SecurityGroupInvalidPortValue"),
        ({"protocol": "tcp", "port_range_min": 1, "port_range_max": 65536}, "SecurityGroupInvalidPortValue"),
        ({"protocol": "tcp", "port_range_min": -1, "port_range_max": 1}, "SecurityGroupInvalidPortValue"),
        ({"protocol": "tcp", "port_range_min": "ssh", "port_range_max": 1}, "SecurityGroupInvalidPortValue"),
        ({"protocol": "icmp", "port_range_min": 256}, "SecurityGroupInvalidIcmpValue"),
        ({"protocol": "icmp", "port_range_max": 3}, "SecurityGroupMissingIcmpType"),
        ({"protocol": "gre", "port_range_min": 1, "port_range_max": 2}, "SecurityGroupInvalidProtocolForPort"),
        ({"remote_ip_prefix": "10.0.0.0/33"}, "InvalidCIDR"),
        ({"remote_ip_prefix": "10.0.0.1\n"}, "InvalidCIDR"),
        ({"remote_ip_prefix": "fe80::1%eth0/64", "ethertype": "IPv6"}, "InvalidCIDR"),
        ({"remote_ip_prefix": "{everything}"}, "InvalidCIDR"),
        ({"remote_ip_prefix": "2001:db8::/64"}, "SecurityGroupRuleParameterConflict"),
        ({"remote_ip_prefix": "10.0.0.0/24", "ethertype": "IPv6"}, "SecurityGroupRuleParameterConflict"),
        ({"remote_ip_prefix": "10.0.0.0/24", "remote_group_id": "x"}, "SecurityGroupMultipleRemoteEntites"),
        ({"remote_address_group_id": "y", "remote_group_id": "x"}, "SecurityGroupMultipleRemoteEntites"),
    ],
)
def test_what_matches_nothing_is_refused(gardener: Client, group_id: str, words: dict[str, Any], kind: str) -> None:
    assert refusal(asked(gardener, group_id, **words)) == (400, kind)


@pytest.mark.parametrize("words", [{"protocol": ["tcp"]}, {"direction": None}, {"colour": "red"}, {"protocol": 6.5}])
def test_words_of_another_type_are_refused(gardener: Client, group_id: str, words: dict[str, Any]) -> None:
    assert asked(gardener, group_id, **words).status_code == 400


@pytest.mark.parametrize(
    "again",
    [
        {},
        {"protocol": "6"},
        {"port_range_min": "80"},
        {"remote_ip_prefix": "0.0.0.0/0"},
        {"description": "Another word for it"},
    ],
)
def test_a_rule_that_the_group_has_is_refused_by_name(gardener: Client, group_id: str, again: dict[str, Any]) -> None:
    web = {"protocol": "tcp", "port_range_min": 80, "port_range_max": 80}
    rule = made(gardener, group_id, **web)
    refused = asked(gardener, group_id, **{**web, **again})
    assert refusal(refused) == (409, "SecurityGroupRuleExists")
    sentence = f"Security group rule already exists. Rule id is {rule['id']}."
    assert refused.json()["NeutronError"]["message"] == sentence
    made(gardener, group_id, **web, remote_ip_prefix="10.0.0.0/8")
    made(gardener, group_id, **web, ethertype="IPv6")


def test_several_rules_are_made_at_once_or_none(gardener: Client, group_id: str) -> None:
    def bulk(*rules: dict[str, Any]) -> Any:
        words = [{"security_group_id": group_id, **TCP, **rule} for rule in rules]
        return gardener.post("network", URL, json={"security_group_rules": words})

    answer = bulk({}, {"port_range_max": 23}, {"protocol": "udp"})
    assert answer.status_code == 201, answer.text
    assert [rule["port_range_max"] for rule in answer.json()["security_group_rules"]] == [22, 23, 22]
    assert gardener.get("network", f"{GROUPS}/{group_id}").json()["security_group"]["revision_number"] == 1
    fresh, twice = {"port_range_max": 30}, {"port_range_max": 30, "protocol": "6"}
    assert refusal(bulk(fresh, twice)) == (409, "DuplicateSecurityGroupRuleInPost")
    assert refusal(bulk(fresh, {})) == (409, "SecurityGroupRuleExists")
    assert refusal(bulk(fresh, {"security_group_id": "x"})) == (400, "SecurityGroupNotSingleGroupRules")
    assert refusal(bulk(fresh, {"project_id": "x"})) == (400, "SecurityGroupRulesNotSingleProject")
    assert bulk().status_code == 400
    found = gardener.get("network", URL, params={"security_group_id": group_id, "port_range_max": 30}).json()
    assert found["security_group_rules"] == []


def test_rules_of_others_are_neither_seen_nor_made(
    gardener: Client, stranger: Client, admin: Client, group_id: str
) -> None:
    rule = made(gardener, group_id, **TCP)
    assert refusal(stranger.get("network", f"{URL}/{rule['id']}")) == (404, "SecurityGroupRuleNotFound")
    assert refusal(stranger.delete("network", f"{URL}/{rule['id']}")) == (404, "SecurityGroupRuleNotFound")
    assert refusal(asked(stranger, group_id, protocol="udp")) == (404, "SecurityGroupNotFound")
    found = stranger.get("network", URL, params={"security_group_id": group_id}).json()["security_group_rules"]
    assert found == []
    assert all(one["project_id"] == project_of(stranger) for one in _all(stranger))
    assert made(admin, group_id, protocol="udp")["project_id"] == project_of(gardener)
    foreign = stranger.get("network", GROUPS).json()["security_groups"][0]["id"]
    assert refusal(asked(gardener, group_id, remote_group_id=foreign)) == (404, "SecurityGroupNotFound")
    assert refusal(asked(gardener, group_id, remote_address_group_id=foreign)) == (404, "AddressGroupNotFound")


def _all(caller: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = caller.get("network", URL).json()["security_group_rules"]
    assert found
    return found


def test_who_may_only_read_makes_and_deletes_no_rule(cloud: RunningCloud, admin: Client) -> None:
    reader = member_of(cloud, admin, "readers", role="reader")
    rule = _all(reader)[0]
    assert reader.get("network", f"{URL}/{rule['id']}").status_code == 200
    assert asked(reader, rule["security_group_id"], protocol="tcp").status_code == 403
    assert reader.delete("network", f"{URL}/{rule['id']}").status_code == 403


def test_rules_are_limited(cloud: RunningCloud, admin: Client) -> None:
    limited = member_of(cloud, admin, "limited")
    project_id = project_of(limited)
    group_id = new_group(limited)
    cloud.cloud.store.write(lambda db: db.insert(limits, Limit(project_id, "security_group_rule", 7)))
    made(limited, group_id, **TCP)
    assert refusal(asked(limited, group_id, protocol="udp")) == (409, "OverQuota")


def test_rules_are_filtered_and_sorted(gardener: Client, group_id: str) -> None:
    for port in (25, 80):
        made(gardener, group_id, protocol="tcp", port_range_min=port, port_range_max=port)
    asked_for = {
        "security_group_id": group_id,
        "direction": "ingress",
        "sort_key": "port_range_min",
        "sort_dir": "desc",
    }
    found = gardener.get("network", URL, params=asked_for).json()["security_group_rules"]
    assert [rule["port_range_min"] for rule in found] == [80, 25]
    named = gardener.get("network", URL, params={"security_group_id": group_id, "port_range_min": 25, "fields": "id"})
    assert named.json()["security_group_rules"] == [{"id": found[1]["id"]}]


def test_rules_go_with_the_group_that_they_name(gardener: Client, group_id: str) -> None:
    other = gardener.post("network", GROUPS, json={"security_group": {"name": "others"}}).json()["security_group"]["id"]
    rule = made(gardener, group_id, remote_group_id=other)
    assert gardener.delete("network", f"{GROUPS}/{other}").status_code == 204
    assert refusal(gardener.get("network", f"{URL}/{rule['id']}")) == (404, "SecurityGroupRuleNotFound")
    assert gardener.get("network", f"{GROUPS}/{group_id}").json()["security_group"]["revision_number"] == 2


def test_new_groups_get_what_the_operator_says(cloud: RunningCloud, admin: Client, gardener: Client) -> None:
    path = "/v2.0/default-security-group-rules"
    first = admin.get("network", path).json()["default_security_group_rules"]
    remotes = sorted(
        (rule["direction"], rule["remote_group_id"] or "", rule["used_in_non_default_sg"]) for rule in first
    )
    assert remotes == [("egress", "", True)] * 2 + [("ingress", "PARENT", False)] * 2
    assert gardener.get("network", path).json()["default_security_group_rules"] == first
    body = {"default_security_group_rule": {**TCP, "description": "Doors", "used_in_default_sg": True}}
    assert gardener.post("network", path, json=body).status_code == 403
    answer = admin.post("network", path, json=body)
    assert answer.status_code == 201, answer.text
    rule = answer.json()["default_security_group_rule"]
    assert (rule["used_in_default_sg"], rule["used_in_non_default_sg"], rule["protocol"]) == (True, True, "tcp")
    assert refusal(admin.post("network", path, json=body)) == (409, "DefaultSecurityGroupRuleExists")
    for caller in (gardener, member_of(cloud, admin, "later")):
        found = caller.get("network", f"{GROUPS}/{new_group(caller)}").json()["security_group"]
        assert "tcp" in [one["protocol"] for one in found["security_group_rules"]]
    (default,) = caller.get("network", GROUPS, params={"name": "default"}).json()["security_groups"]
    assert len(default["security_group_rules"]) == 5
    assert gardener.delete("network", f"{path}/{rule['id']}").status_code == 403
    assert admin.get("network", f"{path}/{rule['id']}").json()["default_security_group_rule"] == rule
    assert admin.delete("network", f"{path}/{rule['id']}").status_code == 204
    assert refusal(admin.get("network", f"{path}/{rule['id']}")) == (404, "DefaultSecurityGroupRuleNotFound")


def test_what_an_operator_deletes_stays_deleted(cloud: RunningCloud, admin: Client) -> None:
    path = "/v2.0/default-security-group-rules"
    first = admin.get("network", path, params={"direction": "egress"}).json()["default_security_group_rules"][0]
    assert admin.delete("network", f"{path}/{first['id']}").status_code == 204
    cloud.cloud.store.write(sow)
    assert refusal(admin.get("network", f"{path}/{first['id']}")) == (404, "DefaultSecurityGroupRuleNotFound")
    words = {name: first[name] for name in ("direction", "ethertype", "description")}
    body = {"default_security_group_rule": {**words, "used_in_default_sg": True}}
    assert admin.post("network", path, json=body).status_code == 201


def test_the_openstack_client_manages_rules(cloud: RunningCloud) -> None:
    cli = OpenStackCli(cloud)
    assert cli.run("security group create all-port").code == 0
    icmp = cli.json("security group rule create --remote-ip 0.0.0.0/0 --protocol icmp all-port")
    assert icmp.keys() >= {
        *("created_at", "description", "direction", "ether_type", "id", "port_range_max", "port_range_min"),
        *("project_id", "protocol", "remote_group_id", "remote_ip_prefix", "remote_address_group_id"),
        *("revision_number", "security_group_id", "updated_at", "belongs_to_default_sg", "normalized_cidr"),
    }
    ssh = cli.json("security group rule create --protocol tcp --dst-port 22:22 all-port")
    assert (ssh["direction"], ssh["ether_type"], ssh["port_range_min"]) == ("ingress", "IPv4", 22)
    found = cli.json("security group rule list all-port --long")
    assert list(found[0]) == [
        *("ID", "IP Protocol", "Ethertype", "IP Range", "Port Range", "Direction"),
        *("Remote Security Group", "Remote Address Group"),
    ]
    assert {rule["Port Range"] for rule in found} == {"", "22:22"}
    assert cli.json(f"security group rule show {ssh['id']}")["id"] == ssh["id"]
    assert cli.run(f"security group rule delete {ssh['id']}").code == 0
    template = cli.json("default security group rule create --protocol udp --dst-port 53 --for-default-sg")
    assert (template["protocol"], template["used_in_default_sg"]) == ("udp", True)
    found = cli.json("default security group rule list")
    assert "PARENT" in [rule["Remote Security Group"] for rule in found]
    assert cli.json(f"default security group rule show {template['id']}")["port_range_min"] == 53
    assert cli.run(f"default security group rule delete {template['id']}").code == 0
