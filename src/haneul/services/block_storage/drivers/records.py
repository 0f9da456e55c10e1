"""What a driver remembers of a volume beside it, and what it refuses before it touches anything."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from haneul.host.disk import durable
from haneul.services.block_storage.drivers.base import Refused, RevertPlan, VolumePlan

SAFE_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LARGEST_GB = 1 << 20


class VolumeRecord(Struct, frozen=True, kw_only=True):
    """Whose the volume is, what was wanted of it last, and what of that is there; `reverted`: the last revert's id."""

    cloud_id: str
    plan: VolumePlan
    made_generation: int = 0
    size_gb: int = 0
    snapshots: tuple[str, ...] = ()
    reverted: str = ""


def load(path: Path) -> VolumeRecord | None:
    """What is remembered; None if there is nothing, Refused if it can't be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=VolumeRecord)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except msgspec.MsgspecError:
        raise Refused("What this host remembered of the volume can't be read any more.") from None


def own(paths: Iterable[Path], cloud_id: str) -> Iterator[VolumeRecord]:
    """What is remembered of this cloud's volumes; one that can't be read hides no other, and is refused by itself."""
    for path in paths:
        try:
            found = load(path)
        except Refused:
            continue
        if found is not None and found.cloud_id == cloud_id:
            yield found


def save(path: Path, record: VolumeRecord) -> VolumeRecord:
    """Remember it for good."""
    durable.write(path, msgspec.json.encode(record))
    return record


def refuse_unsafe(plan: VolumePlan) -> None:
    """Refuse ids that could lead out of a folder, and sizes that can't be."""
    named = [plan.id, *plan.snapshots, *plan.dropped_snapshots]
    if plan.revert_to is not None:
        named.append(plan.revert_to.snapshot_id)
    if plan.source is not None:
        named += [plan.source.id, *([plan.source.volume_id] if plan.source.volume_id else [])]
    if not all(map(is_safe_id, named)):
        raise Refused("An id of the volume, of a snapshot or of its source is not a UUID.")
    if not 1 <= plan.size_gb <= LARGEST_GB:
        raise Refused(f"A volume has from 1 to {LARGEST_GB} GiB.")
    if set(plan.snapshots) & set(plan.dropped_snapshots):
        raise Refused("A snapshot can't be wanted and dropped at once.")


def revert_due(record: VolumeRecord, plan: VolumePlan) -> RevertPlan | None:
    """The revert that is still to be done; Refused if the volume lacks the snapshot."""
    wanted = plan.revert_to
    if wanted is None or wanted.id == record.reverted:
        return None
    if wanted.snapshot_id not in record.snapshots:
        raise Refused("The snapshot that the volume is to be reverted to is not in this back end.")
    return wanted


def is_safe_id(text: str) -> bool:
    return SAFE_ID.fullmatch(text) is not None


def refuse_other(record: VolumeRecord, plan: VolumePlan, cloud_id: str) -> None:
    """Refuse a volume of another cloud, and a plan that is older than one that was seen."""
    if record.cloud_id != cloud_id:
        raise Refused(f"The volume {plan.id} on this host belongs to another cloud.")
    if plan.generation < record.plan.generation:
        raise Refused(f"A newer plan of the volume {plan.id} was seen already.")
    if plan.size_gb < record.size_gb:
        raise Refused(f"The volume {plan.id} has {record.size_gb} GiB and can't become smaller.")
