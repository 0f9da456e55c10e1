from typing import Annotated

from haneul.kernel.errors import BadRequest, NotFound
from haneul.kernel.http import Call, Routes
from haneul.kernel.policy import Rule
from haneul.kernel.schema import Meta
from haneul.services.block_storage.base_rules import MEMBER, READER
from haneul.services.block_storage.snapshots import logic
from haneul.services.block_storage.snapshots.api import loaded
from haneul.services.block_storage.volumes.models import Snapshot
from haneul.services.block_storage.volumes.schemas import Metadata

routes = Routes()

ALL = "/v3/snapshots/{snapshot_id}/metadata"
ONE = ALL + "/{key}"
GET = Rule("volume:get_snapshot_metadata", READER, "Show a snapshot's metadata.")
UPDATE = Rule("volume:update_snapshot_metadata", MEMBER, "Change a snapshot's metadata.")
DELETE = Rule("volume:delete_snapshot_metadata", MEMBER, "Delete an item of a snapshot's metadata.")
OneItem = Annotated[Metadata, Meta(min_length=1, max_length=1)]


def _item(snapshot: Snapshot, key: str) -> str:
    if key not in snapshot.metadata:
        raise NotFound("Snapshot {id} has no metadata with key {key}.", id=snapshot.id, key=key)
    return snapshot.metadata[key]


@routes.get(ALL, rule=GET, wraps="metadata", quick=True)
def list_snapshot_metadata(call: Call, snapshot_id: str) -> dict[str, str]:
    return loaded(call, snapshot_id).metadata


@routes.post(ALL, rule=UPDATE, status=200, wraps="metadata")
def add_snapshot_metadata(call: Call, snapshot_id: str, body: Metadata) -> dict[str, str]:
    snapshot = loaded(call, snapshot_id)
    return logic.set_metadata(call.db, snapshot, {**snapshot.metadata, **body})


@routes.put(ALL, rule=UPDATE, wraps="metadata")
def replace_snapshot_metadata(call: Call, snapshot_id: str, body: Metadata) -> dict[str, str]:
    return logic.set_metadata(call.db, loaded(call, snapshot_id), body)


@routes.get(ONE, rule=GET, wraps="meta", quick=True)
def show_snapshot_metadata_item(call: Call, snapshot_id: str, key: str) -> dict[str, str]:
    return {key: _item(loaded(call, snapshot_id), key)}


@routes.put(ONE, rule=UPDATE, wraps="meta")
def update_snapshot_metadata_item(call: Call, snapshot_id: str, key: str, body: OneItem) -> dict[str, str]:
    snapshot = loaded(call, snapshot_id)
    if key not in body:
        raise BadRequest("Request body and URI mismatch")
    logic.set_metadata(call.db, snapshot, {**snapshot.metadata, **body})
    return body


@routes.delete(ONE, rule=DELETE, status=200)
def delete_snapshot_metadata_item(call: Call, snapshot_id: str, key: str) -> None:
    snapshot = loaded(call, snapshot_id)
    _item(snapshot, key)
    logic.set_metadata(call.db, snapshot, {name: text for name, text in snapshot.metadata.items() if name != key})
