"""Which hosts need which security groups: those of their ports, and those that the rules of these name."""

from collections.abc import Collection

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db
from haneul.services.network.placements import logic as placements
from haneul.services.network.ports.models import port_groups, ports
from haneul.services.network.security_groups.models import security_group_rules as rules

NAMED_BY = (
    select(rules.c.remote_group_id, rules.c.remote_address_group_id)
    .where(rules.c.security_group_id == bindparam("group_id"))
    .distinct()
)
MEMBERS = (
    select(ports.c.host)
    .join(port_groups, port_groups.c.port_id == ports.c.id)
    .where(port_groups.c.security_group_id == bindparam("group_id"), ports.c.vif_type == "bridge")
)
HAS_MEMBER = MEMBERS.where(ports.c.host == bindparam("host")).limit(1)
MEMBER_HOSTS = MEMBERS.distinct()
NAMES_IT = (
    select(rules.c.security_group_id)
    .where(
        (rules.c.remote_group_id == bindparam("group_id")) | (rules.c.remote_address_group_id == bindparam("group_id"))
    )
    .distinct()
)


def joined(db: Db, host: str, group_ids: Collection[str]) -> None:
    """Ports with these groups are on the host now."""
    for group_id in group_ids:
        placements.put(db, "group", group_id, host)
        for named in named_by(db, group_id):
            placements.put(db, "group", named, host)


def left(db: Db, host: str, group_ids: Collection[str]) -> None:
    """Ports with these groups have left the host: what no other port there needs goes."""
    named = {name for group_id in group_ids for name in named_by(db, group_id)}
    for group_id in {*group_ids, *named}:
        _take_unneeded(db, host, group_id)


def is_needed(db: Db, host: str, group_id: str) -> bool:
    """Whether a port of the host has the group, or one whose rules name it."""
    holders = {group_id, *(holder for (holder,) in db.tuples(NAMES_IT, group_id=group_id))}
    return any(db.value(HAS_MEMBER, group_id=holder, host=host) is not None for holder in holders)


def members_changed(db: Db, group_ids: Collection[str]) -> None:
    """Which ports have these groups, or their addresses, has changed: who filters by members must know."""
    for group_id in group_ids:
        if placements.hosts_of(db, "group", group_id) and db.value(NAMES_IT, group_id=group_id) is not None:
            placements.changed(db, "group", group_id)


def rules_came(db: Db, group_id: str, named: Collection[str]) -> None:
    """The group has rules more, which name these others: where its ports are, those are needed too."""
    others = {one for one in named if one and one != group_id}
    if others:
        hosts = _member_hosts(db, group_id)
        for other in others:
            # Hosts that have it for their own ports' sake may not know yet who is in it.
            placements.changed(db, "group", other)
            for host in hosts:
                placements.put(db, "group", other, host)
    placements.changed(db, "group", group_id)


def rules_went(db: Db, group_id: str, named: Collection[str]) -> None:
    """The group has rules less, which named these others: what nobody needs on a host any more goes."""
    placements.changed(db, "group", group_id)
    others = {one for one in named if one and one != group_id}
    hosts = _member_hosts(db, group_id) if others else []
    for other in others:
        for host in hosts:
            _take_unneeded(db, host, other)
        if db.value(NAMES_IT, group_id=other) is None:
            placements.changed(db, "group", other)


def named_by(db: Db, group_id: str) -> set[str]:
    """The security groups and address groups that a group's rules name."""
    return {name for row in db.tuples(NAMED_BY, group_id=group_id) for name in row if name}


def _member_hosts(db: Db, group_id: str) -> list[str]:
    return [host for (host,) in db.tuples(MEMBER_HOSTS, group_id=group_id)]


def _take_unneeded(db: Db, host: str, group_id: str) -> None:
    if not is_needed(db, host, group_id):
        placements.take_away(db, "group", group_id, host)
