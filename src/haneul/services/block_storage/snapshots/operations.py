"""What happens to snapshots. They are work on the volume: operations of one volume run one after another, in order."""

from haneul.kernel.clock import now
from haneul.kernel.operations import Fault, Operation, Step, Work
from haneul.services.block_storage.messages import logic as messages
from haneul.services.block_storage.snapshots import logic
from haneul.services.block_storage.snapshots.queries import BY_ID
from haneul.services.block_storage.volumes.logic import want
from haneul.services.block_storage.volumes.models import ASKED, DROPPED, GONE, USED, Snapshot, snapshots
from haneul.services.block_storage.volumes.operations import MAKE_DEADLINE_S, await_observed
from haneul.services.block_storage.volumes.queries import BY_ID as VOLUME_BY_ID


def _snapshot(work: Work) -> Snapshot | None:
    return work.db.one(BY_ID, id=work.input["snapshot_id"])


def _become(work: Work, role: str) -> None:
    """Give the snapshot another role, and its volume's host another plan."""
    work.db.update(snapshots, {"id": work.input["snapshot_id"]}, role=role, updated_at=now())
    volume = work.db.one(VOLUME_BY_ID, id=work.resource_id)
    if volume is not None and volume.wanted != GONE:
        want(work.db, volume, work.request_id)


def want_made(work: Work) -> None:
    """Say that the host should make the snapshot now."""
    if logic.get(work.db, work.input["snapshot_id"]).role == ASKED:
        _become(work, USED)


def want_unmade(work: Work) -> None:
    """Have the host delete whatever it made, and never make the snapshot of what the volume is later."""
    snapshot = _snapshot(work)
    if snapshot is not None and snapshot.role != DROPPED:
        _become(work, DROPPED)


def now_available(work: Work) -> None:
    await_observed(work)
    where = {"id": work.input["snapshot_id"], "status": "creating"}
    work.db.update(snapshots, where, status="available", progress="100%", updated_at=now())


class SnapshotOperation(Operation):
    """Work on one snapshot; what fails is seen by the snapshot's state, not the volume's."""

    @staticmethod
    def failed(work: Work, fault: Fault) -> None:
        if fault.kind != "superseded":
            status = work.input.get("failed_status", "error")
            work.db.update(snapshots, {"id": work.input["snapshot_id"]}, status=status, updated_at=now())
            messages.note(work, fault, messages.SNAPSHOT, work.input["snapshot_id"])


class CreateSnapshot(SnapshotOperation):
    """The volume as it is when its turn comes. If its host can't, the snapshot is in error and the volume as before."""

    name = "snapshot-create"
    steps = (
        Step("want it made", want_made, undo=want_unmade),
        Step("see it made", now_available, deadline_s=MAKE_DEADLINE_S),
    )


def want_dropped(work: Work) -> None:
    """Say that the host should delete the snapshot, once more if it could not before."""
    if "is_wanted" not in work.memo:
        work.memo["is_wanted"] = True
        _become(work, DROPPED)


def await_dropped(work: Work) -> None:
    await_observed(work)


def forget(work: Work) -> None:
    """The snapshot is no more."""
    logic.forget(work.db, work.input["snapshot_id"])


class DeleteSnapshot(SnapshotOperation):
    """It has no way back: a host that was told to delete a snapshot may have done so whatever it says."""

    name = "snapshot-delete"
    steps = (
        Step("want it gone", want_dropped),
        Step("see it gone", await_dropped, deadline_s=MAKE_DEADLINE_S),
        Step("forget it", forget),
    )


SNAPSHOT_OPERATIONS = (CreateSnapshot, DeleteSnapshot)
