"""`/v3/users/USER/access_rules`."""

from haneul.kernel.db import fields
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.services.identity.application_credentials import rules
from haneul.services.identity.application_credentials.delegation import refuse_trusted
from haneul.services.identity.application_credentials.models import KeptRule
from haneul.services.identity.application_credentials.schemas import AccessRuleFilters, AccessRuleView
from haneul.services.identity.base_rules import CLOUD_WIDE
from haneul.services.identity.schemas import link
from haneul.services.identity.users import logic as users

routes = Routes()

READER = "(role:reader and system_scope:all) or user_id:%(target.user.id)s"
GET = Rule("identity:get_access_rule", READER, "Show an access rule.", scope_types=CLOUD_WIDE)
LIST = Rule("identity:list_access_rules", READER, "List a user's access rules.", scope_types=CLOUD_WIDE)
DELETE = Rule(
    "identity:delete_access_rule",
    "(role:admin and system_scope:all) or user_id:%(target.user.id)s",
    "Delete an access rule.",
    scope_types=CLOUD_WIDE,
)

ALL = "/v3/users/{user_id}/access_rules"
ONE = "/v3/users/{user_id}/access_rules/{access_rule_id}"


def view(call: Call, rule: KeptRule) -> AccessRuleView:
    return AccessRuleView(
        id=rule.id,
        service=rule.service,
        path=rule.path,
        method=rule.method,
        links=link(call.url(f"/v3/users/{rule.user_id}/access_rules"), rule.id),
    )


def allow(call: Call, user_id: str) -> None:
    """Forbidden unless the route's rule lets the caller at the user's access rules."""
    call.enforce(user=users.find(call.db, user_id) or {})
    refuse_trusted(call.caller)


@routes.get(ALL, rule=LIST, wraps="access_rules")
def list_access_rules(call: Call, user_id: str, query: AccessRuleFilters) -> Listed[AccessRuleView]:
    allow(call, user_id)
    page = call.page()
    found = rules.list_(call.db, page, {"user_id": user_id, **fields(query)})
    return listed(page, found, lambda rule: view(call, rule), lambda rule: rule.id)


@routes.get(ONE, rule=GET, wraps="access_rule", quick=True)
def get_access_rule(call: Call, user_id: str, access_rule_id: str) -> AccessRuleView:
    allow(call, user_id)
    return view(call, rules.get(call.db, user_id, access_rule_id))


@routes.delete(ONE, rule=DELETE)
def delete_access_rule(call: Call, user_id: str, access_rule_id: str) -> None:
    allow(call, user_id)
    rule = rules.get(call.db, user_id, access_rule_id)
    rules.delete(call.db, rule, domain_id=users.get(call.db, user_id).domain_id)
