from collections.abc import Mapping, Sequence
from typing import Any

from haneul.kernel.db import Db, by, fields
from haneul.kernel.db.listing import Clause, Listing, Page, Where
from haneul.kernel.errors import BadRequest, NotFound
from haneul.kernel.ids import new_hex_id
from haneul.services.identity.audit.logic import record
from haneul.services.identity.endpoint_groups.models import EndpointGroup, endpoint_groups
from haneul.services.identity.endpoint_groups.schemas import EndpointGroupCreate, EndpointGroupUpdate
from haneul.services.identity.endpoints import logic as endpoints
from haneul.services.identity.endpoints.models import Endpoint
from haneul.services.identity.epoch import bump

BY_ID = by(EndpointGroup, endpoint_groups, "id")
LISTING = Listing(
    EndpointGroup,
    endpoint_groups,
    filters={"name": endpoint_groups.c.name},
    sorts={"name": endpoint_groups.c.name, "id": endpoint_groups.c.id},
    default_sort=(("name", "asc"),),
)


def get(db: Db, group_id: str) -> EndpointGroup:
    """The endpoint group; NotFound."""
    group = db.one(BY_ID, id=group_id)
    if group is None:
        raise NotFound("Could not find Endpoint Group: {id}.", id=group_id)
    return group


def list_(db: Db, page: Page, filters: Mapping[str, Any], clauses: Sequence[Clause] = ()) -> list[EndpointGroup]:
    return LISTING.page(db, page, filters, clauses)


def create(db: Db, wanted: EndpointGroupCreate) -> EndpointGroup:
    """Insert an endpoint group, which no project has yet; several may have the same name."""
    filters = fields(wanted.filters)
    if not filters:
        raise BadRequest("{field} field is required and cannot be empty", field="filters")
    group = EndpointGroup(new_hex_id(), wanted.name, wanted.description, filters)
    db.insert(endpoint_groups, group)
    record(db, "endpoint_group", "created", group.id)
    return group


def update(db: Db, group: EndpointGroup, wanted: EndpointGroupUpdate) -> EndpointGroup:
    """Change an endpoint group; the catalogs of its projects follow at once."""
    bump(db)
    given = fields(wanted)
    changes = {name: value for name, value in given.items() if value is not None or name == "description"}
    if "filters" in changes:
        changes["filters"] = fields(changes["filters"])
    if changes:
        db.update(endpoint_groups, {"id": group.id}, **changes)
    record(db, "endpoint_group", "updated", group.id)
    return get(db, group.id)


def delete(db: Db, group: EndpointGroup) -> None:
    """Delete an endpoint group; its projects have it no longer."""
    bump(db)
    db.delete(endpoint_groups, id=group.id)
    record(db, "endpoint_group", "deleted", group.id)


def endpoints_of(db: Db, page: Page, group: EndpointGroup) -> list[Endpoint]:
    """The endpoints that the group takes by now."""
    wanted = {name: Where("null", True) if value is None else value for name, value in group.filters.items()}
    return endpoints.list_(db, page, wanted)
