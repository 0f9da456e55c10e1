from haneul.kernel.auth import Caller
from haneul.kernel.db import Db, Query, by, columns_of
from haneul.kernel.errors import BadRequest, NotFound
from haneul.services.block_storage.default_types.models import DefaultType, default_types
from haneul.services.block_storage.types import logic as types
from haneul.services.block_storage.types.models import VolumeType

OF_PROJECT = by(DefaultType, default_types, "project_id")
ALL = Query(DefaultType, columns_of(DefaultType, default_types).order_by(default_types.c.project_id))


def chosen(db: Db, caller: Caller, configured: str) -> VolumeType:
    """The type of the caller's volumes for which he asks none: his project's, or the configured one; NotFound if he
    may not use it."""
    own = db.one(OF_PROJECT, project_id=caller.project_id) if caller.project_id else None
    kind = types.get(db, own.type_id) if own else types.configured(db, configured)
    return types.visible(db, kind, caller)


def get(db: Db, project_id: str) -> DefaultType:
    """The default type of a project; NotFound if it has none of its own."""
    found = db.one(OF_PROJECT, project_id=project_id)
    if found is None:
        raise NotFound("Default type for project {id} not found.", id=project_id)
    return found


def list_(db: Db) -> list[DefaultType]:
    return db.all(ALL)


def set_(db: Db, project_id: str, name_or_id: str) -> DefaultType:
    """Give a project a default type of its own; BadRequest if there is no such type."""
    try:
        kind = types.find(db, name_or_id)
    except NotFound as missing:
        raise BadRequest(missing.template, **missing.values) from None
    wanted = DefaultType(project_id, kind.id)
    if not db.update(default_types, {"project_id": project_id}, type_id=kind.id):
        db.insert_missing(default_types, wanted)
    return wanted


def unset(db: Db, project_id: str) -> None:
    """Let the configured type be the project's default again."""
    db.delete(default_types, project_id=project_id)
