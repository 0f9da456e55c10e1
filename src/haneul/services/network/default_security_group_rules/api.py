from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.network.base_rules import ADMIN
from haneul.services.network.default_security_group_rules import logic
from haneul.services.network.default_security_group_rules.schemas import (
    DefaultRuleCreate,
    DefaultRuleView,
    default_rule_view,
)
from haneul.services.network.lists import answered, asked

GET = Rule("get_default_security_group_rule", "role:reader", "Show the rules that new security groups get.")
CREATE = Rule("create_default_security_group_rule", ADMIN, "Add a rule that new security groups get.")
DELETE = Rule("delete_default_security_group_rule", ADMIN, "Delete a rule that new security groups get.")
PLURAL = "/v2.0/default-security-group-rules"
ONE = PLURAL + "/{rule_id}"
routes = Routes()


@routes.get(PLURAL, rule=GET, wraps="default_security_group_rules")
def list_default_security_group_rules(call: Call) -> Listed[DefaultRuleView]:
    call.enforce(call.caller)
    wanted = asked(call, logic.LISTING)
    rows = logic.list_(call.db, wanted)
    return answered(wanted, rows, [default_rule_view(rule) for rule in rows])


@routes.post(PLURAL, rule=CREATE, wraps="default_security_group_rule", lax=True)
def create_default_security_group_rule(call: Call, body: DefaultRuleCreate) -> DefaultRuleView:
    call.enforce(call.caller)
    return default_rule_view(logic.create(call.db, body))


@routes.get(ONE, rule=GET, wraps="default_security_group_rule", quick=True)
def get_default_security_group_rule(call: Call, rule_id: str) -> DefaultRuleView:
    call.enforce(call.caller)
    return default_rule_view(logic.get(call.db, rule_id))


@routes.delete(ONE, rule=DELETE)
def delete_default_security_group_rule(call: Call, rule_id: str) -> None:
    call.enforce(call.caller)
    logic.delete(call.db, logic.get(call.db, rule_id))
