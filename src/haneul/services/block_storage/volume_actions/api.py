"""What a body on /volumes/{volume_id}/action may ask for: sizes, states, flags and what is kept of the image."""

from typing import Any

from haneul.kernel.errors import NotBuilt, NotFound
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.services.block_storage.base_rules import ADMIN, MEMBER, READER
from haneul.services.block_storage.lists import IS_ADMIN
from haneul.services.block_storage.volume_actions import logic
from haneul.services.block_storage.volume_actions.schemas import (
    Extend,
    ImageMetadataView,
    ResetStatus,
    Revert,
    SetBootable,
    SetImageMetadata,
    SetReadOnly,
    UnsetImageMetadata,
)
from haneul.services.block_storage.volumes import logic as volumes
from haneul.services.block_storage.volumes.api import loaded
from haneul.services.block_storage.volumes.deletion import Manner, delete
from haneul.services.block_storage.volumes.rules import UPDATE
from haneul.services.block_storage.yes_no import truth

routes = Routes()

ACTION = "/v3/volumes/{volume_id}/action"
_ADMIN = "volume_extension:volume_admin_actions"
_IMAGE = "volume_extension:volume_image_metadata"
EXTEND = Rule("volume:extend", MEMBER, "Make a volume larger.")
EXTEND_ATTACHED = Rule("volume:extend_attached_volume", MEMBER, "Make a volume larger while it is in use.")
REVERT = Rule("volume:revert_to_snapshot", MEMBER, "Give a volume the contents of its newest snapshot.")
RESET = Rule(f"{_ADMIN}:reset_status", ADMIN, "Say what state a volume is in.")
FORCE_DELETE = Rule(f"{_ADMIN}:force_delete", ADMIN, "Delete a volume in whatever state it is, by an action.")
READ_ONLY = Rule("volume:update_readonly_flag", MEMBER, "Let servers only read a volume.")
SHOW_IMAGE = Rule("volume:get_volume_metadata", READER, "Show a volume's metadata.")
SET_IMAGE = Rule(f"{_IMAGE}:set", MEMBER, "Change what a volume has of its image.")
REMOVE_IMAGE = Rule(f"{_IMAGE}:remove", MEMBER, "Delete what a volume has of its image.")


@routes.action(ACTION, "os-extend", rule=EXTEND)
def extend_volume(call: Call, volume_id: str, body: Extend) -> None:
    volume = loaded(call, volume_id)
    if volume.status == "in-use" and call.at_least("3.42"):
        call.enforce(volume, rule=EXTEND_ATTACHED)
        raise NotBuilt("haneul does not make volumes larger that are in use yet.")
    logic.extend(call.db, call, volume, int(body.new_size))


@routes.action(ACTION, "os-reset_status", rule=RESET)
def reset_volume_status(call: Call, volume_id: str, body: ResetStatus) -> None:
    wanted = {
        "status": body.status,
        "attach_status": body.attach_status,
        "migration_status": body.migration_status,
    }
    logic.reset_status(call.db, loaded(call, volume_id), wanted)


@routes.action(ACTION, "os-force_delete", rule=FORCE_DELETE)
def force_delete_volume(call: Call, volume_id: str, body: Any) -> None:
    manner = Manner(force=True, is_admin=call.allows(IS_ADMIN))
    delete(call.db, call, loaded(call, volume_id), manner)


@routes.action(ACTION, "os-set_bootable", rule=UPDATE, status=200)
def set_volume_bootable(call: Call, volume_id: str, body: SetBootable) -> None:
    volume = loaded(call, volume_id)
    volumes.change(call.db, volume, is_bootable=truth(body.bootable, "bootable"))


@routes.action(ACTION, "os-update_readonly_flag", rule=READ_ONLY)
def set_volume_read_only(call: Call, volume_id: str, body: SetReadOnly) -> None:
    volume = loaded(call, volume_id)
    logic.set_read_only(call.db, volume, truth(body.readonly, "readonly"))


@routes.action(ACTION, "os-show_image_metadata", rule=SHOW_IMAGE, status=200)
def show_volume_image_metadata(call: Call, volume_id: str, body: Any) -> ImageMetadataView:
    return ImageMetadataView(metadata=loaded(call, volume_id).image_metadata)


@routes.action(ACTION, "os-set_image_metadata", rule=SET_IMAGE, status=200)
def set_volume_image_metadata(call: Call, volume_id: str, body: SetImageMetadata) -> ImageMetadataView:
    volume = loaded(call, volume_id)
    changed = volumes.set_image_metadata(call.db, volume, {**volume.image_metadata, **body.metadata})
    return ImageMetadataView(metadata=changed.image_metadata)


@routes.action(ACTION, "os-unset_image_metadata", rule=REMOVE_IMAGE, status=200)
def unset_volume_image_metadata(call: Call, volume_id: str, body: UnsetImageMetadata) -> None:
    volume = loaded(call, volume_id)
    if body.key not in volume.image_metadata:
        raise NotFound("Glance metadata for volume/snapshot {id} cannot be found.", id=volume.id)
    rest = {name: text for name, text in volume.image_metadata.items() if name != body.key}
    volumes.set_image_metadata(call.db, volume, rest)


@routes.action(ACTION, "revert", rule=REVERT, since="3.40")
def revert_volume(call: Call, volume_id: str, body: Revert) -> None:
    logic.revert(call.db, call, loaded(call, volume_id), body.snapshot_id)
