"""What happens to volumes, as journalled steps. Steps write what is wanted and wait for the host to have made it."""

import msgspec

from haneul.kernel.errors import ApiError
from haneul.kernel.operations import Fault, Operation, Parked, Step, Work
from haneul.kernel.reconcile.plans import is_buried
from haneul.services.block_storage.config import BlockStorageSettings
from haneul.services.block_storage.types import logic as types
from haneul.services.block_storage.volumes import logic
from haneul.services.block_storage.volumes.models import GONE, Volume, snapshots, volumes
from haneul.services.block_storage.volumes.queries import BY_ID
from haneul.services.block_storage.volumes.scheduling import choose
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


def _volume(work: Work) -> Volume:
    return logic.get(work.db, work.resource_id)


def choose_place(work: Work) -> None:
    """Choose a pool for the volume, unless it has to lie where its source does."""
    volume = _volume(work)
    if not volume.host:
        settings = msgspec.convert(work.input["settings"], BlockStorageSettings)
        place = work.input.get("place") or choose(work.db, volume, types.get(work.db, volume.type_id), settings)
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
        work.db.delete(snapshots, volume_id=volume.id)
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
    volume = _volume(work)
    if volume.size_gb != work.input["size_gb"]:
        logic.want(work.db, volume, work.request_id, size_gb=work.input["size_gb"])


def now_as_before(work: Work) -> None:
    """The volume is in the state again that it was in before."""
    volume = await_observed(work)
    logic.change(work.db, volume, status=work.input["status"])


class ExtendVolume(VolumeOperation):
    """To a larger size. A volume doesn't become smaller: what has failed is seen by the administrator."""

    name = "volume-extend"
    steps = (Step("want it larger", want_larger), Step("see it larger", now_as_before, deadline_s=MAKE_DEADLINE_S))


VOLUME_OPERATIONS = (CreateVolume, DeleteVolume, ExtendVolume)
