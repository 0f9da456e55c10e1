from collections.abc import Sequence

from sqlalchemy import ColumnElement, bindparam

from haneul.kernel.db import Db, Query, by, columns_of, unique
from haneul.kernel.db.listing import Clause, Listing
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.services.network.address_groups import logic as address_groups
from haneul.services.network.lists import Asked, fetched
from haneul.services.network.owners import Viewer
from haneul.services.network.quotas.logic import take_one
from haneul.services.network.security_group_rules.patterns import Pattern, pattern_of
from haneul.services.network.security_group_rules.schemas import RuleCreate
from haneul.services.network.security_groups import logic as groups
from haneul.services.network.security_groups import wiring
from haneul.services.network.security_groups.models import (
    DEFAULT,
    SecurityGroup,
    SecurityGroupRule,
    security_group_rules,
)
from haneul.services.network.standard import standard_values
from haneul.services.network.tags import logic as tags

BY_ID = by(SecurityGroupRule, security_group_rules, "id")
ALIKE = by(SecurityGroupRule, security_group_rules, "security_group_id", "fingerprint")
MANY_ALIKE = Query(
    SecurityGroupRule,
    columns_of(SecurityGroupRule, security_group_rules).where(
        security_group_rules.c.security_group_id == bindparam("security_group_id"),
        security_group_rules.c.fingerprint.in_(bindparam("fingerprints", expanding=True)),
    ),
)
SORTED_BY = (
    "id",
    "project_id",
    "security_group_id",
    "direction",
    "ethertype",
    "protocol",
    "port_range_min",
    "port_range_max",
    "remote_ip_prefix",
    "remote_group_id",
    "remote_address_group_id",
)
LISTING = Listing(
    SecurityGroupRule,
    security_group_rules,
    filters={
        name: security_group_rules.c[name]
        for name in (*SORTED_BY, "description", "revision_number", "belongs_to_default_sg")
    },
    sorts={name: security_group_rules.c[name] for name in (*SORTED_BY, "created_at", "updated_at")},
    default_sort=(("id", "asc"),),
)


def get(db: Db, rule_id: str, viewer: Viewer | None = None) -> SecurityGroupRule:
    """The rule, if there is one that the viewer may see; NotFound."""
    rule = db.one(BY_ID, id=rule_id)
    if rule is None or not (viewer is None or viewer.is_admin or rule.project_id == viewer.project_id):
        raise NotFound("Security group rule {id} does not exist", kind="SecurityGroupRuleNotFound", id=rule_id)
    return rule


def list_(db: Db, viewer: Viewer, wanted: Asked, clauses: Sequence[Clause]) -> list[SecurityGroupRule]:
    seen = [] if viewer.is_admin else [_owned(viewer.project_id)]
    return fetched(db, LISTING, wanted, [*seen, *clauses])


def _owned(project_id: str) -> Clause:
    def build() -> ColumnElement[bool]:
        return security_group_rules.c.project_id == bindparam("rule_viewer")

    return Clause("owned", build, {"rule_viewer": project_id}, is_bound=True)


def create(db: Db, group: SecurityGroup, wanted: Sequence[RuleCreate], viewer: Viewer) -> list[SecurityGroupRule]:
    """Insert rules of one group, all or none; OverQuota, BadRequest, or Conflict for one that the group has."""
    patterns = [pattern_of(one) for one in wanted]
    named = {name for pattern in patterns for name in (pattern.remote_group_id, pattern.remote_address_group_id)}
    _refuse_unknown(db, group, patterns, viewer)
    take_one(db, group.project_id, groups.RULE_QUOTA, len(wanted))
    _refuse_known(db, group, [pattern.fingerprint for pattern in patterns])
    rows = [_row(group, one, pattern) for one, pattern in zip(wanted, patterns, strict=True)]
    with unique("Security group rule already exists."):
        db.insert_all(security_group_rules, rows)
    groups.CHANGES.bump(db, group.id)
    wiring.rules_came(db, group.id, named)
    return rows


def refuse_several_groups(wanted: Sequence[RuleCreate]) -> None:
    """BadRequest unless all rules of a request are for one group and one project."""
    if len({one.security_group_id for one in wanted}) > 1:
        raise BadRequest(
            "Only allowed to update rules for one security profile at a time", kind="SecurityGroupNotSingleGroupRules"
        )
    if len({(one.project_id, one.tenant_id) for one in wanted}) > 1:
        raise BadRequest(
            "Multiple project_ids in bulk security group rule create not allowed",
            kind="SecurityGroupRulesNotSingleProject",
        )


def _refuse_unknown(db: Db, group: SecurityGroup, patterns: Sequence[Pattern], viewer: Viewer) -> None:
    """NotFound for a remote group that the group's project can't use; an admin may name any."""
    watching = Viewer(group.project_id, viewer.is_admin)
    for group_id in {pattern.remote_group_id for pattern in patterns} - {"", group.id}:
        groups.get(db, group_id, watching)
        groups.hold(db, group_id)
    for group_id in {pattern.remote_address_group_id for pattern in patterns} - {""}:
        address_groups.get(db, group_id, watching)


def _refuse_known(db: Db, group: SecurityGroup, fingerprints: Sequence[str]) -> None:
    if len(set(fingerprints)) < len(fingerprints):
        raise Conflict("Duplicate Security Group Rule in POST.", kind="DuplicateSecurityGroupRuleInPost")
    if len(fingerprints) == 1:
        known = db.one(ALIKE, security_group_id=group.id, fingerprint=fingerprints[0])
    else:
        known = next(iter(db.all(MANY_ALIKE, security_group_id=group.id, fingerprints=list(fingerprints))), None)
    if known is not None:
        raise Conflict(
            "Security group rule already exists. Rule id is {id}.", kind="SecurityGroupRuleExists", id=known.id
        )


def _row(group: SecurityGroup, wanted: RuleCreate, pattern: Pattern) -> SecurityGroupRule:
    return SecurityGroupRule(
        **standard_values(group.project_id, wanted.description),
        **pattern.columns,
        security_group_id=group.id,
        belongs_to_default_sg=group.name == DEFAULT,
    )


def delete(db: Db, rule: SecurityGroupRule) -> None:
    """Delete a rule: what only it let through is cut."""
    db.delete(security_group_rules, id=rule.id)
    tags.forget(db, groups.RULES_PLURAL, rule.id)
    groups.CHANGES.bump(db, rule.security_group_id)
    wiring.rules_went(db, rule.security_group_id, {rule.remote_group_id, rule.remote_address_group_id})
