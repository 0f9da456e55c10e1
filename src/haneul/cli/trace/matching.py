"""Which rule of a port's security groups lets a packet through, and the command that would make one."""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address, ip_network

from msgspec import Struct

from haneul.cli.trace.values import ADDRESS_BITS, ECHO_REQUEST, Packet
from haneul.kernel.db import Db
from haneul.services.network.address_groups.logic import addresses_of
from haneul.services.network.drivers.base import Direction, GroupRule
from haneul.services.network.host_plans.groups import ADDRESSES, PAIRS, rule_plan
from haneul.services.network.security_groups.logic import BY_ID, RULES_OF
from haneul.services.network.security_groups.models import SecurityGroup, SecurityGroupRule

PING_CODE = 0
ICMPS = (1, 58)


class Match(Struct, frozen=True, kw_only=True):
    """A rule that lets the packet through, as the row has it and as hosts are told it."""

    group: SecurityGroup
    row: SecurityGroupRule
    plan: GroupRule

    @property
    def text(self) -> str:
        return f"rule {self.row.id} of security group {self.group.name} ({_words(self.row)})"


def groups_with(db: Db, group_ids: Sequence[str]) -> list[SecurityGroup]:
    found = (db.one(BY_ID, id=group_id) for group_id in sorted(group_ids))
    return [group for group in found if group is not None]


def first_match(db: Db, groups: Sequence[SecurityGroup], direction: Direction, packet: Packet) -> Match | None:
    """The first rule of these groups that lets the packet through in this direction; None if none does."""
    by_id = {group.id: group for group in groups}
    for row in db.all(RULES_OF, ids=list(by_id)) if by_id else []:
        plan = rule_plan(row)
        if row.direction == direction and matches(db, plan, packet):
            return Match(group=by_id[row.security_group_id], row=row, plan=plan)
    return None


def matches(db: Db, rule: GroupRule, packet: Packet) -> bool:
    """Whether a rule of the packet's direction speaks of this packet."""
    if rule.version != packet.version or rule.protocol not in (None, packet.number):
        return False
    return _is_of_ports(rule, packet) and _is_of_remote(db, rule, _other_end(rule, packet))


def _is_of_ports(rule: GroupRule, packet: Packet) -> bool:
    if rule.first is None:
        return True
    if rule.protocol in ICMPS:
        return rule.first == ECHO_REQUEST[packet.version] and rule.last in (None, PING_CODE)
    last = rule.first if rule.last is None else rule.last
    return packet.port is not None and rule.first <= packet.port <= last


def _other_end(rule: GroupRule, packet: Packet) -> str:
    return packet.destination if rule.direction == "egress" else packet.source


def _is_of_remote(db: Db, rule: GroupRule, address: str) -> bool:
    if rule.prefix:
        return _is_in(address, [rule.prefix])
    if rule.remote_group:
        return _is_in(address, _members(db, rule.remote_group))
    if rule.address_group:
        return _is_in(address, addresses_of(db, [rule.address_group])[rule.address_group])
    return True


def _members(db: Db, group_id: str) -> Iterable[str]:
    """What the ports of a group send from: their own addresses, and those that they may speak as beside."""
    yield from (address for _, address in db.tuples(ADDRESSES, ids=[group_id]))
    for _, pairs in db.tuples(PAIRS, ids=[group_id]):
        yield from (pair["ip_address"] for pair in pairs)


def _is_in(address: str, networks: Iterable[str]) -> bool:
    wanted = ip_address(address)
    return any(wanted in ip_network(network, strict=False) for network in networks)


def rule_command(direction: Direction, packet: Packet, group_id: str) -> str:
    """The command that makes a rule for just this packet."""
    other = packet.destination if direction == "egress" else packet.source
    words = ["openstack security group rule create", f"--{direction}", f"--ethertype IPv{packet.version}"]
    words.append(f"--protocol {packet.name}")
    if packet.port is not None:
        words.append(f"--dst-port {packet.port}")
    words.append(f"--remote-ip {other}/{ADDRESS_BITS[packet.version]}")
    return " ".join([*words, group_id])


def _words(row: SecurityGroupRule) -> str:
    """A rule as people say it."""
    words = [row.direction, row.ethertype, row.protocol or "any protocol"]
    if row.port_range_min >= 0:
        first, last = row.port_range_min, row.port_range_max
        words.append(str(first) if last in (first, -1) else f"{first}-{last}")
    way = "to" if row.direction == "egress" else "from"
    remote = row.remote_ip_prefix or row.remote_group_id or row.remote_address_group_id or "anywhere"
    return " ".join([*words, way, remote])
