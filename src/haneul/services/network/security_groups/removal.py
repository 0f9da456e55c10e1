"""A security group goes with its rules, and with the rules of others that name it, but not while a port has it."""

from haneul.kernel.db import Db, by
from haneul.kernel.errors import Conflict
from haneul.services.network.default_security_group_rules.models import default_rules
from haneul.services.network.placements import logic as placements
from haneul.services.network.rbac import sharing
from haneul.services.network.security_groups import wiring
from haneul.services.network.security_groups.logic import (
    CHANGES,
    GROUP,
    PLURAL,
    RULES_OF,
    RULES_PLURAL,
    hold,
    refuse_in_use,
)
from haneul.services.network.security_groups.models import (
    DEFAULT,
    SecurityGroup,
    SecurityGroupRule,
    default_groups,
    security_group_rules,
    security_groups,
)
from haneul.services.network.tags import logic as tags

NAMING = by(SecurityGroupRule, security_group_rules, "remote_group_id")


def delete(db: Db, group: SecurityGroup, *, by_admin: bool) -> None:
    """Delete a group; Conflict while a port has it, and for a project's default group, which only an admin deletes."""
    hold(db, group.id)
    refuse_in_use(db, group.id)
    if group.name == DEFAULT:
        if not by_admin:
            raise Conflict(
                "Insufficient rights for removing default security group.", kind="SecurityGroupCannotRemoveDefault"
            )
        db.delete(default_groups, project_id=group.project_id)
    named = wiring.named_by(db, group.id)
    _delete_rules(db, group.id)
    db.delete(security_groups, id=group.id)
    sharing.forget(db, GROUP, group.id)
    tags.forget(db, PLURAL, group.id)
    wiring.rules_went(db, group.id, named)
    placements.take_away_everywhere(db, "group", group.id)


def _delete_rules(db: Db, group_id: str) -> None:
    """Its own rules, and those of other groups that let its members through: without it they let nobody through."""
    of_others = [rule for rule in db.all(NAMING, remote_group_id=group_id) if rule.security_group_id != group_id]
    for rule in [*db.all(RULES_OF, ids=[group_id]), *of_others]:
        tags.forget(db, RULES_PLURAL, rule.id)
    db.delete(security_group_rules, security_group_id=group_id)
    db.delete(security_group_rules, remote_group_id=group_id)
    db.delete(default_rules, remote_group_id=group_id)
    for other in {rule.security_group_id for rule in of_others}:
        CHANGES.bump(db, other)
        placements.changed(db, "group", other)
