from collections.abc import Sequence
from typing import Any

from haneul.kernel.db import Db
from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.network.bulk import created_together
from haneul.services.network.lists import TAG_FILTERS, answered, asked
from haneul.services.network.owners import viewer
from haneul.services.network.security_group_rules import logic
from haneul.services.network.security_group_rules.schemas import (
    RuleCreate,
    RuleCreateBody,
    RuleCreatedView,
    RuleView,
    rule_view,
)
from haneul.services.network.security_groups import logic as groups
from haneul.services.network.security_groups.api import see_default
from haneul.services.network.security_groups.models import security_group_rules
from haneul.services.network.tags import logic as tags

OWNER_READS = "(rule:admin_only) or (role:reader and rule:sg_owner)"
OWNER_CHANGES = "(rule:admin_only) or (role:member and rule:sg_owner)"
GET = Rule("get_security_group_rule", OWNER_READS, "Show rules of security groups.")
CREATE = Rule("create_security_group_rule", OWNER_CHANGES, "Add a rule to a security group.")
DELETE = Rule("delete_security_group_rule", OWNER_CHANGES, "Delete a rule of a security group.")
PLURAL = "/v2.0/security-group-rules"
ONE = PLURAL + "/{rule_id}"
routes = Routes()


def _enforce(call: Call, target: object, owner_id: str | None) -> None:
    named: dict[str, Any] = {"security_group:project_id": owner_id}
    call.enforce(target, **named)


@routes.get(PLURAL, rule=GET, wraps="security_group_rules", transaction="none")
async def list_security_group_rules(call: Call) -> Listed[RuleView]:
    _enforce(call, call.caller, call.caller.project_id)
    await see_default(call)
    return await call.transaction(lambda db: _listed(call, db), writes=False)


def _listed(call: Call, db: Db) -> Listed[RuleView]:
    wanted = asked(call, logic.LISTING, beside=TAG_FILTERS)
    clauses = tags.clauses(call.ask.parameters, groups.RULES_PLURAL, security_group_rules)
    rows = logic.list_(db, viewer(call), wanted, clauses)
    words = tags.of_many(db, groups.RULES_PLURAL, [rule.id for rule in rows])
    return answered(wanted, rows, [rule_view(rule, words[rule.id]) for rule in rows])


@routes.post(PLURAL, rule=CREATE, lax=True, body_limit=1 << 20)
def create_security_group_rule(call: Call, body: RuleCreateBody) -> RuleCreatedView:
    return created_together(body, RuleCreatedView, lambda wanted: _create(call, wanted))


def _create(call: Call, wanted: Sequence[RuleCreate]) -> list[RuleView]:
    logic.refuse_several_groups(wanted)
    group = groups.get(call.db, wanted[0].security_group_id, viewer(call))
    _enforce(call, group, group.project_id)
    return [rule_view(rule, []) for rule in logic.create(call.db, group, wanted, viewer(call))]


@routes.get(ONE, rule=GET, wraps="security_group_rule", quick=True)
def get_security_group_rule(call: Call, rule_id: str) -> RuleView:
    rule = logic.get(call.db, rule_id, viewer(call))
    _enforce(call, rule, rule.project_id)
    return rule_view(rule, tags.of_one(call.db, groups.RULES_PLURAL, rule.id))


@routes.delete(ONE, rule=DELETE)
def delete_security_group_rule(call: Call, rule_id: str) -> None:
    rule = logic.get(call.db, rule_id, viewer(call))
    _enforce(call, rule, rule.project_id)
    call.refuse_stale(revision=rule.revision_number)
    logic.delete(call.db, rule)
