import hashlib
import json
from typing import Annotated

from haneul.kernel.errors import BadRequest, NotFound
from haneul.kernel.http import Call, Reply, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import Meta
from haneul.services.block_storage.base_rules import MEMBER, READER
from haneul.services.block_storage.volumes import logic
from haneul.services.block_storage.volumes.api import loaded
from haneul.services.block_storage.volumes.models import Volume
from haneul.services.block_storage.volumes.schemas import Metadata

routes = Routes()

ALL = "/v3/volumes/{volume_id}/metadata"
ONE = ALL + "/{key}"
GET = Rule("volume:get_volume_metadata", READER, "Show a volume's metadata.")
CREATE = Rule("volume:create_volume_metadata", MEMBER, "Add to a volume's metadata.")
UPDATE = Rule("volume:update_volume_metadata", MEMBER, "Change a volume's metadata.")
DELETE = Rule("volume:delete_volume_metadata", MEMBER, "Delete an item of a volume's metadata.")
OneItem = Annotated[Metadata, Meta(min_length=1, max_length=1)]


def _item(volume: Volume, key: str) -> str:
    if key not in volume.metadata:
        raise NotFound("Volume {id} has no metadata with key {key}.", id=volume.id, key=key)
    return volume.metadata[key]


def _tag(metadata: dict[str, str]) -> str:
    """Cinder's tag of these metadata: the digest of the body that shows them."""
    return hashlib.md5(json.dumps({"metadata": metadata}).encode(), usedforsecurity=False).hexdigest()


def _to_change(call: Call, volume_id: str, verb: str = "Updating") -> Volume:
    """The volume, unless its metadata are not to be changed now, or were since the client has read them."""
    volume = loaded(call, volume_id)
    if call.at_least("3.15") and call.ask.method == "PUT":
        call.refuse_stale(tag=_tag(volume.metadata))
    if volume.status in ("maintenance", "uploading"):
        raise BadRequest(
            "Invalid volume: {verb} volume metadata is not allowed for volumes in {status} status.",
            verb=verb,
            status=volume.status,
        )
    return volume


@routes.get(ALL, rule=GET, wraps="metadata", quick=True)
def list_volume_metadata(call: Call, volume_id: str) -> Reply[dict[str, str]]:
    metadata = loaded(call, volume_id).metadata
    return Reply(view=metadata, headers={"ETag": f'"{_tag(metadata)}"'} if call.at_least("3.15") else {})


@routes.post(ALL, rule=CREATE, status=200, wraps="metadata")
def add_volume_metadata(call: Call, volume_id: str, body: Metadata) -> dict[str, str]:
    volume = _to_change(call, volume_id)
    return logic.set_metadata(call.db, volume, {**volume.metadata, **body}).metadata


@routes.put(ALL, rule=UPDATE, wraps="metadata")
def replace_volume_metadata(call: Call, volume_id: str, body: Metadata) -> dict[str, str]:
    return logic.set_metadata(call.db, _to_change(call, volume_id), body).metadata


@routes.get(ONE, rule=GET, wraps="meta", quick=True)
def show_volume_metadata_item(call: Call, volume_id: str, key: str) -> dict[str, str]:
    return {key: _item(loaded(call, volume_id), key)}


@routes.put(ONE, rule=UPDATE, wraps="meta")
def update_volume_metadata_item(call: Call, volume_id: str, key: str, body: OneItem) -> dict[str, str]:
    volume = _to_change(call, volume_id)
    if key not in body:
        raise BadRequest("Request body and URI mismatch")
    logic.set_metadata(call.db, volume, {**volume.metadata, **body})
    return body


@routes.delete(ONE, rule=DELETE, status=200)
def delete_volume_metadata_item(call: Call, volume_id: str, key: str) -> None:
    volume = _to_change(call, volume_id, "Deleting")
    _item(volume, key)
    logic.set_metadata(call.db, volume, {name: text for name, text in volume.metadata.items() if name != key})
