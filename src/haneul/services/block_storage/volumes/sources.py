"""What a new volume may be a copy of: a volume, or a snapshot of one."""

from typing import Literal

import msgspec

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call
from haneul.services.block_storage.snapshots import logic as snapshots
from haneul.services.block_storage.volumes.logic import get_visible, refuse_unmade
from haneul.services.block_storage.volumes.models import Volume
from haneul.services.block_storage.volumes.schemas import VolumeCreate


class Origin(msgspec.Struct, frozen=True):
    """`id` is the volume's or the snapshot's, `volume` the one that lies there: itself, or the one that it is of."""

    kind: Literal["volume", "snapshot"]
    id: str
    volume: Volume
    size_gb: int


def origin_of(call: Call, wanted: VolumeCreate) -> Origin | None:
    """What is to be copied; NotFound if the caller can't see it, BadRequest in a state in which it isn't copied."""
    if wanted.snapshot_id:
        return _snapshot(call, wanted.snapshot_id)
    return _volume(call, wanted.source_volid) if wanted.source_volid else None


def _snapshot(call: Call, snapshot_id: str) -> Origin:
    found = snapshots.get_visible(call.db, snapshot_id, call.caller)
    _refuse_state("Invalid snapshot: Originating snapshot", found.status, ("available",))
    volume = snapshots.volume_of(call.db, found)
    return Origin("snapshot", found.id, volume, found.size_gb)


def _volume(call: Call, volume_id: str) -> Origin:
    found = get_visible(call.db, volume_id, call.caller)
    _refuse_state("Invalid volume: Originating source volume", found.status, ("available", "in-use"))
    refuse_unmade(found)
    return Origin("volume", found.id, found, found.size_gb)


def _refuse_state(what: str, status: str, allowed: tuple[str, ...]) -> None:
    if status not in allowed:
        raise BadRequest("{what} status must be one of '{allowed}' values", what=what, allowed=", ".join(allowed))


def refuse_small(size_gb: int, origin: Origin | None) -> None:
    """BadRequest for a volume that its source doesn't fit in."""
    if origin is None or size_gb >= origin.size_gb:
        return
    sentence = (
        "Invalid input received: Volume size '{size}'GB cannot be smaller than the snapshot size {least}GB. They must "
        "be >= original snapshot size."
        if origin.kind == "snapshot"
        else "Invalid input received: Volume size '{size}'GB cannot be smaller than original volume size  {least}GB. "
        "They must be >= original volume size."
    )
    raise BadRequest(sentence, size=size_gb, least=origin.size_gb)


def refuse_other_zone(zone: str, origin: Origin | None) -> None:
    """BadRequest for a copy that is to be in another availability zone than its source: its back end is there."""
    if origin is not None and zone != origin.volume.zone:
        what = "snapshot" if origin.kind == "snapshot" else "source volume"
        raise BadRequest(
            "Invalid input received: Volume must be in the same availability zone as the {what}", what=what
        )
