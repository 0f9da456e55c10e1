"""Whose a new resource is, and what a caller may see."""

from typing import Any

from msgspec import UNSET, Struct
from sqlalchemy import Table, bindparam

from haneul.kernel.db.listing import Clause
from haneul.kernel.errors import BadRequest, NotFound
from haneul.kernel.http import Call
from haneul.kernel.policy import Rule

ADMIN_CONTEXT = Rule("context_is_admin", "role:admin", "Sees and does everything.")
SERVICE = Rule("service_api", "role:service", "Does what other services need.")
ANYONE = Rule("regular_user", "", "Whoever has a token.")


class Viewer(Struct, frozen=True):
    """Who looks: an admin sees everything, others what is theirs or shared with them."""

    project_id: str
    is_admin: bool


def viewer(call: Call) -> Viewer:
    return Viewer(call.caller.project_id or "", call.allows(ADMIN_CONTEXT))


def owner_of(call: Call, body: Any) -> str:
    """The project that a new resource shall have: the caller's, unless the body names another, which is for few."""
    named = {value for value in (body.project_id, body.tenant_id) if value is not UNSET}
    if len(named) > 1:
        raise BadRequest("'project_id' and 'tenant_id' do not match")
    if named - {call.caller.project_id} and not (call.allows(ADMIN_CONTEXT) or call.allows(SERVICE)):
        raise BadRequest(
            "Specifying 'project_id' other than the authenticated project in request is not allowed for the current "
            "user."
        )
    project_id = named.pop() if named else call.caller.project_id
    if not project_id:
        # A token of the whole system or of a domain has no project to own it.
        raise BadRequest("Running without keystone AuthN requires that tenant_id is specified")
    return str(project_id)


def sees_list(call: Call) -> bool:
    """Whether the route's rule lets the caller see what it lists; who may not see it gets an empty list, no refusal."""
    call.enforce(rule=ANYONE)
    return call.allows(call.route.rule, call.caller)


def refuse_unseen(call: Call) -> None:
    """NotFound if the route's rule does not let the caller see what it shows: nobody learns what he may not see."""
    call.enforce(rule=ANYONE)
    if not call.allows(call.route.rule, call.caller):
        raise NotFound("The resource could not be found.", kind="HTTPNotFound")


def owned_by(table: Table, project_id: str) -> Clause:
    """The condition of rows that are this project's."""
    return Clause("owned", lambda: table.c.project_id == bindparam("owned_by"), {"owned_by": project_id}, is_bound=True)
