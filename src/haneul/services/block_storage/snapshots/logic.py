from collections.abc import Sequence
from typing import Any

import msgspec

from haneul.kernel.auth import Caller
from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.kernel.ids import is_uuid_like, new_uuid
from haneul.services.block_storage.snapshots.queries import BY_ID, NO_SNAPSHOT
from haneul.services.block_storage.volumes.logic import get as get_volume
from haneul.services.block_storage.volumes.logic import note_items, refuse_frozen, refuse_many, refuse_unmade
from haneul.services.block_storage.volumes.models import ASKED, Snapshot, Volume, snapshot_metadata, snapshots
from haneul.services.block_storage.volumes.queries import SNAPSHOTS_OF_MANY

CHANGED = "Snapshot {id} was changed by another request at the same time."
DELETABLE = ("available", "error")


class NewSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot as understood from a request."""

    project_id: str
    user_id: str
    name: str | None
    description: str | None
    metadata: dict[str, str] = {}


def create(db: Db, volume: Volume, wanted: NewSnapshot) -> Snapshot:
    """Insert a snapshot of the volume whose turn is still to come."""
    refuse_many(wanted.metadata)
    moment = now()
    snapshot = Snapshot(
        id=new_uuid(),
        volume_id=volume.id,
        size_gb=volume.size_gb,
        status="creating",
        role=ASKED,
        progress="0%",
        created_at=moment,
        updated_at=moment,
        **{name: getattr(wanted, name) for name in NewSnapshot.__struct_fields__},
    )
    db.insert(snapshots, snapshot)
    note_items(db, snapshot_metadata, snapshot.id, ({}, snapshot.metadata))
    return snapshot


def refuse_unfit(db: Db, volume: Volume, statuses: tuple[str, ...]) -> None:
    """BadRequest, in Cinder's words, for a volume of which no snapshot can be made now."""
    if not volume.host:
        raise BadRequest(
            "Invalid volume: The snapshot cannot be created because volume has not been scheduled to any host."
        )
    refuse_unmade(volume)
    refuse_frozen(db, volume)
    if volume.status == "maintenance":
        raise BadRequest("Invalid volume: The snapshot cannot be created when the volume is in maintenance mode.")
    if volume.migration_status not in (None, "deleting", "error", "success"):
        raise BadRequest("Invalid volume: Snapshot cannot be created while volume is migrating.")
    if volume.status == "error":
        raise BadRequest("Invalid volume: The snapshot cannot be created when the volume is in error status.")
    if volume.status not in statuses:
        raise BadRequest(
            "Invalid volume: Volume {id} status must be {statuses}, but current status is: {status}.",
            id=volume.id,
            statuses=", ".join(statuses),
            status=volume.status,
        )


def get(db: Db, snapshot_id: str) -> Snapshot:
    """The snapshot, whoever may see it; NotFound."""
    snapshot = db.one(BY_ID, id=snapshot_id) if is_uuid_like(snapshot_id) else None
    if snapshot is None:
        raise NotFound(NO_SNAPSHOT, id=snapshot_id)
    return snapshot


def get_visible(db: Db, snapshot_id: str, caller: Caller) -> Snapshot:
    """The snapshot if it is of the caller's project or he is an admin, else NotFound."""
    snapshot = get(db, snapshot_id)
    if "admin" not in caller.roles and snapshot.project_id != caller.project_id:
        raise NotFound(NO_SNAPSHOT, id=snapshot_id)
    return snapshot


def of_volume(db: Db, volume_id: str) -> Sequence[Snapshot]:
    """The volume's snapshots, the oldest first."""
    return db.all(SNAPSHOTS_OF_MANY, ids=[volume_id])


def change(db: Db, snapshot: Snapshot, **values: Any) -> Snapshot:
    """Write values of a snapshot as it was read; Conflict if its status is another by now."""
    moment = now()
    if not db.update(snapshots, {"id": snapshot.id, "status": snapshot.status}, **values, updated_at=moment):
        raise Conflict(CHANGED, id=snapshot.id)
    return msgspec.structs.replace(snapshot, **values, updated_at=moment)


def set_metadata(db: Db, snapshot: Snapshot, metadata: dict[str, str]) -> dict[str, str]:
    """Make this the snapshot's metadata."""
    refuse_many(metadata)
    note_items(db, snapshot_metadata, snapshot.id, (snapshot.metadata, metadata))
    where = {"id": snapshot.id, "metadata": snapshot.metadata}
    if not db.update(snapshots, where, metadata=metadata, updated_at=now()):
        raise Conflict(CHANGED, id=snapshot.id)
    return metadata


def begin_deletion(db: Db, snapshot: Snapshot, volume: Volume, *, force: bool) -> None:
    """Say that the snapshot is on its way out; BadRequest unless it may be, or is forced."""
    refuse_frozen(db, volume)
    if not force and snapshot.status not in DELETABLE:
        raise BadRequest(
            "Invalid snapshot: Snapshot status must be {statuses} and must not be part of a group.",
            statuses=" or ".join(DELETABLE),
        )
    change(db, snapshot, status="deleting")


def forget(db: Db, snapshot_id: str) -> None:
    """Nothing is left of the snapshot."""
    db.delete(snapshot_metadata, owner_id=snapshot_id)
    db.delete(snapshots, id=snapshot_id)


def volume_of(db: Db, snapshot: Snapshot) -> Volume:
    """The volume that the snapshot is of, whoever may see it: a volume with snapshots isn't deleted alone."""
    return get_volume(db, snapshot.volume_id)
