"""Which assignments there are: those that match, with the names of all that they are about, in one query."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Select, String, bindparam, case, literal, select

from haneul.kernel.db import Db, Query, Row
from haneul.services.identity.groups.models import groups, memberships
from haneul.services.identity.projects.models import NO_DOMAIN, projects
from haneul.services.identity.role_assignments.models import role_assignments
from haneul.services.identity.roles.models import GLOBAL, roles
from haneul.services.identity.users.models import users

SHAPES_KEPT = 64


class Place(Row):
    """An id and a name, and those of the domain around it; where there is no such thing, none of them."""

    id: str | None
    name: str | None
    domain_id: str | None
    domain_name: str | None


class Found(Row):
    """One assignment. Of one that comes of another, `by_...` says how: a group's, one further up, a prior role's."""

    actor_type: str
    actor_id: str
    target_type: str
    target_id: str
    role_id: str
    is_inherited: bool
    user_name: str | None
    user_domain_id: str | None
    user_domain_name: str | None
    group_name: str | None
    group_domain_id: str | None
    group_domain_name: str | None
    target_name: str | None
    target_domain_id: str | None
    target_domain_name: str | None
    role_name: str
    role_domain_id: str
    role_domain_name: str | None
    by_group_id: str = ""
    by_target_type: str = ""
    by_target_id: str = ""
    by_role_id: str = ""


_grant = role_assignments.c
_user_domains = projects.alias("user_domains")
_group_domains = projects.alias("group_domains")
_target_domains = projects.alias("target_domains")
_role_domains = projects.alias("role_domains")
EVERY: Select[Any] = (
    select(
        _grant.actor_type,
        _grant.actor_id,
        _grant.target_type,
        _grant.target_id,
        _grant.role_id,
        _grant.is_inherited,
        users.c.name,
        users.c.domain_id,
        _user_domains.c.name,
        groups.c.name,
        groups.c.domain_id,
        _group_domains.c.name,
        projects.c.name,
        projects.c.domain_id,
        _target_domains.c.name,
        roles.c.name,
        roles.c.domain_id,
        _role_domains.c.name,
    )
    .join(roles, roles.c.id == _grant.role_id)
    .outerjoin(users, (_grant.actor_type == "user") & (users.c.id == _grant.actor_id))
    .outerjoin(_user_domains, _user_domains.c.id == users.c.domain_id)
    .outerjoin(groups, (_grant.actor_type == "group") & (groups.c.id == _grant.actor_id))
    .outerjoin(_group_domains, _group_domains.c.id == groups.c.domain_id)
    .outerjoin(projects, (_grant.target_type != "system") & (projects.c.id == _grant.target_id))
    .outerjoin(_target_domains, _target_domains.c.id == projects.c.domain_id)
    .outerjoin(_role_domains, _role_domains.c.id == roles.c.domain_id)
    .order_by(_grant.target_type, _grant.target_id, _grant.actor_type, _grant.actor_id, roles.c.name, _grant.role_id)
)
