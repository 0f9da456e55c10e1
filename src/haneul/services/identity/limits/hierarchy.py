"""The strict model of two levels: no project's limit is above its domain's, no domain's below one of its projects'.

Source: Keystone's model `strict_two_level`. Unlike there, -1 means no limit here too, as Keystone's own guide has it.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import bindparam, func, select

from haneul.kernel.db import Db, by
from haneul.kernel.errors import Forbidden
from haneul.services.identity.limits.models import Limit, limits
from haneul.services.identity.projects.models import Project, projects
from haneul.services.identity.registered_limits.models import RegisteredLimit

OF_OWNER = by(Limit, limits, "owner_id", "registered_limit_id")
HIGHEST_INSIDE = select(func.max(limits.c.resource_limit)).where(
    limits.c.registered_limit_id == bindparam("registered_limit_id"),
    limits.c.owner_id.in_(select(projects.c.id).where(projects.c.domain_id == bindparam("domain_id"))),
)
UNFIT = (
    "Invalid resource limit: The resource limit ({level}: {id}, resource_name: {resource_name}, resource_limit: "
    "{resource_limit}, service_id: {service_id}, region_id: {region_id}) doesn't satisfy current hierarchy model.."
)
UNLIMITED = -1


class Proposed(msgspec.Struct, frozen=True):
    """A limit as it shall be."""

    owner: Project
    registered: RegisteredLimit
    resource_limit: int


def refuse_unfit(db: Db, proposed: Sequence[Proposed]) -> None:
    """Forbidden for a limit that stands in no right relation to those above or below it, proposed together or kept."""
    together = {(one.owner.id, one.registered.id): one.resource_limit for one in proposed if one.owner.is_domain}
    for one in proposed:
        if one.owner.is_domain:
            fits = _fits_below(db, one)
        else:
            # A project below a project counts against what is registered: only domains are a first level.
            key = (one.owner.parent_id or "", one.registered.id)
            above = together[key] if key in together else _of_parent(db, one)
            fits = above in (0, UNLIMITED) or one.resource_limit <= above
        if not fits:
            _refuse(one)


def _of_parent(db: Db, proposed: Proposed) -> int:
    registered = proposed.registered
    kept = db.one(OF_OWNER, owner_id=proposed.owner.parent_id, registered_limit_id=registered.id)
    return kept.resource_limit if kept is not None and kept.is_domain else registered.default_limit


def _fits_below(db: Db, proposed: Proposed) -> bool:
    if proposed.resource_limit == UNLIMITED:
        return True
    found = db.value(HIGHEST_INSIDE, registered_limit_id=proposed.registered.id, domain_id=proposed.owner.id)
    return found is None or int(found) <= proposed.resource_limit


def _refuse(proposed: Proposed) -> None:
    owner, registered = proposed.owner, proposed.registered
    raise Forbidden(
        UNFIT,
        level="domain_id" if owner.is_domain else "project_id",
        id=owner.id,
        resource_name=registered.resource_name,
        resource_limit=proposed.resource_limit,
        service_id=registered.service_id,
        region_id=registered.region_id,
    )
