"""Which security groups a project's ports and servers may have."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.services.network.rbac import sharing
from haneul.services.network.security_groups import logic
from haneul.services.network.security_groups.models import security_groups

KNOWN = select(security_groups.c.id, security_groups.c.project_id, security_groups.c.stateful).where(
    security_groups.c.id.in_(bindparam("ids", expanding=True))
)


def refuse_unknown(db: Db, group_ids: Sequence[str], project_id: str) -> None:
    """NotFound for a group that isn't there, or that the project can't use; Conflict for stateful beside stateless."""
    if not group_ids:
        return
    known = {row.id: row for row in db.tuples(KNOWN, ids=list(group_ids))}
    for group_id in group_ids:
        owner = known[group_id].project_id if group_id in known else None
        if owner is None or (owner != project_id and not sharing.may_use(db, logic.GROUP, group_id, project_id)):
            raise logic.missing(group_id)
    if len({row.stateful for row in known.values()}) > 1:
        raise Conflict(
            "Error Cannot apply both stateful and stateless security groups on the same port at the same time while "
            "attempting the operation.",
            kind="SecurityGroupConflict",
        )


def resolve(db: Db, project_id: str, names: Sequence[str]) -> list[str]:
    """The ids of groups that a new server names; BadRequest for an unknown one, as Nova has it, Conflict for several.

    Where a server is there already, an unknown group is NotFound: that is `logic.resolve`.
    """
    try:
        return logic.resolve(db, project_id, names)
    except NotFound as unknown:
        raise BadRequest(unknown.template, kind=unknown.kind, **unknown.values) from unknown
