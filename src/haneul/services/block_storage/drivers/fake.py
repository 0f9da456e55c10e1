"""Volumes that are only said to be there: the same contract without a disk."""

import threading
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from haneul.services.block_storage.drivers import records
from haneul.services.block_storage.drivers.base import DriverSettings, PoolFacts, Refused, VolumePlan, VolumeState
from haneul.services.block_storage.drivers.records import VolumeRecord

TOTAL_GB = 100_000.0


class FakeDriver:
    """A back end of records. One file a volume, so that volumes outlive a restart as real ones do."""

    def __init__(self, settings: DriverSettings) -> None:
        self._settings = settings
        self._folder = settings.folder
        self._lock = threading.Lock()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def pools(self) -> Sequence[PoolFacts]:
        used = sum(state.size_gb for state in self.list_volumes())
        return [PoolFacts(name="fake", total_gb=TOTAL_GB, free_gb=TOTAL_GB - used, protocol="nbd")]

    def list_volumes(self) -> Sequence[VolumeState]:
        return [_state(one) for one in records.own(sorted(self._folder.glob("*.json")), self._settings.cloud_id)]

    def ensure_volume(self, plan: VolumePlan) -> None:
        records.refuse_unsafe(plan)
        with self._lock:
            record = self._load(plan.id) or VolumeRecord(cloud_id=self._settings.cloud_id, plan=plan)
            records.refuse_other(record, plan, self._settings.cloud_id)
            if not record.made_generation:
                self._refuse_absent(plan)
            self._settings.reached("volume-made")
            revert = records.revert_due(record, plan)
            kept = sorted({*record.snapshots, *plan.snapshots} - set(plan.dropped_snapshots))
            made = replace(
                record,
                plan=plan,
                made_generation=plan.generation,
                size_gb=plan.size_gb,
                snapshots=tuple(kept),
                reverted=revert.id if revert else record.reverted,
            )
            records.save(self._file(plan.id), made)
            self._settings.reached("plan-remembered")

    def _refuse_absent(self, plan: VolumePlan) -> None:
        source = plan.source
        if source is None:
            return
        if source.kind == "image":
            self._settings.images.facts(source.id)
        elif source.kind == "volume" and self._own(source.id) is None:
            raise Refused("The volume that the new one is to be made of is not on this host.")
        elif source.kind == "snapshot":
            whole = self._own(source.volume_id)
            if whole is None or source.id not in whole.snapshots:
                raise Refused("The snapshot that the volume is to be made of is not on this host.")

    def remove_volume(self, volume_id: str) -> None:
        with self._lock:
            record = self._load(volume_id) if records.is_safe_id(volume_id) else None
            if record is not None and record.cloud_id == self._settings.cloud_id:
                self._file(volume_id).unlink()
                self._settings.reached("volume-removed")

    def recover(self) -> None:
        """Nothing is ever half made."""

    def _own(self, volume_id: str) -> VolumeRecord | None:
        found = self._load(volume_id)
        return found if found is not None and found.cloud_id == self._settings.cloud_id else None

    def _load(self, volume_id: str) -> VolumeRecord | None:
        return records.load(self._file(volume_id))

    def _file(self, volume_id: str) -> Path:
        return self._folder / f"{volume_id}.json"


def _state(record: VolumeRecord) -> VolumeState:
    return VolumeState(
        id=record.plan.id, generation=record.made_generation, size_gb=record.size_gb, snapshots=record.snapshots
    )
