"""The group that every project has."""

from haneul.kernel.db import Db, by
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
FAMILIES = ("IPv4", "IPv6")


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
    db.insert_all(security_group_rules, [*initial_rules(group), *_among_members(group)])
    return group.id


def initial_rules(group: SecurityGroup) -> list[SecurityGroupRule]:
    """What every new group lets through: all that its ports send."""
    return [_rule(group, "egress", family, "") for family in FAMILIES]


def _among_members(group: SecurityGroup) -> list[SecurityGroupRule]:
    return [_rule(group, "ingress", family, group.id) for family in FAMILIES]


def _rule(group: SecurityGroup, direction: str, family: str, remote_group_id: str) -> SecurityGroupRule:
    return SecurityGroupRule(
        **standard_values(group.project_id),
        security_group_id=group.id,
        direction=direction,
        ethertype=family,
        protocol="",
        port_range_min=-1,
        port_range_max=-1,
        remote_ip_prefix="",
        remote_group_id=remote_group_id,
        remote_address_group_id="",
        belongs_to_default_sg=group.name == DEFAULT,
    )
