from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.block_storage.base_rules import ADMIN, READER
from haneul.services.block_storage.names import OneSpec, Specs
from haneul.services.block_storage.type_extra_specs import logic
from haneul.services.block_storage.types import logic as types
from haneul.services.block_storage.types.models import VolumeType
from haneul.services.block_storage.types.rules import SEES_ALL_SPECS
from haneul.services.block_storage.types.schemas import specs_seen

routes = Routes()

PATH = "/v3/types/{volume_type_id}/extra_specs"
LIST = Rule("volume_extension:types_extra_specs:index", READER, "List a volume type's extra specs.")
GET = Rule("volume_extension:types_extra_specs:show", READER, "Show one of a volume type's extra specs.")
CREATE = Rule("volume_extension:types_extra_specs:create", ADMIN, "Add extra specs to a volume type.")
UPDATE = Rule("volume_extension:types_extra_specs:update", ADMIN, "Set a volume type's extra spec.")
DELETE = Rule("volume_extension:types_extra_specs:delete", ADMIN, "Delete a volume type's extra spec.")


def _seen(call: Call, volume_type_id: str) -> tuple[VolumeType, dict[str, str | None]]:
    """The type, and those of its specs that the caller may see."""
    call.enforce(call.caller)
    kind = types.visible(call.db, types.get(call.db, volume_type_id), call.caller)
    return kind, specs_seen(kind, sees_all=call.allows(SEES_ALL_SPECS, call.caller))


@routes.get(PATH, rule=LIST, wraps="extra_specs", quick=True)
def list_extra_specs(call: Call, volume_type_id: str) -> dict[str, str | None]:
    return _seen(call, volume_type_id)[1]


@routes.post(PATH, rule=CREATE, wraps="extra_specs", status=200)
def create_extra_specs(call: Call, volume_type_id: str, body: Specs) -> dict[str, str | None]:
    call.enforce()
    logic.set_(call.db, volume_type_id, body)
    return body


@routes.get(PATH + "/{key}", rule=GET, quick=True)
def get_extra_spec(call: Call, volume_type_id: str, key: str) -> dict[str, str | None]:
    kind, specs = _seen(call, volume_type_id)
    return {key: logic.value(kind, specs, key)}


@routes.put(PATH + "/{key}", rule=UPDATE)
def update_extra_spec(call: Call, volume_type_id: str, key: str, body: OneSpec) -> dict[str, str | None]:
    call.enforce()
    logic.refuse_used(call.db, volume_type_id)
    types.get(call.db, volume_type_id)
    if key not in body:
        raise BadRequest("Request body and URI mismatch")
    logic.set_(call.db, volume_type_id, body)
    return body


@routes.delete(PATH + "/{key}", rule=DELETE, status=202)
def delete_extra_spec(call: Call, volume_type_id: str, key: str) -> None:
    call.enforce()
    logic.delete(call.db, volume_type_id, key)
