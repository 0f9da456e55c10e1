"""Turning actions on a volume into states and operations."""

from collections.abc import Sequence
from typing import Any

from haneul.kernel import operations
from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, Conflict, NotBuilt
from haneul.kernel.ids import new_uuid
from haneul.kernel.operations import Asker
from haneul.services.block_storage.drivers.records import LARGEST_GB
from haneul.services.block_storage.quota_sets.logic import take_growth
from haneul.services.block_storage.snapshots import logic as snapshots
from haneul.services.block_storage.volumes import logic
from haneul.services.block_storage.volumes.models import Volume
from haneul.services.block_storage.volumes.operations import ExtendVolume, RevertVolume

STATUSES = (
    "creating",
    "available",
    "deleting",
    "error",
    "error_deleting",
    "error_managing",
    "managing",
    "attaching",
    "in-use",
    "detaching",
    "maintenance",
    "restoring-backup",
    "error_restoring",
    "reserved",
    "awaiting-transfer",
    "backing-up",
    "error_backing-up",
    "error_extending",
    "downloading",
    "uploading",
    "retyping",
    "extending",
)
ATTACH_STATUSES = ("attached", "detached")
MIGRATION_STATUSES = ("migrating", "error", "success", "completing", "none", "starting")


def extend(db: Db, by: Asker, volume: Volume, size_gb: int) -> None:
    """Begin to make the volume larger; BadRequest if it isn't larger, or the volume is busy."""
    if size_gb <= volume.size_gb:
        raise BadRequest(
            "Invalid input received: New size for extend must be greater than current size. (current: {size}, "
            "extended: {new_size}).",
            size=volume.size_gb,
            new_size=size_gb,
        )
    if size_gb > LARGEST_GB:
        raise BadRequest("Invalid input received: A volume has at most {most} GiB.", most=LARGEST_GB)
    if volume.status != "available":
        raise BadRequest(
            "Invalid volume: Volume {id} status must be '{expected}' to extend, currently {status}.",
            id=volume.id,
            expected="{'status': 'available'}",
            status=volume.status,
        )
    take_growth(db, volume.project_id, volume.size_gb, size_gb, volume.type_id)
    logic.refuse_unmade(volume)
    logic.change(db, volume, status="extending", previous_status=volume.status)
    told = {"size_gb": size_gb, "status": volume.status}
    operations.start(db, ExtendVolume, volume.id, by=by, input=told)


def reset_status(db: Db, volume: Volume, wanted: dict[str, str | None]) -> None:
    """Say of the volume that it is in these states, whatever is the matter with it; its host is left alone."""
    given = {name: text.lower() for name, text in wanted.items() if text}
    if not given:
        raise BadRequest("Must specify 'status', 'attach_status' or 'migration_status' for update.")
    _refuse_unknown("Volume status", given.get("status"), STATUSES)
    _refuse_unknown("Volume attach status", given.get("attach_status"), ATTACH_STATUSES)
    _refuse_unknown("Volume migration status", given.get("migration_status"), MIGRATION_STATUSES)
    if given.get("status") == "deleting":
        raise BadRequest("Cannot reset-state to {status}", status=given["status"])
    if given.get("status") == "in-use":
        raise BadRequest("Cannot reset-state to in-use because volume does not have any attachments.")
    if given.get("attach_status") == "attached":
        raise NotBuilt("haneul does not attach volumes yet.")
    changes: dict[str, Any] = {"status": given["status"]} if "status" in given else {}
    if "migration_status" in given:
        moving = given["migration_status"]
        changes["migration_status"] = None if moving == "none" else moving
    if changes:
        logic.change(db, volume, **changes)


def _refuse_unknown(what: str, given: str | None, known: Sequence[str]) -> None:
    if given is not None and given not in known:
        raise BadRequest(
            "{what}: {status} is invalid, valid statuses are: {valid}.",
            what=what,
            status=given,
            valid=str(tuple(known)),
        )


def set_read_only(db: Db, volume: Volume, is_read_only: bool) -> None:
    """Let servers only read the volume, or write it again; BadRequest unless it is available."""
    if volume.status != "available":
        raise BadRequest(
            "Invalid volume: Volume {id} status must be available to update readonly flag, but current status is: "
            "{status}.",
            id=volume.id,
            status=volume.status,
        )
    logic.change(db, volume, is_read_only=is_read_only)


def revert(db: Db, by: Asker, volume: Volume, snapshot_id: str | None) -> None:
    """Begin to give the volume the contents of its newest snapshot, which has to be the one that is named."""
    kept = snapshots.of_volume(db, volume.id)
    if not kept:
        raise BadRequest("Volume {id} doesn't have any snapshots.", id=volume.id)
    newest = kept[-1]
    if snapshot_id != newest.id:
        raise BadRequest(
            "Specified snapshot {snapshot} is None or not the latest one of volume {id}.",
            snapshot=snapshot_id,
            id=volume.id,
        )
    if volume.size_gb != newest.size_gb:
        raise BadRequest(
            "Can't revert volume {id} to its latest snapshot {snapshot}. The volume size must be equal to the snapshot "
            "size.",
            id=volume.id,
            snapshot=newest.id,
        )
    _refuse_busy("Invalid volume", "Volume", volume.status, (volume.id, newest.id))
    _refuse_busy("Invalid snapshot", "Snapshot", newest.status, (volume.id, newest.id))
    logic.refuse_unmade(volume)
    logic.change(db, volume, status="reverting", previous_status=volume.status)
    snapshots.change(db, newest, status="restoring")
    told = {"revert_id": new_uuid(), "snapshot_id": newest.id}
    operations.start(db, RevertVolume, volume.id, by=by, input=told)


def _refuse_busy(problem: str, what: str, status: str, ids: tuple[str, str]) -> None:
    if status != "available":
        raise Conflict(
            "{problem}: Can't revert volume {id} to its latest snapshot {snapshot}. {what}'s status must be "
            "'available'.",
            problem=problem,
            id=ids[0],
            snapshot=ids[1],
            what=what,
        )
