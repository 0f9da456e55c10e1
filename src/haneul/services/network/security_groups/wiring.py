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
HAS_MEMBER = (
    select(ports.c.id)
    .join(port_groups, port_groups.c.port_id == ports.c.id)
    .where(port_groups.c.security_group_id == bindparam("group_id"), ports.c.host == bindparam("host"))
    .limit(1)
)
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
        for named in _named_by(db, group_id):
            placements.put(db, "group", named, host)


def left(db: Db, host: str, group_ids: Collection[str]) -> None:
    """Ports with these groups have left the host: what no other port there needs goes."""
    named = {name for group_id in group_ids for name in _named_by(db, group_id)}
    for group_id in {*group_ids, *named}:
        if not is_needed(db, host, group_id):
            placements.take_away(db, "group", group_id, host)


def is_needed(db: Db, host: str, group_id: str) -> bool:
    """Whether a port of the host has the group, or one whose rules name it."""
    holders = [group_id, *(holder for (holder,) in db.tuples(NAMES_IT, group_id=group_id))]
    return any(db.value(HAS_MEMBER, group_id=holder, host=host) is not None for holder in holders)


def members_changed(db: Db, group_ids: Collection[str]) -> None:
    """Which ports have these groups, or their addresses, has changed: who filters by members must know."""
    for group_id in group_ids:
        if db.value(NAMES_IT, group_id=group_id) is not None:
            placements.changed(db, "group", group_id)


def _named_by(db: Db, group_id: str) -> set[str]:
    return {name for row in db.tuples(NAMED_BY, group_id=group_id) for name in row if name}
