from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.block_storage.base_rules import MEMBER
from haneul.services.block_storage.types import logic as types
from haneul.services.block_storage.volume_retypes import logic
from haneul.services.block_storage.volume_retypes.schemas import Retype
from haneul.services.block_storage.volumes.api import loaded
from haneul.services.block_storage.volumes.asking import MULTIATTACH

routes = Routes()

RETYPE = Rule("volume:retype", MEMBER, "Make a volume one of another type.")


@routes.action("/v3/volumes/{volume_id}/action", "os-retype", rule=RETYPE)
def retype_volume(call: Call, volume_id: str, body: Retype) -> None:
    volume = loaded(call, volume_id)
    kind = types.visible(call.db, types.find(call.db, body.new_type), call.caller)
    if kind.is_multiattach and not volume.is_multiattach:
        call.enforce(volume, rule=MULTIATTACH)
    logic.retype(call.db, volume, kind, may_move=body.migration_policy == "on-demand")
