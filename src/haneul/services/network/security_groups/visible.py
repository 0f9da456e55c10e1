"""Which security groups a project's ports may have."""

from collections.abc import Sequence

from sqlalchemy import bindparam, or_, select

from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, Conflict
from haneul.services.network.rbac import sharing
from haneul.services.network.security_groups.default import default_of
from haneul.services.network.security_groups.models import DEFAULT, security_groups
from haneul.services.network.standard import missing

NAMED = select(security_groups.c.id, security_groups.c.name).where(
    security_groups.c.project_id == bindparam("project_id"),
    or_(
        security_groups.c.name.in_(bindparam("names", expanding=True)),
        security_groups.c.id.in_(bindparam("names", expanding=True)),
    ),
)
OWNERS = select(security_groups.c.id, security_groups.c.project_id).where(
    security_groups.c.id.in_(bindparam("ids", expanding=True))
)


def refuse_unknown(db: Db, group_ids: Sequence[str], project_id: str) -> None:
    """NotFound for a group that isn't there, or that the project can't use."""
    if not group_ids:
        return
    owners = dict(db.tuples(OWNERS, ids=list(group_ids)))
    for group_id in group_ids:
        owner = owners.get(group_id)
        if owner is None or (owner != project_id and not sharing.may_use(db, "security_group", group_id, project_id)):
            raise missing("security group", group_id)


def resolve(db: Db, project_id: str, names: Sequence[str]) -> list[str]:
    """The ids of a project's groups by their names or ids; BadRequest for one that isn't there, Conflict for a name
    that several have. The project's default group is made if it is named."""
    if DEFAULT in names:
        default_of(db, project_id)
    found = db.tuples(NAMED, project_id=project_id, names=list(names))
    return [_only(name, [group_id for group_id, known in found if name in (group_id, known)]) for name in names]


def _only(name: str, matching: Sequence[str]) -> str:
    if not matching:
        raise BadRequest("Security group {name} not found for project.", name=name[:255])
    if len(matching) > 1:
        raise Conflict(
            "Multiple security groups found matching '{name}'. Use an ID to be more specific.", name=name[:255]
        )
    return matching[0]
