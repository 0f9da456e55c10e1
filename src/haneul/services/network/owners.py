"""Whose a new resource is, and what a caller may see."""

from typing import Any

from msgspec import UNSET, Struct
from sqlalchemy import Table, bindparam

from haneul.kernel.db.listing import Clause
from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call
from haneul.kernel.policy import Rule

ADMIN_CONTEXT = Rule("context_is_admin", "role:admin", "Sees and does everything.")
ANYONE = Rule("regular_user", "", "Whoever has a token.")


class Viewer(Struct, frozen=True):
    """Who looks: an admin sees everything, others what is theirs or shared with them."""

    project_id: str
    is_admin: bool


def viewer(call: Call) -> Viewer:
    return Viewer(call.caller.project_id or "", call.allows(ADMIN_CONTEXT))


def owner_of(call: Call, body: Any) -> str:
    """The project that a new resource shall have: the caller's, unless the body names one (its rule is asked then)."""
    named = {value for value in (body.project_id, body.tenant_id) if value is not UNSET}
    if len(named) > 1:
        raise BadRequest("'project_id' and 'tenant_id' do not match")
    project_id = named.pop() if named else call.caller.project_id
    if not project_id:
        # A token of the whole system or of a domain has no project to own it.
        raise BadRequest("Running without keystone AuthN requires that tenant_id is specified")
    return str(project_id)


def owned_by(table: Table, project_id: str) -> Clause:
    """The condition of rows that are this project's."""
    return Clause("owned", lambda: table.c.project_id == bindparam("owned_by"), {"owned_by": project_id})
