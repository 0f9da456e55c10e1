from typing import Any

import msgspec

from haneul.kernel.auth import Caller
from haneul.kernel.clock import now
from haneul.kernel.db import Db, by, unique
from haneul.kernel.db.listing import Listing
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.kernel.ids import new_uuid
from haneul.services.block_storage.group_types.models import GroupType, group_types
from haneul.services.block_storage.group_types.schemas import GroupTypeCreate, GroupTypeUpdate
from haneul.services.block_storage.names import refuse_blank

NO_TYPE = "Group type {id} could not be found."
NAME_TAKEN = "Group Type {name} already exists."
BY_ID = by(GroupType, group_types, "id")
BY_NAME = by(GroupType, group_types, "name")
LISTING = Listing(
    GroupType,
    group_types,
    filters={"is_public": group_types.c.is_public},
    sorts={
        "created_at": group_types.c.created_at,
        "updated_at": group_types.c.updated_at,
        "id": group_types.c.id,
        "name": group_types.c.name,
        "description": group_types.c.description,
        "is_public": group_types.c.is_public,
    },
    default_sort=(("created_at", "desc"),),
    bounds=("is_public",),
)


def get(db: Db, type_id: str) -> GroupType:
    """The type, whoever may use it; NotFound."""
    found = db.one(BY_ID, id=type_id)
    if found is None:
        raise NotFound(NO_TYPE, id=type_id)
    return found


def get_visible(db: Db, type_id: str, caller: Caller) -> GroupType:
    """The type if it is public or the caller an admin, else NotFound: private ones can be granted to nobody."""
    found = get(db, type_id)
    if not found.is_public and "admin" not in caller.roles:
        raise NotFound(NO_TYPE, id=type_id)
    return found


def default(db: Db, name: str) -> GroupType:
    """The type that the configuration names as the default; NotFound if it names none, or one that isn't there."""
    found = db.one(BY_NAME, name=name) if name else None
    if found is None:
        raise NotFound("Default group type can not be found.")
    return found


def create(db: Db, wanted: GroupTypeCreate) -> GroupType:
    """Insert a type; Conflict if one of that name exists, BadRequest for a name of spaces."""
    refuse_blank(wanted.name)
    moment = now()
    made = GroupType(
        id=new_uuid(),
        name=wanted.name,
        description=wanted.description,
        is_public=wanted.publicity,
        specs=dict(wanted.group_specs or {}),
        created_at=moment,
        updated_at=moment,
    )
    with unique(NAME_TAKEN, name=wanted.name):
        return db.insert(group_types, made)


def update(db: Db, one: GroupType, wanted: GroupTypeUpdate) -> GroupType:
    """Change a type's name, description and whether it is public; Conflict if the name is another's."""
    changes = wanted.changes
    if not changes:
        raise BadRequest("Specify group type name, description or a combination thereof.")
    if not changes.get("name", "name").strip():
        raise BadRequest("Group type name can not be empty.")
    with unique(NAME_TAKEN, name=changes.get("name")):
        return change(db, one, **changes)


def change(db: Db, one: GroupType, **values: Any) -> GroupType:
    """Write values of a type as it was read; Conflict if it was changed since."""
    moment = now()
    if not db.update(group_types, {"id": one.id, "updated_at": one.updated_at}, **values, updated_at=moment):
        raise Conflict("Group type {id} was changed by another request at the same time.", id=one.id)
    return msgspec.structs.replace(one, **values, updated_at=moment)


def delete(db: Db, type_id: str) -> None:
    """Delete a type; NotFound."""
    db.delete(group_types, id=get(db, type_id).id)
