"""A host's volumes: what is wanted of them, and what the host says of them."""

from collections.abc import Iterable, Sequence

from haneul.kernel import operations
from haneul.kernel.db import Db
from haneul.kernel.reconcile import Observation, Report, Tombstone
from haneul.kernel.reconcile.plans import PlanSource, buried_on, bury, is_buried, touch
from haneul.services.block_storage.drivers.base import RevertPlan, Source, VolumePlan
from haneul.services.block_storage.volumes.logic import backend_of, host_of
from haneul.services.block_storage.volumes.models import DROPPED, GONE, USED, Snapshot, Volume, volumes
from haneul.services.block_storage.volumes.queries import OF_IDS, ON_HOST, SNAPSHOTS_OF_MANY
from haneul.services.block_storage.wire import VOLUMES


def wanted_on(db: Db, host: str, ids: Sequence[str]) -> Iterable[VolumePlan]:
    """The volumes that a host should have (of these ids, where some are named)."""
    # A is the sign after @: what is between the two are the host's back ends.
    rows = db.all(OF_IDS, ids=list(ids)) if ids else db.all(ON_HOST, first=f"{host}@", after=f"{host}A")
    buried = buried_on(db, host, VOLUMES)
    live = [row for row in rows if host_of(row.host) == host and row.wanted != GONE and row.id not in buried]
    kept: dict[str, list[Snapshot]] = {row.id: [] for row in live}
    for snapshot in db.all(SNAPSHOTS_OF_MANY, ids=list(kept)) if kept else ():
        kept[snapshot.volume_id].append(snapshot)
    return [_plan(row, kept[row.id]) for row in live]


def _plan(volume: Volume, kept: Sequence[Snapshot]) -> VolumePlan:
    return VolumePlan(
        id=volume.id,
        generation=volume.generation,
        backend=backend_of(volume.host),
        size_gb=volume.size_gb,
        source=_source(volume),
        snapshots=tuple(one.id for one in kept if one.role == USED),
        dropped_snapshots=tuple(one.id for one in kept if one.role == DROPPED),
        revert_to=_revert(volume),
        request_id=volume.wanted_by,
    )


def _source(volume: Volume) -> Source | None:
    if not volume.source_kind or volume.source_id is None:
        return None
    return Source(kind=volume.source_kind, id=volume.source_id, volume_id=volume.source_volume_id or "")  # type: ignore[arg-type]


def _revert(volume: Volume) -> RevertPlan | None:
    if volume.revert_id is None or volume.revert_snapshot_id is None:
        return None
    return RevertPlan(id=volume.revert_id, snapshot_id=volume.revert_snapshot_id)


def heard(db: Db, report: Report) -> None:
    """Write down what a host sees of its volumes, and let the operations that wait for it go on."""
    seen = {observation.id: observation for observation in report.observations}
    for volume in db.all(OF_IDS, ids=list(seen)) if seen else []:
        if host_of(volume.host) == report.host:
            _observed(db, volume, seen[volume.id])
    for volume_id in report.gone:
        operations.wake(db, volume_id)


def _observed(db: Db, volume: Volume, seen: Observation) -> None:
    if seen.generation > volume.generation:
        _plan_anew(db, volume, seen.generation)
        return
    if volume.wanted == GONE:
        return
    news = {"observed_generation": seen.generation, "observed_error": seen.error}
    if any(getattr(volume, name) != value for name, value in news.items()):
        db.update(volumes, {"id": volume.id}, **news)
        operations.wake(db, volume.id)


def _plan_anew(db: Db, volume: Volume, generation: int) -> None:
    """The host has seen more of this volume than the database knows, which was restored: what it knows counts."""
    matched = db.update(volumes, {"id": volume.id, "generation": volume.generation}, generation=generation + 1)
    if matched and is_buried(db, VOLUMES, volume.id):
        bury(db, host_of(volume.host), VOLUMES, Tombstone(volume.id, generation + 1, volume.wanted_by))
    elif matched:
        touch(db, host_of(volume.host), VOLUMES, (volume.id,))


VOLUME_PLANS = PlanSource(VOLUMES, wanted_on, heard)
