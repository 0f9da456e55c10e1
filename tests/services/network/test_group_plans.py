"""What hosts are told to filter by, and when."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import event
from tests.support.cloud import Client, RunningCloud
from tests.support.members import member_of, project_of

from haneul.services.network.agents import hosts
from haneul.services.network.drivers.base import GroupPlan, GroupRule, HostNetwork
from haneul.services.network.host_plans.groups import GROUP_PLANS
from haneul.services.network.networks import logic as networks
from haneul.services.network.ports import logic as ports
from haneul.services.network.ports.models import FixedIp, fixed_ips
from haneul.services.network.wire import NetworkReport

GROUPS, RULES, ADDRESS_GROUPS = "/v2.0/security-groups", "/v2.0/security-group-rules", "/v2.0/address-groups"
HOSTS = ("east", "west")
EGRESS = (GroupRule(direction="egress", version=4), GroupRule(direction="egress", version=6))


class Site:
    """A project with a network and ports on hosts."""

    def __init__(self, cloud: RunningCloud, caller: Client) -> None:
        self.cloud, self.caller, self.project_id = cloud, caller, project_of(caller)
        made = caller.post("network", "/v2.0/networks", json={"network": {"name": "garden"}})
        self.network_id: str = made.json()["network"]["id"]
        subnet = {"network_id": self.network_id, "ip_version": 4, "cidr": "10.0.0.0/16", "enable_dhcp": False}
        made = caller.post("network", "/v2.0/subnets", json={"subnet": subnet})
        self.subnet_id: str = made.json()["subnet"]["id"]
        self._next = 1

    def group(self, **words: Any) -> str:
        answer = self.caller.post("network", GROUPS, json={"security_group": {"name": "doors", **words}})
        assert answer.status_code == 201, answer.text
        found: str = answer.json()["security_group"]["id"]
        return found

    def address_group(self, *addresses: str) -> str:
        body = {"address_group": {"name": "sheds", "addresses": addresses}}
        found: str = self.caller.post("network", ADDRESS_GROUPS, json=body).json()["address_group"]["id"]
        return found

    def rule(self, group_id: str, **words: Any) -> str:
        body = {"security_group_rule": {"security_group_id": group_id, "direction": "ingress", **words}}
        answer = self.caller.post("network", RULES, json=body)
        assert answer.status_code == 201, answer.text
        found: str = answer.json()["security_group_rule"]["id"]
        return found

    def drop(self, rule_id: str) -> None:
        assert self.caller.delete("network", f"{RULES}/{rule_id}").status_code == 204

    def port(self, host: str, group_ids: Sequence[str], pairs: Sequence[dict[str, str]] = ()) -> tuple[str, str]:
        """The id of a new port on a host, and its address."""
        address = f"10.0.{self._next // 250}.{self._next % 250 + 2}"
        self._next += 1

        def body(db: Any) -> str:
            network = networks.get(db, self.network_id)
            new = ports.NewPort(
                network=network, project_id=self.project_id, wanted=[], groups=list(group_ids), pairs=list(pairs)
            )
            port = ports.create(db, new)
            db.insert(fixed_ips, FixedIp(self.subnet_id, address, port.id, 0))
            ports.bind(db, port, network, host)
            return port.id

        return self.cloud.cloud.store.write(body), address

    def remove_port(self, port_id: str) -> None:
        self.cloud.cloud.store.write(lambda db: ports.delete(db, ports.get(db, port_id)))

    def plans(self, host: str, *ids: str) -> dict[str, GroupPlan]:
        """What the host is told of these groups, or of all."""
        return {plan.id: plan for plan in self.cloud.cloud.store.read(lambda db: told(db, host, ids))}


def told(db: Any, host: str, ids: Sequence[str]) -> list[GroupPlan]:
    return [plan for plan in GROUP_PLANS.wanted(db, host, ids) if isinstance(plan, GroupPlan)]


@pytest.fixture(scope="module")
def gardener(cloud: RunningCloud, admin: Client) -> Client:
    carried = HostNetwork(types=("vxlan",), tunnel_ip="192.0.2.1")

    def heard(db: Any) -> None:
        for host in HOSTS:
            hosts.heard(db, NetworkReport(host, carried, 0.0), lambda _db, _host: None)

    cloud.cloud.store.write(heard)
    return member_of(cloud, admin, "garden")


@pytest.fixture
def site(cloud: RunningCloud, gardener: Client) -> Iterator[Site]:
    made = Site(cloud, gardener)
    yield made
    left = gardener.get("network", "/v2.0/ports", params={"network_id": made.network_id}).json()["ports"]
    for port in left:
        made.remove_port(port["id"])
    for group in gardener.get("network", GROUPS, params={"name": "doors"}).json()["security_groups"]:
        gardener.delete("network", f"{GROUPS}/{group['id']}")
    gardener.delete("network", f"/v2.0/networks/{made.network_id}")


def test_rules_are_told_in_numbers(site: Site) -> None:
    group_id = site.group(stateful=False)
    site.port("east", [group_id])
    for words in (
        {"protocol": "tcp", "port_range_min": 22, "port_range_max": 23, "remote_ip_prefix": "10.0.0.5/24"},
        {"protocol": "icmp", "port_range_min": 8, "port_range_max": 0, "remote_ip_prefix": "0.0.0.0/0"},
        {"protocol": "icmp", "ethertype": "IPv6", "port_range_min": 128},
        {"protocol": "vrrp", "direction": "egress"},
        {"protocol": "ip"},
        {"protocol": "any"},
    ):
        site.rule(group_id, **words)
    (plan,) = site.plans("east").values()
    assert not plan.is_stateful
    assert set(plan.rules) == {
        *EGRESS,
        GroupRule(direction="ingress", version=4, protocol=6, first=22, last=23, prefix="10.0.0.0/24"),
        GroupRule(direction="ingress", version=4, protocol=1, first=8, last=0),
        GroupRule(direction="ingress", version=6, protocol=58, first=128),
        GroupRule(direction="egress", version=4, protocol=112),
        GroupRule(direction="ingress", version=4),
    }
    assert len(plan.rules) == len(set(plan.rules))
    assert plan.members == ()


def test_members_are_told_of_groups_that_a_rule_names(site: Site) -> None:
    door, named = site.group(), site.group()
    site.port("east", [door])
    mine = [{"ip_address": "10.9.0.0/24", "mac_address": "fa:16:3e:00:00:01"}]
    _, first = site.port("west", [named], mine)
    _, second = site.port("west", [named])
    assert site.plans("east").keys() == {door}
    before = site.plans("west")[named]
    assert before.members == ()
    rule_id = site.rule(door, remote_group_id=named)
    everyone = tuple(sorted(("10.9.0.0/24", first, second)))
    assert site.plans("east")[named].members == everyone
    assert site.plans("west")[named].members == everyone
    assert site.plans("west")[named].generation > before.generation
    assert GroupRule(direction="ingress", version=4, remote_group=named) in site.plans("east")[door].rules
    site.drop(rule_id)
    assert site.plans("east").keys() == {door}
    assert site.plans("west")[named].members == ()


def test_a_named_group_stays_while_another_rule_or_port_needs_it(site: Site) -> None:
    door, gate, named = site.group(), site.group(), site.group()
    gate_port, _ = site.port("east", [gate])
    site.port("east", [door])
    first = site.rule(door, remote_group_id=named)
    site.rule(door, remote_group_id=named, protocol="tcp")
    site.rule(gate, remote_group_id=named)
    site.drop(first)
    assert site.plans("east").keys() == {door, gate, named}
    site.remove_port(gate_port)
    assert site.plans("east").keys() == {door, named}


def test_members_that_come_and_go_are_told(site: Site) -> None:
    door, named = site.group(), site.group()
    site.rule(door, remote_group_id=named)
    site.port("east", [door])
    before = site.plans("east")[named]
    port_id, address = site.port("west", [named])
    after = site.plans("east")[named]
    assert (before.members, after.members) == ((), (address,))
    assert after.generation > before.generation
    site.remove_port(port_id)
    assert site.plans("east")[named].members == ()
    assert site.plans("west") == {}


def test_every_change_of_rules_is_told(site: Site) -> None:
    group_id = site.group()
    site.port("east", [group_id])
    generations = [site.plans("east")[group_id].generation]

    def changed() -> bool:
        generations.append(site.plans("east", group_id)[group_id].generation)
        return generations[-1] > generations[-2]

    rule_id = site.rule(group_id, protocol="tcp")
    assert changed()
    site.drop(rule_id)
    assert changed()
    assert site.plans("east")[group_id].rules == EGRESS
    named = {"security_group": {"name": "doors", "description": "New paint"}}
    site.caller.put("network", f"{GROUPS}/{group_id}", json=named)
    assert not changed()


def test_a_deleted_group_is_told_nowhere(site: Site) -> None:
    door, named = site.group(), site.group()
    site.port("east", [door])
    site.rule(door, remote_group_id=named)
    assert site.plans("east").keys() == {door, named}
    before = site.plans("east")[door]
    assert site.caller.delete("network", f"{GROUPS}/{named}").status_code == 204
    assert site.plans("east").keys() == {door}
    after = site.plans("east")[door]
    assert (after.rules, after.generation > before.generation) == (EGRESS, True)


def test_address_groups_are_told_where_a_rule_names_them(site: Site) -> None:
    door, sheds = site.group(), site.address_group("10.7.0.0/16", "10.8.0.1/32")
    site.port("east", [door])
    rule_id = site.rule(door, remote_address_group_id=sheds)
    before = site.plans("east")[sheds]
    assert (before.rules, before.members) == ((), ("10.7.0.0/16", "10.8.0.1/32"))
    site.caller.put("network", f"{ADDRESS_GROUPS}/{sheds}/add_addresses", json={"addresses": ["10.9.0.0/16"]})
    after = site.plans("east")[sheds]
    assert after.members == ("10.7.0.0/16", "10.8.0.1/32", "10.9.0.0/16")
    assert after.generation > before.generation
    site.drop(rule_id)
    assert site.plans("east").keys() == {door}


def test_many_groups_take_no_more_queries_than_one(site: Site) -> None:
    names = [site.group() for _ in range(4)]
    for group_id in names:
        site.rule(group_id, remote_group_id=group_id)
    site.port("east", names[:1])
    few = _queries(site, "east")
    for group_id in names[1:]:
        site.port("east", [group_id])
    assert len(site.plans("east")) == 4
    assert _queries(site, "east") == few


def _queries(site: Site, host: str) -> int:
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    def body(db: Any) -> None:
        event.listen(db.connection, "before_cursor_execute", note)
        try:
            told(db, host, ())
        finally:
            event.remove(db.connection, "before_cursor_execute", note)

    site.cloud.cloud.store.read(body)
    assert said
    return len(said)
