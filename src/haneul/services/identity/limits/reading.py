"""Limits as services' quotas read them."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import and_, bindparam, or_, select

from haneul.kernel.db import Db, Query, Row
from haneul.kernel.quota import Registered, Tree
from haneul.services.identity.limits.models import limits
from haneul.services.identity.projects.models import projects
from haneul.services.identity.registered_limits.models import registered_limits
from haneul.services.identity.services.models import services


class Found(Row):
    """One registered limit, beside one of those that the project or its domain has for it."""

    resource_name: str
    region_key: str
    id: str
    default_limit: int
    resource_limit: int | None
    is_domain: bool | None


_domain = select(projects.c.domain_id).where(projects.c.id == bindparam("project_id")).scalar_subquery()
_registered, _limit = registered_limits.c, limits.c
FOUND = Query(
    Found,
    select(
        _registered.resource_name,
        _registered.region_key,
        _registered.id,
        _registered.default_limit,
        _limit.resource_limit,
        _limit.is_domain,
    )
    .select_from(
        registered_limits.join(services, services.c.id == _registered.service_id).outerjoin(
            limits,
            and_(
                _limit.registered_limit_id == _registered.id,
                or_(_limit.owner_id == bindparam("project_id"), _limit.owner_id == _domain),
            ),
        )
    )
    .where(
        services.c.type == bindparam("service"),
        _registered.resource_name.in_(bindparam("names", expanding=True)),
        _registered.region_key.in_(("", bindparam("region"))),
    )
    .order_by(_registered.region_key, _registered.id),
)
DOMAIN = select(projects.c.domain_id).where(projects.c.id == bindparam("project_id"))
SIBLINGS = select(projects.c.id).where(projects.c.domain_id == bindparam("domain_id")).order_by(projects.c.id)


class Limits(msgspec.Struct, frozen=True):
    """Reads the limits of one region; `is_strict`: in the model where a domain's limit is all its projects' together.

    What is registered for the region counts before what is registered for none.
    """

    region: str
    is_strict: bool

    def __call__(self, db: Db, service: str, project_id: str, names: Sequence[str]) -> Mapping[str, Registered]:
        """The project's limits by resource, for those that are registered."""
        rows = db.all(FOUND, service=service, project_id=project_id, names=list(names), region=self.region)
        # The region's rows come last, and so win.
        chosen = {row.resource_name: row.id for row in rows}
        own: dict[str, int] = {}
        domain: dict[str, int] = {}
        for row in rows:
            if row.id != chosen[row.resource_name]:
                continue
            own.setdefault(row.resource_name, row.default_limit)
            domain.setdefault(row.resource_name, row.default_limit)
            if row.resource_limit is not None:
                (domain if row.is_domain else own)[row.resource_name] = row.resource_limit
        if not self.is_strict or not project_id or not own:
            return {name: Registered(limit) for name, limit in own.items()}
        return _in_trees(db, project_id, own, domain)


def _in_trees(db: Db, project_id: str, own: Mapping[str, int], domain: Mapping[str, int]) -> dict[str, Registered]:
    domain_id = db.value(DOMAIN, project_id=project_id)
    siblings = [row[0] for row in db.tuples(SIBLINGS, domain_id=domain_id)] if domain_id is not None else []
    if not siblings:
        return {name: Registered(limit) for name, limit in own.items()}
    return {name: Registered(limit, Tree(domain_id, siblings, domain[name])) for name, limit in own.items()}


def limit_of(db: Db, service: str, resource_name: str, project_id: str, *, region: str = "") -> int | None:
    """What a project may have of a service's resource, by its own limit or by what is registered; None if neither."""
    found = Limits(region, is_strict=False)(db, service, project_id, [resource_name])
    return found[resource_name].limit if resource_name in found else None
