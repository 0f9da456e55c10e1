from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, false, or_, select, true

from haneul.kernel.db import Db, by, fields, unique
from haneul.kernel.db.listing import Listing, Page
from haneul.kernel.errors import BadRequest, Forbidden, NotFound
from haneul.kernel.ids import new_hex_id
from haneul.kernel.schema import UNSET
from haneul.services.identity.audit.logic import record
from haneul.services.identity.epoch import bump
from haneul.services.identity.limits.hierarchy import Proposed, refuse_unfit
from haneul.services.identity.limits.models import Limit, limits
from haneul.services.identity.limits.schemas import LimitCreate, LimitUpdate
from haneul.services.identity.projects.logic import find as find_project
from haneul.services.identity.projects.models import Project, projects
from haneul.services.identity.registered_limits import logic as registered_limits
from haneul.services.identity.registered_limits.models import RegisteredLimit

BY_ID = by(Limit, limits, "id")
DUPLICATE = "Conflict occurred attempting to store limit - Duplicate entry."


def _owner(*, is_domain: bool) -> Callable[[BindParameter[Any]], ColumnElement[bool]]:
    kind = limits.c.is_domain == (true() if is_domain else false())
    return lambda owner_id: and_(limits.c.owner_id == owner_id, kind)


def _in_domain(domain_id: BindParameter[Any]) -> ColumnElement[bool]:
    """A domain's own limits and those of its projects."""
    inside = select(projects.c.id).where(projects.c.domain_id == domain_id)
    return or_(limits.c.owner_id == domain_id, limits.c.owner_id.in_(inside))


LISTING = Listing(
    Limit,
    limits,
    filters={
        **{name: limits.c[name] for name in ("service_id", "region_id", "resource_name")},
        "project_id": _owner(is_domain=False),
        "domain_id": _owner(is_domain=True),
        "seen_by_project": _owner(is_domain=False),
        "seen_by_domain": _in_domain,
    },
    sorts={"id": limits.c.id},
    default_sort=(("id", "asc"),),
    bounds=("seen_by_project", "seen_by_domain"),
)


def find(db: Db, limit_id: str) -> Limit | None:
    """The limit, or None: routes enforce their rule before they say that something isn't there."""
    return db.one(BY_ID, id=limit_id)


def existing(limit: Limit | None, limit_id: str) -> Limit:
    """What was found; NotFound if nothing was."""
    if limit is None:
        raise NotFound("Could not find limit for {id}.", id=limit_id)
    return limit


def owner_of(db: Db, limit: Limit) -> Project | None:
    """The project or domain whose limit it is."""
    return find_project(db, limit.owner_id)


def list_(db: Db, page: Page, filters: Mapping[str, Any]) -> list[Limit]:
    return LISTING.page(db, page, filters)


def create(db: Db, wanted: Sequence[LimitCreate], *, is_strict: bool) -> list[Limit]:
    """Insert several, all or none.

    BadRequest for an owner, service or region that isn't there, Forbidden for what isn't registered or doesn't fit the
    strict model, Conflict for a second limit of one owner.
    """
    bump(db)
    for one in wanted:
        registered_limits.refuse_unknown(db, "limit", one.service_id, one.region_id)
    owners = [_owner_wanted(db, one) for one in wanted]
    proposed = [
        Proposed(owner, _registered(db, one), one.resource_limit) for owner, one in zip(owners, wanted, strict=True)
    ]
    if is_strict:
        refuse_unfit(db, proposed)
    return [_inserted(db, one, body.description) for one, body in zip(proposed, wanted, strict=True)]


def _owner_wanted(db: Db, wanted: LimitCreate) -> Project:
    """The project or domain that is named; a project that acts as a domain is one."""
    if (wanted.project_id is UNSET) == (wanted.domain_id is UNSET):
        raise BadRequest("Invalid input for field/attribute limits: Expected one of project_id and domain_id.")
    attribute = "domain_id" if wanted.project_id is UNSET else "project_id"
    owner = find_project(db, wanted.domain_id or wanted.project_id or "")
    if owner is None or (attribute == "domain_id" and not owner.is_domain):
        raise BadRequest(registered_limits.MISSING, attribute=attribute, target="limit")
    return owner


def _registered(db: Db, wanted: LimitCreate) -> RegisteredLimit:
    found = registered_limits.find(db, wanted.service_id, wanted.region_id, wanted.resource_name)
    if found is None:
        raise Forbidden("Unable to create a limit that has no corresponding registered limit.")
    return found


def _inserted(db: Db, proposed: Proposed, description: str | None) -> Limit:
    registered = proposed.registered
    limit = Limit(
        id=new_hex_id(),
        registered_limit_id=registered.id,
        owner_id=proposed.owner.id,
        is_domain=proposed.owner.is_domain,
        service_id=registered.service_id,
        region_id=registered.region_id,
        resource_name=registered.resource_name,
        resource_limit=proposed.resource_limit,
        description=description,
    )
    with unique(DUPLICATE):
        db.insert(limits, limit)
    _note(db, "created", limit, proposed.owner)
    return limit


def _note(db: Db, action: str, limit: Limit, owner: Project | None) -> None:
    domain_id = owner.owner_id if owner is not None else ""
    record(db, "limit", action, limit.id, domain_id=domain_id, project_id=limit.project_id or "")


def update(db: Db, limit_id: str, wanted: LimitUpdate, *, is_strict: bool) -> Limit:
    """Change how much it is, or its description; Forbidden if it would not fit the strict model any more."""
    bump(db)
    limit = existing(find(db, limit_id), limit_id)
    owner = owner_of(db, limit)
    changes = fields(wanted)
    if is_strict and owner is not None:
        registered = registered_limits.get(db, limit.registered_limit_id)
        refuse_unfit(db, [Proposed(owner, registered, changes.get("resource_limit", limit.resource_limit))])
    if changes:
        db.update(limits, {"id": limit_id}, **changes)
    _note(db, "updated", limit, owner)
    return existing(find(db, limit_id), limit_id)


def delete(db: Db, limit_id: str) -> None:
    limit = existing(find(db, limit_id), limit_id)
    db.delete(limits, id=limit_id)
    _note(db, "deleted", limit, owner_of(db, limit))
