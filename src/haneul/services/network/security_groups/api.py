from collections.abc import Sequence

from haneul.kernel.db import Db
from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.network.base_rules import MEMBER, READER
from haneul.services.network.bulk import created
from haneul.services.network.lists import TAG_FILTERS, answered, asked
from haneul.services.network.owners import owner_of, viewer
from haneul.services.network.security_group_rules.schemas import rule_view
from haneul.services.network.security_groups import logic, removal
from haneul.services.network.security_groups.default import default_of, has_default
from haneul.services.network.security_groups.models import SecurityGroup
from haneul.services.network.security_groups.schemas import (
    GroupCreate,
    GroupCreateBody,
    GroupCreatedView,
    GroupUpdate,
    GroupView,
    group_view,
)

GET = Rule("get_security_group", f"{READER} or rule:shared_security_group", "Show security groups.")
CREATE = Rule("create_security_group", MEMBER, "Create a security group.")
UPDATE = Rule("update_security_group", MEMBER, "Change a security group.")
DELETE = Rule("delete_security_group", MEMBER, "Delete a security group.")
PLURAL = "/v2.0/security-groups"
ONE = PLURAL + "/{group_id}"
routes = Routes()


def views(call: Call, db: Db, found: Sequence[SecurityGroup]) -> list[GroupView]:
    """Many groups with their rules, in a few queries."""
    around = logic.around(db, [group.id for group in found], call.caller.project_id or "")
    return [
        group_view(
            group,
            [rule_view(rule, around.rule_tags[rule.id]) for rule in around.rules[group.id]],
            around.tags[group.id],
            is_shared=group.id in around.shared,
        )
        for group in found
    ]


async def see_default(call: Call) -> None:
    """Make the default group of whoever lists, or of the project that an admin names, if it has none yet."""
    parameters, watching = call.ask.parameters, viewer(call)
    named = [*parameters.get("project_id", ()), *parameters.get("tenant_id", ())][:1] if watching.is_admin else []
    project_id = (named or [watching.project_id])[0]
    if not 0 < len(project_id) <= 255:
        return
    # Most lists only read, and shall not wait for the one thread that writes.
    if not await call.transaction(lambda db: has_default(db, project_id), writes=False):
        await call.transaction(lambda db: default_of(db, project_id), writes=True)


@routes.get(PLURAL, rule=GET, wraps="security_groups", transaction="none")
async def list_security_groups(call: Call) -> Listed[GroupView]:
    call.enforce(call.caller)
    await see_default(call)
    return await call.transaction(lambda db: _listed(call, db), writes=False)


def _listed(call: Call, db: Db) -> Listed[GroupView]:
    wanted = asked(call, logic.LISTING, beside=(*TAG_FILTERS, "shared"))
    clauses = logic.clauses(call.ask.parameters, call.caller.project_id or "")
    rows = logic.list_(db, viewer(call), wanted, clauses)
    return answered(wanted, rows, views(call, db, rows))


@routes.post(PLURAL, rule=CREATE, lax=True, body_limit=1 << 20)
def create_security_group(call: Call, body: GroupCreateBody) -> GroupCreatedView:
    return created(body, GroupCreatedView, lambda wanted: _create(call, wanted))


def _create(call: Call, wanted: GroupCreate) -> GroupView:
    project_id = owner_of(call, wanted)
    call.enforce({"project_id": project_id})
    return views(call, call.db, [logic.create(call.db, wanted, project_id)])[0]


@routes.get(ONE, rule=GET, wraps="security_group")
def get_security_group(call: Call, group_id: str) -> GroupView:
    group = logic.get(call.db, group_id, viewer(call))
    call.enforce(group, shared=True)
    return views(call, call.db, [group])[0]


@routes.put(ONE, rule=UPDATE, wraps="security_group", lax=True)
def update_security_group(call: Call, group_id: str, body: GroupUpdate) -> GroupView:
    group = _own(call, group_id)
    return views(call, call.db, [logic.update(call.db, group, body)])[0]


@routes.delete(ONE, rule=DELETE)
def delete_security_group(call: Call, group_id: str) -> None:
    removal.delete(call.db, _own(call, group_id), by_admin=viewer(call).is_admin)


def _own(call: Call, group_id: str) -> SecurityGroup:
    group = logic.get(call.db, group_id, viewer(call))
    call.enforce(group)
    call.refuse_stale(revision=group.revision_number)
    return group
