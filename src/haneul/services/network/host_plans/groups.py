"""What hosts filter by: the rules of security groups, and the addresses of groups that rules name."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Json
from haneul.kernel.reconcile.plans import PlanSource
from haneul.services.network.address_groups.logic import addresses_of
from haneul.services.network.drivers.base import GroupPlan, GroupRule
from haneul.services.network.placements import logic as placements
from haneul.services.network.placements.models import Placement
from haneul.services.network.ports.models import fixed_ips, port_groups, ports
from haneul.services.network.security_group_rules.patterns import EVERYWHERE, normalized
from haneul.services.network.security_group_rules.protocols import number
from haneul.services.network.security_group_rules.schemas import said
from haneul.services.network.security_groups.logic import RULES_OF
from haneul.services.network.security_groups.models import SecurityGroupRule, security_group_rules, security_groups

MANY = 500
STATES = select(security_groups.c.id, security_groups.c.stateful).where(
    security_groups.c.id.in_(bindparam("ids", expanding=True))
)
NAMED = (
    select(security_group_rules.c.remote_group_id)
    .where(security_group_rules.c.remote_group_id.in_(bindparam("ids", expanding=True)))
    .distinct()
)
IN_GROUPS = port_groups.c.security_group_id.in_(bindparam("ids", expanding=True))
ADDRESSES = (
    select(port_groups.c.security_group_id, fixed_ips.c.address)
    .join(fixed_ips, fixed_ips.c.port_id == port_groups.c.port_id)
    .where(IN_GROUPS)
)
PAIRS = (
    select(port_groups.c.security_group_id, ports.c.allowed_address_pairs)
    .join(ports, ports.c.id == port_groups.c.port_id)
    .where(IN_GROUPS, ports.c.allowed_address_pairs != bindparam("none", [], type_=Json))
)


def wanted_on(db: Db, host: str, ids: Sequence[str]) -> Iterable[GroupPlan]:
    """The security groups and address groups that a host needs."""
    placed = placements.on_host(db, "group", host, ids)
    for start in range(0, len(placed), MANY):
        yield from _plans(db, placed[start : start + MANY])


def _plans(db: Db, placed: Sequence[Placement]) -> Iterable[GroupPlan]:
    ids = [one.id for one in placed]
    states: dict[str, bool] = {row.id: row.stateful for row in db.tuples(STATES, ids=ids)}
    rules: dict[str, list[SecurityGroupRule]] = defaultdict(list)
    for rule in db.all(RULES_OF, ids=ids):
        rules[rule.security_group_id].append(rule)
    members = _members(db, [group_id for (group_id,) in db.tuples(NAMED, ids=ids)])
    addresses = addresses_of(db, [group_id for group_id in ids if group_id not in states])
    for one in placed:
        yield GroupPlan(
            id=one.id,
            generation=one.generation,
            # Rules that differ in words alone are one to a filter.
            rules=tuple(dict.fromkeys(rule_plan(rule) for rule in rules[one.id])),
            members=tuple(sorted(members[one.id])) if one.id in states else tuple(addresses[one.id]),
            is_stateful=states.get(one.id, True),
            request_id=one.request_id,
        )


def _members(db: Db, named: Sequence[str]) -> Mapping[str, set[str]]:
    """What ports of these groups send from: their own addresses, and those that they may speak as beside."""
    found: dict[str, set[str]] = defaultdict(set)
    if named:
        for group_id, address in db.tuples(ADDRESSES, ids=named):
            found[group_id].add(address)
        for group_id, pairs in db.tuples(PAIRS, ids=named):
            found[group_id].update(pair["ip_address"] for pair in pairs)
    return found


def rule_plan(rule: SecurityGroupRule) -> GroupRule:
    prefix = normalized(rule.remote_ip_prefix)
    return GroupRule(
        direction=rule.direction,  # type: ignore[arg-type]
        version=6 if rule.ethertype == "IPv6" else 4,
        # To filters that Neutron drives, protocol 0 is every protocol.
        protocol=number(rule.protocol) or None,
        first=said(rule.port_range_min),
        last=said(rule.port_range_max),
        prefix="" if prefix in EVERYWHERE else prefix,
        remote_group=rule.remote_group_id,
        address_group=rule.remote_address_group_id,
    )


GROUP_PLANS = PlanSource("group", wanted_on, placements.heard_by("group"))
