from sqlalchemy import bindparam

from haneul.kernel.db import Db, Query, columns_of, unique
from haneul.kernel.errors import BadRequest, NotFound
from haneul.services.block_storage.types import logic as types
from haneul.services.block_storage.types.models import TypeAccess, VolumeType, type_access

OF_TYPE = Query(
    TypeAccess,
    columns_of(TypeAccess, type_access)
    .where(type_access.c.type_id == bindparam("type_id"))
    .order_by(type_access.c.project_id),
)


def list_(db: Db, type_id: str) -> list[TypeAccess]:
    """The projects that may use a type; NotFound for a public one, which all may."""
    kind = types.get(db, type_id)
    if kind.is_public:
        raise NotFound("Access list not available for public volume types.")
    return db.all(OF_TYPE, type_id=kind.id)


def _private(db: Db, type_id: str) -> VolumeType:
    kind = types.get(db, type_id)
    if kind.is_public:
        raise BadRequest(
            "Invalid volume type: Type access modification is not applicable to public volume type.",
        )
    return kind


def add(db: Db, type_id: str, project_id: str) -> None:
    """Let a project use a private type; Conflict if it may already, BadRequest for a public type."""
    kind = _private(db, type_id)
    taken = "Volume type access for {type_id} / {project_id} combination already exists."
    with unique(taken, type_id=kind.id, project_id=project_id):
        db.insert(type_access, TypeAccess(kind.id, project_id))


def remove(db: Db, type_id: str, project_id: str) -> None:
    """Let a project no longer use a private type; NotFound if it could not, BadRequest for a public type."""
    kind = _private(db, type_id)
    if not db.delete(type_access, type_id=kind.id, project_id=project_id):
        raise NotFound(
            "Volume type access not found for {type_id} / {project_id} combination.",
            type_id=kind.id,
            project_id=project_id,
        )
