"""Who is in which group."""

from haneul.kernel.clock import now
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.kernel.schema import UNSET
from haneul.services.identity.groups import api, logic
from haneul.services.identity.groups.api import READER as GROUP_READER
from haneul.services.identity.groups.models import Group
from haneul.services.identity.groups.schemas import MembershipFilters
from haneul.services.identity.parts import Parts
from haneul.services.identity.users import api as users_api
from haneul.services.identity.users import logic as users
from haneul.services.identity.users import search
from haneul.services.identity.users.lockout import as_seen
from haneul.services.identity.users.models import User
from haneul.services.identity.users.schemas import UserFilters

READER = (
    "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and "
    "domain_id:%(target.group.domain_id)s and domain_id:%(target.user.domain_id)s)"
)
MANAGER = (
    "(rule:admin_required) or (role:manager and domain_id:%(target.group.domain_id)s and "
    "domain_id:%(target.user.domain_id)s)"
)
LIST_MEMBERS = Rule("identity:list_users_in_group", GROUP_READER, "List a group's members.")
LIST_GROUPS = Rule(
    "identity:list_groups_for_user",
    "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and "
    "domain_id:%(target.user.domain_id)s) or user_id:%(user_id)s",
    "List the groups that a user is in.",
)
CHECK = Rule("identity:check_user_in_group", READER, "Check that a user is in a group.")
ADD = Rule("identity:add_user_to_group", MANAGER, "Put a user into a group.")
REMOVE = Rule("identity:remove_user_from_group", MANAGER, "Take a user out of a group.")

ONE = "/v3/groups/{group_id}/users/{user_id}"


def allowed(call: Call, group_id: str, user_id: str) -> tuple[Group, User]:
    """The group and the user, once the route's rule allows it."""
    group, user = logic.find(call.db, group_id), users.find(call.db, user_id)
    call.enforce(group=group or {}, user=user or {})
    return logic.existing(group, group_id), users.existing(user, user_id)


def routes_with(parts: Parts) -> Routes:
    """Identity's routes on members of groups, who are shown as this process's rules on idle users have them."""
    routes = Routes()

    @routes.get("/v3/groups/{group_id}/users", rule=LIST_MEMBERS, wraps="users")
    def list_members(call: Call, group_id: str, query: UserFilters) -> Listed[users_api.View]:
        group, page, moment = api.allowed(call, group_id), call.page(), now()
        asked = search.Asked(query, call.ask.parameters, within=call.caller.domain_id, group_id=group.id)
        found = search.list_(call.db, page, asked)
        return listed(
            page,
            found,
            lambda user: users_api.view(call, as_seen(user, parts.compliance, moment)),
            lambda user: user.id,
        )

    @routes.get("/v3/users/{user_id}/groups", rule=LIST_GROUPS, wraps="groups")
    def list_groups_of_user(call: Call, user_id: str, query: MembershipFilters) -> Listed[api.View]:
        user = users.find(call.db, user_id)
        call.enforce(user=user or {}, user_id=user_id)
        own_id = call.caller.domain_id
        found = logic.groups_of(call.db, users.existing(user, user_id).id)
        seen = [one for one in found if own_id in (None, one.domain_id) and query.name in (UNSET, one.name)]
        return Listed(items=[api.view(call, group) for group in seen])

    @routes.get(ONE, rule=CHECK, status=204)
    def check_member(call: Call, group_id: str, user_id: str) -> None:
        logic.refuse_stranger(call.db, *allowed(call, group_id, user_id))

    @routes.put(ONE, rule=ADD, status=204)
    def add_member(call: Call, group_id: str, user_id: str) -> None:
        logic.add_member(call.db, *allowed(call, group_id, user_id))

    @routes.delete(ONE, rule=REMOVE)
    def remove_member(call: Call, group_id: str, user_id: str) -> None:
        logic.remove_member(call.db, *allowed(call, group_id, user_id))

    return routes
