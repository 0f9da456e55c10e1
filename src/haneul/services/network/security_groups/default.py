"""The group that every project has, and the rules that new groups have."""

from collections.abc import Sequence

from msgspec import structs
from sqlalchemy import func, select

from haneul.kernel.db import Db, Query, by, columns_of
from haneul.services.network.default_security_group_rules.models import PARENT, DefaultRule, default_rules
from haneul.services.network.security_group_rules.patterns import pattern_in
from haneul.services.network.security_groups.models import (
    DEFAULT,
    DefaultGroup,
    SecurityGroup,
    SecurityGroupRule,
    default_groups,
    security_group_rules,
    security_groups,
)
from haneul.services.network.standard import standard_values

OF_PROJECT = by(DefaultGroup, default_groups, "project_id")
ALL_RULES = columns_of(DefaultRule, default_rules).order_by(default_rules.c.direction, default_rules.c.ethertype)
IN_DEFAULT = Query(DefaultRule, ALL_RULES.where(default_rules.c.used_in_default_sg.is_(True)))
IN_OTHERS = Query(DefaultRule, ALL_RULES.where(default_rules.c.used_in_non_default_sg.is_(True)))
MANY_IN_OTHERS = select(func.count()).where(default_rules.c.used_in_non_default_sg.is_(True))


def has_default(db: Db, project_id: str) -> bool:
    return db.one(OF_PROJECT, project_id=project_id) is not None


def default_of(db: Db, project_id: str) -> str:
    """The id of the project's default group, which is made if the project has none yet."""
    found = db.one(OF_PROJECT, project_id=project_id)
    return found.security_group_id if found is not None else _make(db, project_id)


def _make(db: Db, project_id: str) -> str:
    values = standard_values(project_id, "Default security group")
    db.insert_missing(default_groups, DefaultGroup(project_id, values["id"]))
    standing = db.one(OF_PROJECT, project_id=project_id)
    assert standing is not None
    if standing.security_group_id != values["id"]:
        # Another request made it in the same moment.
        return standing.security_group_id
    group = SecurityGroup(**values, name=DEFAULT, stateful=True)
    db.insert(security_groups, group)
    _write_rules(db, group, db.all(IN_DEFAULT))
    return group.id


def rules_of_new(db: Db) -> int:
    """How many rules a new group gets."""
    return int(db.value(MANY_IN_OTHERS))


def write_first_rules(db: Db, group: SecurityGroup) -> None:
    """Give a new group the rules that new groups get."""
    _write_rules(db, group, db.all(IN_OTHERS))


def _write_rules(db: Db, group: SecurityGroup, wanted: Sequence[DefaultRule]) -> None:
    db.insert_all(security_group_rules, [_rule(group, one) for one in wanted])


def _rule(group: SecurityGroup, wanted: DefaultRule) -> SecurityGroupRule:
    pattern = pattern_in(wanted)
    if pattern.remote_group_id == PARENT:
        pattern = structs.replace(pattern, remote_group_id=group.id)
    return SecurityGroupRule(
        **standard_values(group.project_id),
        **pattern.columns,
        security_group_id=group.id,
        belongs_to_default_sg=group.name == DEFAULT,
    )
