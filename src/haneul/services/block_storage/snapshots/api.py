from typing import Any

from haneul.kernel import operations
from haneul.kernel.errors import BadRequest, NotFound
from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.block_storage.lists import filters_of, listed, rows_of
from haneul.services.block_storage.quota_sets.logic import take_snapshot
from haneul.services.block_storage.snapshots import logic, rules
from haneul.services.block_storage.snapshots.operations import CreateSnapshot, DeleteSnapshot
from haneul.services.block_storage.snapshots.queries import SNAPSHOTS
from haneul.services.block_storage.snapshots.schemas import (
    ShortSnapshotView,
    SnapshotCreate,
    SnapshotProgress,
    SnapshotStatus,
    SnapshotUpdate,
    SnapshotView,
    short_view,
    trimmed,
    view,
)
from haneul.services.block_storage.volumes import logic as volumes
from haneul.services.block_storage.volumes.models import Snapshot
from haneul.services.block_storage.yes_no import truth

routes = Routes()

ALL = "/v3/snapshots"
ONE = ALL + "/{snapshot_id}"
ACTION = ONE + "/action"
STATUSES = (
    "error",
    "available",
    "creating",
    "deleting",
    "deleted",
    "updating",
    "error_deleting",
    "unmanaging",
    "backing-up",
    "restoring",
)
FOLLOWING = {"creating": ("creating", "available", "error"), "deleting": ("deleting", "error_deleting")}
FORCE_IS_INVALID = (
    "Since microversion 3.66 the 'force' flag is invalid for this request.  For backward compatability, however, when "
    "the 'force' flag is passed with a value evaluating to True, it is silently ignored."
)


def loaded(call: Call, snapshot_id: str, *, rule: Rule | None = None) -> Snapshot:
    """The snapshot of a request's path, the route's rule enforced on it."""
    snapshot = logic.get_visible(call.db, snapshot_id, call.caller)
    call.enforce(snapshot, rule=rule)
    return snapshot


def _shown(call: Call, snapshot: Snapshot) -> SnapshotView:
    return view(snapshot, is_extended=call.allows(rules.EXTENDED, snapshot))


@routes.get(ALL, rule=rules.LIST, wraps="snapshots")
def list_snapshots(call: Call) -> Listed[ShortSnapshotView]:
    call.enforce({"project_id": call.caller.project_id})
    filters = filters_of(call, SNAPSHOTS)
    found = rows_of(call, SNAPSHOTS, filters)
    return listed(call, SNAPSHOTS, filters, [short_view(one) for one in found], [one.id for one in found])


@routes.get(ALL + "/detail", rule=rules.LIST, wraps="snapshots")
def list_snapshots_in_detail(call: Call) -> Listed[SnapshotView]:
    call.enforce({"project_id": call.caller.project_id})
    filters = filters_of(call, SNAPSHOTS)
    found = rows_of(call, SNAPSHOTS, filters)
    return listed(call, SNAPSHOTS, filters, [_shown(call, one) for one in found], [one.id for one in found])


@routes.post(ALL, rule=rules.CREATE, status=202, wraps="snapshot")
def create_snapshot(call: Call, body: SnapshotCreate) -> SnapshotView:
    volume = volumes.get_visible(call.db, str(body.volume_id), call.caller)
    call.enforce(volume)
    logic.refuse_unfit(call.db, volume, _statuses(call, body))
    wanted = logic.NewSnapshot(
        project_id=call.caller.project_id or "",
        user_id=call.caller.user_id,
        name=trimmed(body.name if body.name is not None else body.display_name),
        description=trimmed(body.description),
        metadata=dict(body.metadata or {}),
    )
    take_snapshot(call.db, volume.project_id, volume.size_gb, volume.type_id)
    snapshot = logic.create(call.db, volume, wanted)
    operations.start(call.db, CreateSnapshot, volume.id, by=call, input={"snapshot_id": snapshot.id})
    return view(snapshot, is_extended=False)


def _statuses(call: Call, body: SnapshotCreate) -> tuple[str, ...]:
    """The states of a volume in which this request may have a snapshot of it."""
    force = body.force is not None and truth(body.force, "force")
    if call.at_least("3.66") and body.force is not None and not force:
        raise BadRequest(FORCE_IS_INVALID)
    return ("available", "in-use") if force or call.at_least("3.66") else ("available",)


@routes.get(ONE, rule=rules.GET, wraps="snapshot", quick=True)
def get_snapshot(call: Call, snapshot_id: str) -> SnapshotView:
    return _shown(call, loaded(call, snapshot_id))


@routes.put(ONE, rule=rules.UPDATE, wraps="snapshot")
def update_snapshot(call: Call, snapshot_id: str, body: SnapshotUpdate) -> SnapshotView:
    snapshot = loaded(call, snapshot_id)
    return view(logic.change(call.db, snapshot, **body.changes()), is_extended=False)


@routes.delete(ONE, rule=rules.DELETE, status=202)
def delete_snapshot(call: Call, snapshot_id: str) -> None:
    _delete(call, loaded(call, snapshot_id), force=False)


@routes.action(ACTION, "os-force_delete", rule=rules.FORCE_DELETE)
def force_delete_snapshot(call: Call, snapshot_id: str, body: Any) -> None:
    _delete(call, loaded(call, snapshot_id), force=True)


def _delete(call: Call, snapshot: Snapshot, *, force: bool) -> None:
    try:
        volume = volumes.get(call.db, snapshot.volume_id)
    except NotFound:
        logic.forget(call.db, snapshot.id)
        return
    logic.begin_deletion(call.db, snapshot, volume, force=force)
    told = {"snapshot_id": snapshot.id, "failed_status": "error_deleting"}
    operations.start(call.db, DeleteSnapshot, volume.id, by=call, input=told)


@routes.action(ACTION, "os-reset_status", rule=rules.RESET)
def reset_snapshot_status(call: Call, snapshot_id: str, body: SnapshotStatus) -> None:
    snapshot = loaded(call, snapshot_id)
    status = body.status.lower()
    if status not in STATUSES:
        raise BadRequest(
            "Snapshot status: {status} is invalid, valid statuses are: {valid}.",
            status=body.status,
            valid=str(STATUSES),
        )
    logic.change(call.db, snapshot, status=status)


@routes.action(ACTION, "os-update_snapshot_status", rule=rules.UPDATE_STATUS)
def update_snapshot_status(call: Call, snapshot_id: str, body: SnapshotProgress) -> None:
    snapshot = loaded(call, snapshot_id)
    if snapshot.status not in FOLLOWING:
        raise BadRequest("Snapshot status {status} not allowed for update_snapshot_status", status=snapshot.status)
    if body.status not in FOLLOWING[snapshot.status]:
        raise BadRequest(
            "Provided snapshot status {provided} not allowed for snapshot with status {current}.",
            provided=body.status,
            current=snapshot.status,
        )
    progress = body.progress or snapshot.progress
    logic.change(call.db, snapshot, status=body.status, progress=progress)
