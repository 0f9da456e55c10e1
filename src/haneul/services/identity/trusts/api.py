from collections.abc import Sequence
from typing import Any

import msgspec

from haneul.kernel.errors import Forbidden, NotFound
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.services.identity.base_rules import CLOUD_WIDE
from haneul.services.identity.extras import extras, with_extras
from haneul.services.identity.parts import Parts
from haneul.services.identity.roles import api as roles
from haneul.services.identity.trusts import chain, creation, ending, logic
from haneul.services.identity.trusts.models import Trust
from haneul.services.identity.trusts.schemas import PageLinks, TrustCreate, TrustFilters, TrustRolesView, TrustView

TRUSTOR, TRUSTEE = "user_id:%(target.trust.trustor_user_id)s", "user_id:%(target.trust.trustee_user_id)s"
READER = "(rule:admin_required) or (role:reader and system_scope:all or {others})"
CREATE = Rule("identity:create_trust", TRUSTOR, "Create a trust.", scope_types=("project",))
LIST = Rule(
    "identity:list_trusts",
    "rule:admin_required or (role:reader and system_scope:all)",
    "List trusts.",
    scope_types=CLOUD_WIDE,
)
LIST_OF_TRUSTOR = Rule(
    "identity:list_trusts_for_trustor",
    READER.format(others=TRUSTOR),
    "List the trusts of a trustor.",
    scope_types=CLOUD_WIDE,
)
LIST_OF_TRUSTEE = Rule(
    "identity:list_trusts_for_trustee",
    READER.format(others=TRUSTEE),
    "List the trusts of a trustee.",
    scope_types=CLOUD_WIDE,
)
GET = Rule(
    "identity:get_trust", READER.format(others=f"{TRUSTOR} or {TRUSTEE}"), "Show a trust.", scope_types=CLOUD_WIDE
)
DELETE = Rule("identity:delete_trust", f"rule:admin_required or {TRUSTOR}", "Revoke a trust.", scope_types=CLOUD_WIDE)
LIST_ROLES = Rule(
    "identity:list_roles_for_trust",
    READER.format(others=f"{TRUSTOR} or {TRUSTEE}"),
    "List the roles that a trust delegates.",
    scope_types=CLOUD_WIDE,
)
GET_ROLE = Rule(
    "identity:get_role_for_trust",
    READER.format(others=f"{TRUSTOR} or {TRUSTEE}"),
    "Check that a trust delegates a role.",
    scope_types=CLOUD_WIDE,
)

ALL = "/v3/OS-TRUST/trusts"
ONE = "/v3/OS-TRUST/trusts/{trust_id}"
View = TrustView | dict[str, Any]


def refuse_application_credential(call: Call) -> None:
    """Forbidden for who acts by an application credential, unrestricted or not: it is for one project and no more."""
    if call.caller.application_credential_id or "application_credential" in call.caller.methods:
        raise Forbidden(
            creation.ACTION, action="Using method 'application_credential' is not allowed for managing trusts."
        )


def whole_view(call: Call, trust: Trust) -> View:
    """The trust with its roles."""
    shown = TrustView.of(trust, call.url(ALL))
    shown = msgspec.structs.replace(shown, roles=role_views(call, trust), roles_links=role_links(call, trust))
    return with_extras(shown, trust.extra)


def role_views(call: Call, trust: Trust) -> Sequence[roles.View]:
    return [roles.view(call, role) for role in logic.roles_of(call.db, trust.id)]


def role_links(call: Call, trust: Trust) -> PageLinks:
    return PageLinks(self=call.url(f"{ALL}/{trust.id}/roles"))


def routes_with(parts: Parts) -> Routes:
    """The routes of trusts, under this process's settings."""
    routes = Routes()

    def allowed(call: Call, trust_id: str) -> Trust:
        """The trust, once the route's rule allows it; anybody learns that there is none, as from Keystone."""
        trust = logic.get(call.db, trust_id)
        chain.refuse_broken(call.db, trust, parts.settings.redelegation_depth_most)
        call.enforce(trust=trust)
        refuse_application_credential(call)
        return trust

    @routes.get(ALL, rule=LIST, wraps="trusts")
    def list_trusts(call: Call, query: TrustFilters) -> Listed[View]:
        page, filters = call.page(), _enforced_filters(call, query)
        refuse_application_credential(call)
        found, url = logic.list_(call.db, page, filters), call.url(ALL)
        return listed(page, found, lambda it: with_extras(TrustView.of(it, url), it.extra), lambda it: it.id)

    @routes.post(ALL, rule=CREATE, wraps="trust")
    def create_trust(call: Call, body: TrustCreate) -> View:
        call.enforce(trust=body)
        refuse_application_credential(call)
        return whole_view(call, creation.create(call.db, body, call.caller, parts.settings, extras(call, body)))

    @routes.get(ONE, rule=GET, wraps="trust")
    def get_trust(call: Call, trust_id: str) -> View:
        return whole_view(call, allowed(call, trust_id))

    @routes.delete(ONE, rule=DELETE)
    def delete_trust(call: Call, trust_id: str) -> None:
        ending.end(call.db, allowed(call, trust_id))

    @routes.get(ONE + "/roles", rule=LIST_ROLES)
    def list_roles_of_trust(call: Call, trust_id: str) -> TrustRolesView:
        trust = allowed(call, trust_id)
        return TrustRolesView(roles=role_views(call, trust), links=role_links(call, trust))

    @routes.get(ONE + "/roles/{role_id}", rule=GET_ROLE, wraps="role")
    def get_role_of_trust(call: Call, trust_id: str, role_id: str) -> roles.View:
        trust = allowed(call, trust_id)
        found = next((role for role in logic.roles_of(call.db, trust.id) if role.id == role_id), None)
        if found is None:
            raise NotFound("Could not find role: {id}.", id=role_id)
        return roles.view(call, found)

    return routes


def _enforced_filters(call: Call, query: TrustFilters) -> dict[str, str]:
    """The filter by which the list is bounded, once the rule for it allows the caller; the trustor's goes first."""
    if query.trustor_user_id:
        filters = {"trustor_user_id": query.trustor_user_id}
        call.enforce(rule=LIST_OF_TRUSTOR, trust=filters)
    elif query.trustee_user_id:
        filters = {"trustee_user_id": query.trustee_user_id}
        call.enforce(rule=LIST_OF_TRUSTEE, trust=filters)
    else:
        filters = {}
        call.enforce()
    return filters
