"""Deleting volumes: what has to be true before, and what it takes with it."""

from collections.abc import Sequence

import msgspec

from haneul.kernel import operations
from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest
from haneul.kernel.operations import Asker
from haneul.services.block_storage.snapshots import logic as snapshots
from haneul.services.block_storage.volumes import logic
from haneul.services.block_storage.volumes.models import Snapshot, Volume
from haneul.services.block_storage.volumes.operations import DeleteVolume

DELETABLE = ("available", "error", "error_restoring", "error_extending", "error_managing")
SETTLED = (None, "deleting", "error", "success")


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """`cascade`: with its snapshots. `force`: in whatever state it is. An admin may take other projects' snapshots."""

    cascade: bool = False
    force: bool = False
    is_admin: bool = False


def delete(db: Db, by: Asker, volume: Volume, manner: Manner) -> None:
    """Begin to delete the volume; BadRequest if it may not be now."""
    logic.refuse_frozen(db, volume)
    kept = snapshots.of_volume(db, volume.id)
    if not _may_go(volume, kept, manner):
        status = "" if manner.force else f"status must be {' or '.join(DELETABLE)} and"
        raise BadRequest(
            "Invalid volume: Volume {status} must not be migrating, attached, belong to a group, have snapshots, "
            "awaiting a transfer, or be disassociated from snapshots after volume transfer.",
            status=status,
        )
    for snapshot in kept:
        snapshots.change(db, snapshot, status="deleting")
    logic.change(db, volume, status="deleting", previous_status=volume.status)
    told = {"failed_status": "error_deleting"}
    operations.start(db, DeleteVolume, volume.id, by=by, input=told, supersedes=True)


def _may_go(volume: Volume, kept: Sequence[Snapshot], manner: Manner) -> bool:
    if volume.migration_status not in SETTLED or volume.group_id is not None:
        return False
    if not manner.force and volume.status not in DELETABLE:
        return False
    if not kept or not manner.cascade:
        return not kept
    return manner.force or _all_deletable(volume, kept, manner)


def _all_deletable(volume: Volume, kept: Sequence[Snapshot], manner: Manner) -> bool:
    if any(one.status not in ("available", "error", "deleting") for one in kept):
        return False
    return manner.is_admin or all(one.project_id == volume.project_id for one in kept)
