from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from haneul.kernel.auth import Caller
from haneul.kernel.clock import now
from haneul.kernel.db import Db, by, unique
from haneul.kernel.errors import ApiError, BadRequest, Conflict, NotFound
from haneul.kernel.ids import is_uuid_like, new_uuid
from haneul.services.block_storage.default_types.models import DefaultType, default_types
from haneul.services.block_storage.names import refuse_blank
from haneul.services.block_storage.quota_sets.logic import forget_type
from haneul.services.block_storage.type_encryptions.models import type_encryptions
from haneul.services.block_storage.types.models import TypeSpec, VolumeType, type_access, type_specs, volume_types
from haneul.services.block_storage.types.queries import A_VOLUME, ACCESS, BY_ID, BY_NAME, HOW_MANY, OF_IDS
from haneul.services.block_storage.types.schemas import TypeCreate, TypeUpdate

DEFAULT = "__DEFAULT__"
NO_TYPE = "Volume type {id} could not be found."
NAME_TAKEN = "Volume Type {name} already exists."
IS_DEFAULT = "The volume type {id} is a default volume type and cannot be deleted."
DEFAULT_OF = by(DefaultType, default_types, "type_id")


class NoDefaultType(ApiError):
    """The type that the configuration names as the default is not there."""

    status = 500


def get(db: Db, type_id: str) -> VolumeType:
    """The type by its id, whoever may use it; NotFound."""
    found = db.one(BY_ID, id=type_id)
    if found is None:
        raise NotFound(NO_TYPE, id=type_id)
    return found


def find(db: Db, name_or_id: str) -> VolumeType:
    """The type by its id or its name, whoever may use it; NotFound."""
    found = db.one(BY_ID, id=name_or_id) or db.one(BY_NAME, name=name_or_id)
    if found is not None:
        return found
    if is_uuid_like(name_or_id):
        raise NotFound(NO_TYPE, id=name_or_id)
    raise NotFound("Volume type with name {name} could not be found.", name=name_or_id)


def visible(db: Db, kind: VolumeType, caller: Caller) -> VolumeType:
    """The type if it is public, granted to the caller's project, or he is an admin; else NotFound."""
    if kind.is_public or "admin" in caller.roles:
        return kind
    if caller.project_id is None or db.one(ACCESS, type_id=kind.id, project_id=caller.project_id) is None:
        raise NotFound(NO_TYPE, id=kind.id)
    return kind


def configured(db: Db, name: str) -> VolumeType:
    """The type that the configuration names as the default; NoDefaultType."""
    found = db.one(BY_NAME, name=name)
    if found is None:
        sentence = "The request cannot be fulfilled as the default volume type {name} cannot be found."
        raise NoDefaultType(sentence, name=name)
    return found


def create(db: Db, wanted: TypeCreate) -> VolumeType:
    """Insert a type; Conflict if one of that name exists, BadRequest for a name of spaces."""
    refuse_blank(wanted.name)
    kind = _new(wanted.name, wanted.description, is_public=wanted.publicity)
    with unique(NAME_TAKEN, name=wanted.name):
        db.insert(volume_types, kind)
    return set_specs(db, kind, wanted.extra_specs) if wanted.extra_specs else kind


def _new(name: str, description: str | None, *, is_public: bool) -> VolumeType:
    moment = now()
    return VolumeType(
        id=new_uuid(),
        name=name,
        description=description,
        is_public=is_public,
        qos_specs_id=None,
        specs={},
        created_at=moment,
        updated_at=moment,
    )


def update(db: Db, kind: VolumeType, wanted: TypeUpdate) -> VolumeType:
    """Change a type's name, description and whether it is public; Conflict if the name is another's."""
    changes = wanted.changes
    if not changes:
        raise BadRequest("Specify volume type name, description, is_public or a combination thereof.")
    if not changes.get("name", "name").strip():
        raise BadRequest("Volume type name can not be empty.")
    with unique(NAME_TAKEN, name=changes.get("name")):
        return change(db, kind, **changes)


def change(db: Db, kind: VolumeType, **values: Any) -> VolumeType:
    """Write values of a type as it was read; Conflict if it was changed since."""
    moment = now()
    if not db.update(volume_types, {"id": kind.id, "updated_at": kind.updated_at}, **values, updated_at=moment):
        raise Conflict("Volume type {id} was changed by another request at the same time.", id=kind.id)
    return msgspec.structs.replace(kind, **values, updated_at=moment)


def set_specs(db: Db, kind: VolumeType, specs: Mapping[str, str | None]) -> VolumeType:
    """Set these specs and leave others."""
    for name in specs:
        db.delete(type_specs, type_id=kind.id, name=name)
    db.insert_all(type_specs, [TypeSpec(kind.id, name, text) for name, text in specs.items() if text is not None])
    return change(db, kind, specs={**kind.specs, **specs})


def drop_spec(db: Db, kind: VolumeType, name: str) -> VolumeType:
    """Take a spec away."""
    db.delete(type_specs, type_id=kind.id, name=name)
    return change(db, kind, specs={key: value for key, value in kind.specs.items() if key != name})


def is_used(db: Db, type_id: str) -> bool:
    """Whether volumes of the type exist."""
    return db.value(A_VOLUME, type_id=type_id) is not None


def delete(db: Db, type_id: str, default_type: str) -> None:
    """Delete a type with its grants; NotFound, BadRequest for a default one and for one that volumes have."""
    kind = get(db, type_id)
    is_default = kind.name == DEFAULT or configured(db, default_type).id == kind.id
    if is_default or db.one(DEFAULT_OF, type_id=kind.id) is not None:
        raise BadRequest(IS_DEFAULT, id=kind.id)
    if db.value(HOW_MANY) == 1:
        sentence = "The volume type {id} is the only currently defined volume type and cannot be deleted."
        raise BadRequest(sentence, id=kind.id)
    if is_used(db, kind.id):
        raise BadRequest("Target volume type is still in use.")
    for table in (type_specs, type_access, type_encryptions):
        db.delete(table, type_id=kind.id)
    forget_type(db, kind.id)
    db.delete(volume_types, id=kind.id)


def seed(db: Db) -> None:
    """Make the type that volumes have for which none is asked, unless it is there."""
    if db.one(BY_NAME, name=DEFAULT) is None:
        db.insert(volume_types, _new(DEFAULT, "Default Volume Type", is_public=True))


def names_of(db: Db, type_ids: Collection[str]) -> dict[str, str]:
    """The names of these types, by their ids."""
    return {one.id: one.name for one in db.all(OF_IDS, ids=sorted(type_ids))} if type_ids else {}
