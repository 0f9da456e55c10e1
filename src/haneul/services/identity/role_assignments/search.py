"""Which assignments there are: as they were made, or as they take effect."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Integer, String, bindparam, or_, select, type_coerce

from haneul.kernel.db import Db, Query
from haneul.kernel.errors import BadRequest
from haneul.services.identity.groups.models import memberships
from haneul.services.identity.projects.models import projects
from haneul.services.identity.projects.tree import above, below
from haneul.services.identity.role_assignments.models import SYSTEM, Assigned, role_assignments

_grant = role_assignments.c
_members_groups = select(memberships.c.group_id).where(memberships.c.user_id == bindparam("member_id"))
_inside = select(projects.c.id).where(projects.c.domain_id == bindparam("within"))


def _equal(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    return column == bindparam(name, type_=String)


CONDITIONS: dict[str, ColumnElement[bool]] = {
    "user_id": (_grant.actor_type == "user") & _equal(_grant.actor_id, "user_id"),
    "member_id": or_(
        (_grant.actor_type == "user") & (_grant.actor_id == bindparam("member_id")),
        (_grant.actor_type == "group") & _grant.actor_id.in_(_members_groups),
    ),
    "group_id": (_grant.actor_type == "group") & _equal(_grant.actor_id, "group_id"),
    "role_id": _equal(_grant.role_id, "role_id"),
    "targets": (_grant.target_type != SYSTEM) & _grant.target_id.in_(bindparam("targets", expanding=True)),
    "target_type": _equal(_grant.target_type, "target_type"),
    "not_target_type": _grant.target_type != bindparam("not_target_type", type_=String),
    "is_inherited": _grant.is_inherited == bindparam("is_inherited"),
    "within": or_(
        (_grant.target_type == "domain") & (_grant.target_id == bindparam("within")),
        (_grant.target_type == "project") & _grant.target_id.in_(_inside),
    ),
}
# In the order of the table's key, so that no database has to sort; and flags as the driver has them, since turning ten
# thousand of them into booleans takes as long as reading them.
_COLUMNS = (
    *(_grant[name] for name in ("actor_type", "actor_id", "target_type", "target_id", "role_id")),
    type_coerce(_grant.is_inherited, Integer).label("is_inherited"),
)
_queries: dict[frozenset[str], Query[Assigned]] = {}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The list that is asked for. `within` is the domain that bounds what the caller sees. `system` counts if it is
    `all`, and beside a domain or project whatever it is."""

    user_id: str | None = None
    group_id: str | None = None
    role_id: str | None = None
    project_id: str | None = None
    domain_id: str | None = None
    system: str | None = None
    is_inherited: bool | None = None
    is_effective: bool = False
    with_subtree: bool = False
    within: str | None = None


def refuse_contradictions(asked: Asked) -> None:
    """BadRequest for filters that exclude each other."""
    if asked.domain_id and asked.project_id:
        raise BadRequest("Specify a domain or project, not both")
    if asked.system and asked.domain_id:
        raise BadRequest("Specify system or domain, not both")
    if asked.system and asked.project_id:
        raise BadRequest("Specify system or project, not both")
    if asked.user_id and asked.group_id:
        raise BadRequest("Specify a user or group, not both")
    if asked.is_effective and asked.group_id:
        raise BadRequest("Combining effective and group filter will always result in an empty list.")
    if asked.is_effective and asked.domain_id and asked.is_inherited:
        raise BadRequest("Combining effective, domain and inherited filters will always result in an empty list.")


def targets_of(db: Db, asked: Asked) -> list[str]:
    """The projects, or the domain, on which the assignments that are asked for hold."""
    if asked.project_id is None:
        return [] if asked.domain_id is None else [asked.domain_id]
    under = [project.id for project in below(db, asked.project_id)] if asked.with_subtree else []
    return [asked.project_id, *under]


def matching(db: Db, asked: Asked) -> list[Assigned]:
    """Assignments as they were made; for an effective list those from which the asked ones come, and more.

    Those on the system are in an effective list only if it is asked for them, as from Keystone.
    """
    values: dict[str, Any] = {}
    if asked.user_id is not None:
        values["member_id" if asked.is_effective else "user_id"] = asked.user_id
    if asked.group_id is not None:
        values["group_id"] = asked.group_id
    if targets := targets_of(db, asked):
        if asked.is_effective and asked.project_id is not None:
            targets += [project.id for project in above(db, asked.project_id)]
        values["targets"] = targets
    if asked.system == "all":
        values["target_type"] = SYSTEM
    elif asked.is_effective:
        values["not_target_type"] = SYSTEM
    if asked.within is not None:
        values["within"] = asked.within
    if not asked.is_effective:
        if asked.role_id is not None:
            values["role_id"] = asked.role_id
        if asked.is_inherited is not None:
            values["is_inherited"] = asked.is_inherited
    return db.all(_query(frozenset(values)), **values)


def _query(names: frozenset[str]) -> Query[Assigned]:
    """The statement for these filters; there are some dozens at most."""
    found = _queries.get(names)
    if found is None:
        statement = select(*_COLUMNS).where(*(CONDITIONS[name] for name in sorted(names)))
        found = _queries[names] = Query(Assigned, statement.order_by(*role_assignments.primary_key.columns))
    return found
