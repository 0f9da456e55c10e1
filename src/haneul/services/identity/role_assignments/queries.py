"""Which roles hold for a token: a user's own, those of his groups, those inherited from above, and what they imply."""

from typing import Any

from sqlalchemy import Select, bindparam, or_, select, union_all

from haneul.kernel.db import Db, Query, Row, columns_of
from haneul.services.identity.groups.models import memberships
from haneul.services.identity.projects.models import Project, projects
from haneul.services.identity.role_assignments.models import role_assignments
from haneul.services.identity.roles.models import GLOBAL, implied_roles, roles

_grant = role_assignments.c


class RoleName(Row):
    id: str
    name: str


def _granted(*columns: Any) -> Select[Any]:
    """What is granted to the user himself and to his groups, as one table that the database may search by its key."""
    own = select(*columns, _grant.is_inherited).where(
        _grant.actor_type == "user", _grant.actor_id == bindparam("user_id")
    )
    # Joined, a database without statistics would look at the grants of every group of the cloud.
    groups = select(memberships.c.group_id).where(memberships.c.user_id == bindparam("user_id"))
    by_group = select(*columns, _grant.is_inherited).where(_grant.actor_type == "group", _grant.actor_id.in_(groups))
    granted = union_all(own, by_group).subquery("granted")
    return select(granted)


_parent = select(projects.c.parent_id.label("id")).where(projects.c.id == bindparam("target_id"))
_lineage = _parent.cte("lineage", recursive=True)
_lineage = _lineage.union(
    select(projects.c.parent_id).join(_lineage, _lineage.c.id == projects.c.id).where(projects.c.parent_id.is_not(None))
)
_granted_roles = _granted(_grant.role_id, _grant.target_type, _grant.target_id).subquery("granted_roles")
_here = (_granted_roles.c.target_type == bindparam("target_type")) & (
    _granted_roles.c.target_id == bindparam("target_id")
)
_from_above = _granted_roles.c.target_id.in_(select(_lineage.c.id).where(_lineage.c.id.is_not(None)))
_held = (
    select(_granted_roles.c.role_id.label("role_id"))
    .where(
        or_(
            _here & _granted_roles.c.is_inherited.is_(False),
            _from_above & _granted_roles.c.is_inherited.is_(True),
        )
    )
    .cte("held", recursive=True)
)
_held = _held.union(
    select(implied_roles.c.implied_role_id).join(_held, _held.c.role_id == implied_roles.c.prior_role_id)
)
# A domain's own role never stands in a token: its name could be that of a role which rules trust.
HELD = Query(
    RoleName,
    select(roles.c.id, roles.c.name)
    .join(_held, _held.c.role_id == roles.c.id)
    .where(roles.c.domain_id == GLOBAL)
    .order_by(roles.c.name),
)
# Who delegates may delegate a domain's own role too.
ROLE_IDS = select(_held.c.role_id)

_targets = _granted(_grant.target_type, _grant.target_id).subquery("targets")
_below = (
    select(projects.c.id)
    .join(_targets, _targets.c.target_id == projects.c.parent_id)
    .where(_targets.c.is_inherited.is_(True))
    .cte("below", recursive=True)
)
_below = _below.union(select(projects.c.id).join(_below, _below.c.id == projects.c.parent_id))
_directly = select(_targets.c.target_id).where(
    _targets.c.target_type == bindparam("target_type"), _targets.c.is_inherited.is_(False)
)
PROJECTS = Query(
    Project,
    columns_of(Project, projects)
    .where(or_(projects.c.id.in_(_directly), projects.c.id.in_(select(_below.c.id))))
    .order_by(projects.c.name, projects.c.id),
)
DOMAINS = Query(
    Project, columns_of(Project, projects).where(projects.c.id.in_(_directly)).order_by(projects.c.name, projects.c.id)
)


def held_by(db: Db, user_id: str, target_type: str, target_id: str) -> list[RoleName]:
    """The roles that a user has on exactly this target, whichever way he came to them."""
    return db.all(HELD, user_id=user_id, target_type=target_type, target_id=target_id)


def role_ids_held(db: Db, user_id: str, target_type: str, target_id: str) -> set[str]:
    """The ids of the roles that a user has on exactly this target, domains' own roles among them."""
    return {row[0] for row in db.tuples(ROLE_IDS, user_id=user_id, target_type=target_type, target_id=target_id)}


def projects_of(db: Db, user_id: str) -> list[Project]:
    """The projects on which a user has any role."""
    return db.all(PROJECTS, user_id=user_id, target_type="project")


def domains_of(db: Db, user_id: str) -> list[Project]:
    """The domains on which a user has any role."""
    return db.all(DOMAINS, user_id=user_id, target_type="domain")
