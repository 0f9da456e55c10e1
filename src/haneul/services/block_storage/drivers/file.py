"""Volumes as raw files of any filesystem, with holes where nothing was written; copies share blocks where it can.

<folder>/<volume>/record.json       whose it is, what was wanted, and what was made
<folder>/<volume>/volume.raw        the volume
<folder>/<volume>/<id>.snapshot     the volume as it was at one moment
<folder>/removing/<volume>/         a removal that has begun and must be finished
"""

import os
import shutil
import threading
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from haneul.host.disk import copying, durable
from haneul.services.block_storage.drivers import image_bytes, records
from haneul.services.block_storage.drivers.base import (
    GIB,
    DriverSettings,
    PoolFacts,
    Refused,
    Source,
    VolumePlan,
    VolumeState,
)
from haneul.services.block_storage.drivers.records import VolumeRecord

DRAFT = ".part"
LOST = "A snapshot of the volume is lost: it was made and is not in this back end any more."
NO_SOURCE = "The volume or snapshot that the new volume is to be made of is not in this back end."


class FileDriver:
    """A folder of volumes."""

    def __init__(self, settings: DriverSettings) -> None:
        self._settings = settings
        self._folder = Path(settings.options.get("path") or settings.folder)
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._folder.mkdir(mode=0o711, parents=True, exist_ok=True)

    def pools(self) -> Sequence[PoolFacts]:
        try:
            found = os.statvfs(self._folder)
        except OSError as error:
            raise Refused(f"The folder of the back end can't be used: {error.strerror}.") from error
        unit = found.f_frsize / GIB
        total, free = round(found.f_blocks * unit, 2), round(found.f_bavail * unit, 2)
        return [PoolFacts(name=self._settings.backend, total_gb=total, free_gb=free, protocol="nbd")]

    def list_volumes(self) -> Sequence[VolumeState]:
        paths = [self._record(path.name) for path in sorted(self._folder.iterdir())]
        return [_state(one) for one in records.own(paths, self._settings.cloud_id)]

    def ensure_volume(self, plan: VolumePlan) -> None:
        records.refuse_unsafe(plan)
        with self._locks[plan.id]:
            try:
                self._ensure(plan)
            except OSError as error:
                raise Refused(_sentence(error)) from error

    def _ensure(self, plan: VolumePlan) -> None:
        self._place(plan.id).mkdir(mode=0o700, exist_ok=True)
        record = records.load(self._record(plan.id)) or self._save(
            VolumeRecord(cloud_id=self._settings.cloud_id, plan=plan)
        )
        records.refuse_other(record, plan, self._settings.cloud_id)
        record = self._save(replace(record, plan=plan))
        self._settings.reached("record-made")
        if not record.size_gb:
            self._make(plan)
        record = self._reverted(plan, record)
        self._grow(plan)
        record = self._save(replace(record, size_gb=plan.size_gb))
        kept = self._with_snapshots(plan, record)
        self._save(replace(record, made_generation=plan.generation, snapshots=kept))
        self._settings.reached("plan-remembered")

    def _make(self, plan: VolumePlan) -> None:
        path = self._volume(plan.id)
        if path.exists():
            return
        draft = path.with_name(path.name + DRAFT)
        draft.unlink(missing_ok=True)
        if plan.source is None:
            draft.touch(mode=0o600, exist_ok=False)
        elif plan.source.kind == "image":
            image_bytes.write(self._settings.images, plan.source.id, draft, plan.size_gb * GIB)
        else:
            copying.clone(self._source(plan.source), draft)
        self._finish(draft, path)
        self._settings.reached("volume-made")

    def _reverted(self, plan: VolumePlan, record: VolumeRecord) -> VolumeRecord:
        wanted = records.revert_due(record, plan)
        if wanted is None:
            return record
        source = self._snapshot(plan.id, wanted.snapshot_id)
        if not source.exists():
            raise Refused(LOST)
        path = self._volume(plan.id)
        draft = path.with_name(path.name + DRAFT)
        draft.unlink(missing_ok=True)
        copying.clone(source, draft)
        self._finish(draft, path)
        self._settings.reached("volume-reverted")
        return self._save(replace(record, reverted=wanted.id))

    def _source(self, source: Source) -> Path:
        path = self._volume(source.id) if source.kind == "volume" else self._snapshot(source.volume_id, source.id)
        record = records.load(path.with_name("record.json"))
        if record is None or record.cloud_id != self._settings.cloud_id or not path.exists():
            raise Refused(NO_SOURCE)
        return path

    def _grow(self, plan: VolumePlan) -> None:
        size = plan.size_gb * GIB
        path = self._volume(plan.id)
        if path.stat().st_size > size:
            raise Refused("What the volume is to be made of is larger than the volume.")
        os.truncate(path, size)

    def _with_snapshots(self, plan: VolumePlan, record: VolumeRecord) -> tuple[str, ...]:
        for snapshot_id in plan.snapshots:
            path = self._snapshot(plan.id, snapshot_id)
            if not path.exists():
                if snapshot_id in record.snapshots:
                    raise Refused(LOST)
                draft = path.with_name(path.name + DRAFT)
                draft.unlink(missing_ok=True)
                copying.clone(self._volume(plan.id), draft)
                self._finish(draft, path)
                self._settings.reached("snapshot-made")
        for snapshot_id in plan.dropped_snapshots:
            self._snapshot(plan.id, snapshot_id).unlink(missing_ok=True)
            self._settings.reached("snapshot-dropped")
        return tuple(sorted({*record.snapshots, *plan.snapshots} - set(plan.dropped_snapshots)))

    def _finish(self, draft: Path, path: Path) -> None:
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(path)
        durable.sync_folder(path.parent)

    def remove_volume(self, volume_id: str) -> None:
        if not records.is_safe_id(volume_id):
            return
        with self._locks[volume_id]:
            record = records.load(self._record(volume_id))
            if record is not None and record.cloud_id == self._settings.cloud_id:
                self._removing.mkdir(mode=0o700, exist_ok=True)
                self._place(volume_id).replace(self._removing / volume_id)
                self._settings.reached("removal-begun")
            self._finish_removals()

    def _finish_removals(self) -> None:
        for path in self._removing.glob("*"):
            shutil.rmtree(path, ignore_errors=True)
            self._settings.reached("volume-removed")

    def recover(self) -> None:
        self._finish_removals()
        for path in self._folder.iterdir():
            if records.is_safe_id(path.name) and not any(path.iterdir()):
                path.rmdir()
        for draft in self._folder.glob(f"*/*{DRAFT}"):
            draft.unlink(missing_ok=True)

    def _save(self, record: VolumeRecord) -> VolumeRecord:
        return records.save(self._record(record.plan.id), record)

    @property
    def _removing(self) -> Path:
        return self._folder / "removing"

    def _place(self, volume_id: str) -> Path:
        return self._folder / volume_id

    def _record(self, volume_id: str) -> Path:
        return self._place(volume_id) / "record.json"

    def _volume(self, volume_id: str) -> Path:
        return self._place(volume_id) / "volume.raw"

    def _snapshot(self, volume_id: str, snapshot_id: str) -> Path:
        return self._place(volume_id) / f"{snapshot_id}.snapshot"


def _state(record: VolumeRecord) -> VolumeState:
    return VolumeState(
        id=record.plan.id, generation=record.made_generation, size_gb=record.size_gb, snapshots=record.snapshots
    )


def _sentence(error: OSError) -> str:
    if error.errno in (28, 122):
        return "The back end's disk is full."
    return "The back end could not bring the volume to what is wanted; its host's log says why."
