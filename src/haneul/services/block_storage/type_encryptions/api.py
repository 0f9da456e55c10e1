from typing import Any

from haneul.kernel.errors import NotFound
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.block_storage.base_rules import ADMIN, READER
from haneul.services.block_storage.type_encryptions import logic
from haneul.services.block_storage.type_encryptions.schemas import (
    EncryptionCreate,
    EncryptionMade,
    EncryptionUpdate,
    facts,
    shown,
    view,
)
from haneul.services.block_storage.types import logic as types
from haneul.services.block_storage.volumes import logic as volumes

routes = Routes()

PATH = "/v3/types/{volume_type_id}/encryption"
# A key when read; the encryption's id, which nobody looks at, when changed.
ONE = PATH + "/{key}"
OF_VOLUME = "/v3/volumes/{volume_id}/encryption"
CREATE = Rule("volume_extension:volume_type_encryption:create", ADMIN, "Have a type's volumes encrypted.")
GET = Rule("volume_extension:volume_type_encryption:get", ADMIN, "Show how a type's volumes are encrypted.")
UPDATE = Rule("volume_extension:volume_type_encryption:update", ADMIN, "Change how a type's volumes are encrypted.")
DELETE = Rule("volume_extension:volume_type_encryption:delete", ADMIN, "Have a type's volumes encrypted no more.")
GET_FACTS = Rule("volume_extension:volume_encryption_metadata", READER, "Show how a volume is encrypted.")


def _shown(call: Call, volume_type_id: str) -> dict[str, Any]:
    """How the type's volumes are encrypted, nothing if they aren't; NotFound for the type."""
    call.enforce()
    encryption = logic.find(call.db, types.get(call.db, volume_type_id).id)
    return shown(encryption) if encryption else {}


@routes.get(PATH, rule=GET, quick=True)
def get_encryption(call: Call, volume_type_id: str) -> dict[str, Any]:
    return _shown(call, volume_type_id)


@routes.post(PATH, rule=CREATE, wraps="encryption", status=200)
def create_encryption(call: Call, volume_type_id: str, body: EncryptionCreate) -> EncryptionMade:
    call.enforce()
    return view(logic.create(call.db, volume_type_id, body))


@routes.get(ONE, rule=GET, quick=True)
def get_encryption_item(call: Call, volume_type_id: str, key: str) -> dict[str, Any]:
    found = _shown(call, volume_type_id)
    if key not in found:
        raise NotFound(logic.NONE, id=volume_type_id)
    return {key: found[key]}


@routes.put(ONE, rule=UPDATE, wraps="encryption")
def update_encryption(call: Call, volume_type_id: str, key: str, body: EncryptionUpdate) -> dict[str, Any]:
    call.enforce()
    logic.update(call.db, volume_type_id, body.changes)
    return body.changes


@routes.delete(ONE, rule=DELETE, status=202)
def delete_encryption(call: Call, volume_type_id: str, key: str) -> None:
    call.enforce()
    logic.delete(call.db, volume_type_id)


def _facts(call: Call, volume_id: str) -> dict[str, Any]:
    """How the volume is encrypted, by the words of its type."""
    volume = volumes.get_visible(call.db, volume_id, call.caller)
    call.enforce(volume)
    encryption = logic.find(call.db, volume.type_id)
    return {"encryption_key_id": None, **(facts(encryption) if encryption else {})}


@routes.get(OF_VOLUME, rule=GET_FACTS, quick=True)
def get_volume_encryption(call: Call, volume_id: str) -> dict[str, Any]:
    return _facts(call, volume_id)


@routes.get(OF_VOLUME + "/{key}", rule=GET_FACTS, quick=True)
def get_volume_encryption_item(call: Call, volume_id: str, key: str) -> dict[str, Any]:
    found = _facts(call, volume_id)
    if key not in found:
        raise NotFound("Volume {id} has no encryption metadata with key {key}.", id=volume_id, key=key[:255])
    return {key: found[key]}
