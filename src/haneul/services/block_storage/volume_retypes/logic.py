from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, NotBuilt
from haneul.services.block_storage.qos_specs import logic as qos_specs
from haneul.services.block_storage.quota_sets.logic import take_type
from haneul.services.block_storage.type_encryptions.logic import refuse_encrypted
from haneul.services.block_storage.types import logic as types
from haneul.services.block_storage.types.models import VolumeType
from haneul.services.block_storage.volumes import logic as volumes
from haneul.services.block_storage.volumes.choosing_type import refuse_size
from haneul.services.block_storage.volumes.models import Volume
from haneul.services.block_storage.volumes.scheduling import has_to_move

MULTIATTACH_IN_USE = (
    "Invalid input received: Invalid volume_type passed, retypes affecting multiattach are only allowed on available "
    "volumes, the specified volume however currently has a status of: {status}."
)
WRONG_STATE = (
    "Invalid volume: Retype needs volume to be in available or in-use state, not be part of an active migration or a "
    "consistency group, requested type has to be different that the one from the volume, and for in-use volumes "
    "front-end qos specs cannot change."
)


def retype(db: Db, volume: Volume, kind: VolumeType, *, may_move: bool) -> None:
    """Make the volume one of this type, where it lies; BadRequest, OverQuota, NotBuilt if it would have to be moved."""
    refuse_size(kind, volume.size_gb)
    if volume.is_multiattach != kind.is_multiattach and volume.status != "available":
        raise BadRequest(MULTIATTACH_IN_USE, status=volume.status)
    refuse_encrypted(db, kind)
    take_type(db, volume.project_id, volume.size_gb, kind.id)
    _refuse_state(db, volume, kind)
    if has_to_move(db, volume, kind):
        _refuse_move(kind, may_move=may_move)
    volumes.change(db, volume, type_id=kind.id, is_multiattach=kind.is_multiattach)


def _refuse_state(db: Db, volume: Volume, kind: VolumeType) -> None:
    is_idle = volume.migration_status in (None, "deleting", "error", "success") and not volume.group_id
    is_fit = volume.status == "available" or (volume.status == "in-use" and _keeps_limits(db, volume, kind))
    if not (is_idle and is_fit) or volume.type_id == kind.id:
        raise BadRequest(WRONG_STATE)


def _keeps_limits(db: Db, volume: Volume, kind: VolumeType) -> bool:
    """Whether what the hypervisor limits stays as it is: it is told once, when the volume is attached."""
    old, new = (qos_specs.of_type(db, one) for one in (types.get(db, volume.type_id), kind))
    limiting = [one.id for one in (old, new) if one is not None and one.consumer != "back-end"]
    return not limiting or (old is not None and new is not None and old.id == new.id)


def _refuse_move(kind: VolumeType, *, may_move: bool) -> None:
    if may_move:
        raise NotBuilt(
            "haneul does not move volumes between back ends yet, as the volume type {name} needs it.", name=kind.name
        )
    raise BadRequest(
        "Invalid volume: Volumes of the type {name} lie on another back end, and the migration policy is never.",
        name=kind.name,
    )
