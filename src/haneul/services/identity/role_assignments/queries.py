"""Which roles hold for a token."""

from sqlalchemy import bindparam, select

from haneul.kernel.db import Db, Query, Row
from haneul.services.identity.role_assignments.models import role_assignments
from haneul.services.identity.roles.models import implied_roles, roles


class RoleName(Row):
    id: str
    name: str


_direct = (
    select(role_assignments.c.role_id.label("role_id"))
    .where(
        role_assignments.c.actor_type == "user",
        role_assignments.c.actor_id == bindparam("user_id"),
        role_assignments.c.target_type == bindparam("target_type"),
        role_assignments.c.target_id == bindparam("target_id"),
        role_assignments.c.is_inherited.is_(False),
    )
    .cte("held", recursive=True)
)
_held = _direct.union(
    select(implied_roles.c.implied_role_id).join(_direct, _direct.c.role_id == implied_roles.c.prior_role_id)
)
HELD = Query(
    RoleName, select(roles.c.id, roles.c.name).join(_held, _held.c.role_id == roles.c.id).order_by(roles.c.name)
)

TARGETS = (
    select(role_assignments.c.target_id)
    .where(
        role_assignments.c.actor_type == "user",
        role_assignments.c.actor_id == bindparam("user_id"),
        role_assignments.c.target_type == bindparam("target_type"),
        role_assignments.c.is_inherited.is_(False),
    )
    .distinct()
)


def held_by(db: Db, user_id: str, target_type: str, target_id: str) -> list[RoleName]:
    """The roles, implied ones among them, that a user has on exactly this target."""
    return db.all(HELD, user_id=user_id, target_type=target_type, target_id=target_id)


def targets_of(db: Db, user_id: str, target_type: str) -> list[str]:
    """Projects or domains on which a user has any role."""
    return [row[0] for row in db.tuples(TARGETS, user_id=user_id, target_type=target_type)]
