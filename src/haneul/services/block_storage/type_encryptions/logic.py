from typing import Any

from haneul.kernel.clock import now
from haneul.kernel.db import Db, by, unique
from haneul.kernel.errors import BadRequest, NotBuilt, NotFound
from haneul.kernel.ids import new_uuid
from haneul.services.block_storage.type_encryptions.models import TypeEncryption, type_encryptions
from haneul.services.block_storage.type_encryptions.schemas import EncryptionCreate
from haneul.services.block_storage.types import logic as types
from haneul.services.block_storage.types.models import VolumeType

IN_USE = "Cannot {verb} encryption specs. Volume type in use."
NONE = "Volume type encryption for type {id} does not exist."
OF_TYPE = by(TypeEncryption, type_encryptions, "type_id")


def find(db: Db, type_id: str) -> TypeEncryption | None:
    """How the volumes of a type are encrypted, or None."""
    return db.one(OF_TYPE, type_id=type_id)


def get(db: Db, type_id: str) -> TypeEncryption:
    """How the volumes of a type are encrypted; NotFound."""
    found = find(db, type_id)
    if found is None:
        raise NotFound(NONE, id=type_id)
    return found


def create(db: Db, type_id: str, wanted: EncryptionCreate) -> TypeEncryption:
    """Have a type's volumes encrypted; BadRequest if they are already, or if volumes of the type exist; NotFound."""
    bits = wanted.bits
    _refuse_used(db, type_id, "create")
    kind = types.get(db, type_id)
    taken = "Volume type encryption for type {id} already exists."
    if find(db, kind.id) is not None:
        raise BadRequest(taken, id=kind.id)
    encryption = TypeEncryption(
        type_id=kind.id,
        id=new_uuid(),
        provider=wanted.provider,
        control_location=wanted.control_location,
        cipher=wanted.cipher,
        key_size=bits,
        created_at=now(),
        updated_at=None,
    )
    with unique(taken, id=kind.id):
        return db.insert(type_encryptions, encryption)


def update(db: Db, type_id: str, changes: dict[str, Any]) -> None:
    """Change how a type's volumes are encrypted; BadRequest if volumes of the type exist, NotFound."""
    types.get(db, type_id)
    _refuse_used(db, type_id, "update")
    if not db.update(type_encryptions, {"type_id": type_id}, **changes, updated_at=now()):
        raise NotFound(NONE, id=type_id)


def delete(db: Db, type_id: str) -> None:
    """Have a type's volumes encrypted no more; BadRequest if volumes of the type exist, NotFound."""
    _refuse_used(db, type_id, "delete")
    if not db.delete(type_encryptions, type_id=type_id):
        raise NotFound(NONE, id=type_id)


def refuse_encrypted(db: Db, kind: VolumeType) -> None:
    """NotBuilt for a type whose volumes are to be encrypted: one that is not would be taken for one that is."""
    if find(db, kind.id) is not None:
        raise NotBuilt("haneul does not encrypt volumes yet, as the volume type {name} wants it.", name=kind.name)


def _refuse_used(db: Db, type_id: str, verb: str) -> None:
    if types.is_used(db, type_id):
        raise BadRequest(IN_USE, verb=verb)
