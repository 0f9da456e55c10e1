"""What happens to volumes, as journalled steps. Steps write what is wanted and wait for the host to have made it."""

import msgspec

from haneul.kernel.errors import ApiError
from haneul.kernel.operations import Fault, Operation, Parked, Step, Work
from haneul.kernel.reconcile.plans import is_buried
from haneul.services.block_storage.config import BlockStorageSettings
from haneul.services.block_storage.messages import logic as messages
from haneul.services.block_storage.quota_sets.logic import take_growth
from haneul.services.block_storage.types import logic as types
from haneul.services.block_storage.volume_transfers.models import transfers
from haneul.services.block_storage.volumes import logic
from haneul.services.block_storage.volumes.models import GONE, Volume, snapshot_metadata, snapshots, volumes
from haneul.services.block_storage.volumes.queries import BY_ID, SNAPSHOTS_OF_MANY
from haneul.services.block_storage.volumes.scheduling import choose, refuse_full
from haneul.services.block_storage.wire import VOLUMES

MAKE_DEADLINE_S = 6 * 3600.0
GONE_DEADLINE_S = 3600.0


class HostRefused(ApiError):
    """The host said why it could not make the volume so."""

    status = 500


class VolumeOperation(Operation):
    """Work on one volume; what fails puts it into `error` with a message."""

    @staticmethod
    def failed(work: Work, fault: Fault) -> None:
        volume = work.db.one(BY_ID, id=work.resource_id)
        if volume is not None and fault.kind != "superseded":
            work.db.update(volumes, {"id": volume.id}, status=work.input.get("failed_status", "error"))
            messages.note(work, fault)


def _volume(work: Work) -> Volume:
    return logic.get(work.db, work.resource_id)


def choose_place(work: Work) -> None:
    """Choose a pool for the volume, unless it has to lie where its source does."""
    volume = _volume(work)
    if not volume.host:
        settings = msgspec.convert(work.input["settings"], BlockStorageSettings)
        place = work.input.get("place") or choose(
            work.db, volume, types.get(work.db, volume.type_id), (settings, work.input.get("hints", {}))
        )
        work.memo["place"] = place


def want_made(work: Work) -> None:
    """Say that the host of the chosen pool should make the volume."""
    volume = _volume(work)
    if not volume.host:
        logic.want(work.db, volume, work.request_id, host=work.memo["place"])


def want_gone(work: Work) -> None:
    """Have the host remove whatever it has of the volume."""
    volume = work.db.one(BY_ID, id=work.resource_id)
    if volume is not None and volume.wanted != GONE:
        logic.want_gone(work.db, volume, work.request_id)


def await_observed(work: Work) -> Volume:
    """Wait until the host has made the newest generation true; raise what it says if it can't."""
    volume = _volume(work)
    if volume.observed_error:
        raise HostRefused("{reason}", reason=volume.observed_error)
    if volume.observed_generation < volume.generation:
        raise Parked
    return volume


def now_available(work: Work) -> None:
    volume = await_observed(work)
    logic.change(work.db, volume, status="available")


class CreateVolume(VolumeOperation):
    """From a row in state creating to a volume that can be attached."""

    name = "volume-create"
    steps = (
        Step("choose a place", choose_place),
        Step("want it made", want_made, undo=want_gone),
        Step("see it made", now_available, deadline_s=MAKE_DEADLINE_S),
    )


def await_gone(work: Work) -> None:
    """Wait for the host to say that nothing of the volume is left."""
    if is_buried(work.db, VOLUMES, work.resource_id):
        raise Parked


def forget(work: Work) -> None:
    """The volume is no more, nor are its snapshots."""
    volume = work.db.one(BY_ID, id=work.resource_id)
    if volume is not None:
        for snapshot in work.db.all(SNAPSHOTS_OF_MANY, ids=[volume.id]):
            work.db.delete(snapshot_metadata, owner_id=snapshot.id)
        work.db.delete(snapshots, volume_id=volume.id)
        work.db.delete(transfers, volume_id=volume.id)
        logic.forget(work.db, volume)


class DeleteVolume(VolumeOperation):
    """From whatever it is to nothing on any host. It has no way back: each step is tried until it is done."""

    name = "volume-delete"
    steps = (
        Step("want it gone", want_gone),
        Step("see it gone", await_gone, deadline_s=GONE_DEADLINE_S),
        Step("forget it", forget),
    )


def want_larger(work: Work) -> None:
    """Say that the host should have the volume larger, if its pool has the room."""
    volume, size = _volume(work), work.input["size_gb"]
    if volume.size_gb != size:
        # Others may have been promised what was left when this was asked for.
        take_growth(work.db, volume.project_id, volume.size_gb, size, volume.type_id)
        refuse_full(work.db, volume, size - volume.size_gb)
        logic.want(work.db, volume, work.request_id, size_gb=size)


def now_as_before(work: Work) -> None:
    """The volume is in the state again that it was in before."""
    volume = await_observed(work)
    logic.change(work.db, volume, status=work.input["status"])


class ExtendVolume(VolumeOperation):
    """To a larger size. A volume doesn't become smaller: what has failed on the host is seen by the administrator."""

    name = "volume-extend"
    steps = (Step("want it larger", want_larger), Step("see it larger", now_as_before, deadline_s=MAKE_DEADLINE_S))

    @staticmethod
    def failed(work: Work, fault: Fault) -> None:
        volume = work.db.one(BY_ID, id=work.resource_id)
        if volume is not None and fault.kind != "superseded":
            was_tried = volume.size_gb == work.input["size_gb"]
            status = "error_extending" if was_tried else work.input["status"]
            work.db.update(volumes, {"id": volume.id}, status=status)
            messages.note(work, fault)


def want_reverted(work: Work) -> None:
    """Say that the host should give the volume the contents of its snapshot, once for this operation."""
    volume, revert_id = _volume(work), work.input["revert_id"]
    if volume.revert_id != revert_id:
        told = {"revert_id": revert_id, "revert_snapshot_id": work.input["snapshot_id"]}
        logic.want(work.db, volume, work.request_id, **told)


def withdraw_revert(work: Work) -> None:
    """What was not done in time is never done: by then somebody may have written to the volume."""
    volume = work.db.one(BY_ID, id=work.resource_id)
    if volume is not None and volume.revert_id == work.input["revert_id"] and volume.wanted != GONE:
        logic.want(work.db, volume, work.request_id, revert_id=None, revert_snapshot_id=None)


def now_reverted(work: Work) -> None:
    """Volume and snapshot may be used again."""
    volume = await_observed(work)
    if volume.status == "reverting":
        logic.change(work.db, volume, status="available")
    work.db.update(snapshots, {"id": work.input["snapshot_id"], "status": "restoring"}, status="available")


class RevertVolume(VolumeOperation):
    """To what it was when its newest snapshot was made. What the volume has become since can't be had again."""

    name = "volume-revert"
    steps = (
        Step("want it reverted", want_reverted, undo=withdraw_revert),
        Step("see it reverted", now_reverted, deadline_s=MAKE_DEADLINE_S),
    )

    @staticmethod
    def failed(work: Work, fault: Fault) -> None:
        work.db.update(snapshots, {"id": work.input["snapshot_id"], "status": "restoring"}, status="available")
        VolumeOperation.failed(work, fault)


VOLUME_OPERATIONS = (CreateVolume, DeleteVolume, ExtendVolume, RevertVolume)
