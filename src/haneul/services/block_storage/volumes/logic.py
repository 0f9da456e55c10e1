from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Table

from haneul.kernel.auth import Caller
from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.kernel.errors import BadRequest, Conflict, NotFound
from haneul.kernel.ids import is_uuid_like, new_uuid
from haneul.kernel.reconcile import Tombstone
from haneul.kernel.reconcile.plans import bury, touch
from haneul.services.block_storage.services import logic as services
from haneul.services.block_storage.services.models import VOLUME
from haneul.services.block_storage.volumes.models import (
    GONE,
    THERE,
    MetadataRow,
    Volume,
    image_metadata,
    volume_metadata,
    volumes,
)
from haneul.services.block_storage.volumes.queries import BY_ID
from haneul.services.block_storage.wire import VOLUMES

NO_VOLUME = "Volume {id} could not be found."
CHANGED = "Volume {id} was changed by another request at the same time."
MOST_ITEMS = 128


class NewVolume(msgspec.Struct, frozen=True, kw_only=True):
    """A volume as understood from a request."""

    project_id: str
    user_id: str
    name: str | None
    description: str | None
    size_gb: int
    type_id: str
    zone: str
    is_bootable: bool = False
    is_multiattach: bool = False
    source_kind: str = ""
    source_id: str | None = None
    source_volume_id: str | None = None
    metadata: dict[str, str] = {}
    image_metadata: dict[str, str] = {}


def create(db: Db, wanted: NewVolume) -> Volume:
    """Insert a volume that is still to be placed and made."""
    moment = now()
    volume = Volume(
        id=new_uuid(),
        status="creating",
        previous_status=None,
        migration_status=None,
        is_read_only=None,
        host="",
        group_id=None,
        revert_id=None,
        revert_snapshot_id=None,
        generation=0,
        wanted=THERE,
        wanted_by="",
        observed_generation=0,
        observed_error="",
        created_at=moment,
        updated_at=moment,
        **{name: getattr(wanted, name) for name in NewVolume.__struct_fields__},
    )
    db.insert(volumes, volume)
    note_items(db, volume_metadata, volume.id, ({}, volume.metadata))
    note_items(db, image_metadata, volume.id, ({}, volume.image_metadata))
    return volume


def get(db: Db, volume_id: str) -> Volume:
    """The volume, whoever may see it; NotFound."""
    volume = db.one(BY_ID, id=volume_id) if is_uuid_like(volume_id) else None
    if volume is None:
        raise NotFound(NO_VOLUME, id=volume_id)
    return volume


def get_visible(db: Db, volume_id: str, caller: Caller) -> Volume:
    """The volume if it is of the caller's project or he is an admin, else NotFound."""
    volume = get(db, volume_id)
    if "admin" not in caller.roles and volume.project_id != caller.project_id:
        raise NotFound(NO_VOLUME, id=volume_id)
    return volume


def change(db: Db, volume: Volume, **values: Any) -> Volume:
    """Write values of a volume as it was read; Conflict if its status is another by now."""
    moment = now()
    if not db.update(volumes, {"id": volume.id, "status": volume.status}, **values, updated_at=moment):
        raise Conflict(CHANGED, id=volume.id)
    return msgspec.structs.replace(volume, **values, updated_at=moment)


def set_metadata(db: Db, volume: Volume, metadata: dict[str, str]) -> Volume:
    """Make this the volume's metadata."""
    refuse_many(metadata)
    note_items(db, volume_metadata, volume.id, (volume.metadata, metadata))
    return _with_items(db, volume, "metadata", metadata)


def set_image_metadata(db: Db, volume: Volume, metadata: dict[str, str]) -> Volume:
    """Make this what the volume has of its image."""
    refuse_many(metadata)
    note_items(db, image_metadata, volume.id, (volume.image_metadata, metadata))
    return _with_items(db, volume, "image_metadata", metadata)


def _with_items(db: Db, volume: Volume, column: str, items: dict[str, str]) -> Volume:
    where = {"id": volume.id, column: getattr(volume, column)}
    if not db.update(volumes, where, **{column: items}, updated_at=now()):
        raise Conflict(CHANGED, id=volume.id)
    return get(db, volume.id)


def refuse_many(metadata: Mapping[str, str]) -> None:
    """BadRequest for more items of metadata than anything may have."""
    if len(metadata) > MOST_ITEMS:
        raise BadRequest("Invalid metadata: more than {most} items are not kept.", most=MOST_ITEMS)


def note_items(db: Db, table: Table, owner_id: str, items: tuple[Mapping[str, str], Mapping[str, str]]) -> None:
    """Bring the rows of a table of metadata from the former to the new items of their owner."""
    old, new = items
    for name in old.keys() - new.keys():
        db.delete(table, owner_id=owner_id, name=name)
    for name in old.keys() & new.keys():
        if old[name] != new[name]:
            db.update(table, {"owner_id": owner_id, "name": name}, value=new[name])
    added = sorted(new.keys() - old.keys())
    db.insert_all(table, [MetadataRow(owner_id, name, new[name]) for name in added])


def want(db: Db, volume: Volume, request_id: str, **values: Any) -> int:
    """Write what a request wants of a volume as a new generation, and wake its host; the generation."""
    generation = volume.generation + 1
    where = {"id": volume.id, "generation": volume.generation}
    told = {**values, "generation": generation, "wanted_by": request_id, "observed_error": "", "updated_at": now()}
    if not db.update(volumes, where, **told):
        raise Conflict(CHANGED, id=volume.id)
    place = values.get("host", volume.host)
    if place:
        touch(db, host_of(place), VOLUMES, (volume.id,))
    return generation


def want_gone(db: Db, volume: Volume, request_id: str) -> None:
    """Have the host remove the volume; its tombstone waits if the host is away."""
    if volume.host:
        generation = want(db, volume, request_id, wanted=GONE)
        bury(db, host_of(volume.host), VOLUMES, Tombstone(volume.id, generation, request_id))


def forget(db: Db, volume: Volume) -> None:
    """Nothing is left of the volume."""
    for table in (volume_metadata, image_metadata):
        db.delete(table, owner_id=volume.id)
    db.delete(volumes, id=volume.id)


def refuse_frozen(db: Db, volume: Volume) -> None:
    """BadRequest for a volume of a back end on which nothing may be made or deleted now."""
    service = services.get(db, VOLUME, volume.host.partition("#")[0]) if volume.host else None
    if service is not None and service.is_frozen:
        raise BadRequest("Invalid input received: Modification operations are not allowed on frozen storage backends.")


def refuse_unmade(volume: Volume) -> None:
    """BadRequest for a volume that no host has, or will have no more, whatever its state is said to be."""
    if not volume.host or volume.wanted == GONE:
        raise BadRequest("Invalid volume: Volume {id} is on no host, and can only be deleted.", id=volume.id)


def host_of(place: str) -> str:
    """The machine of HOST@BACKEND#POOL."""
    return place.partition("@")[0]


def backend_of(place: str) -> str:
    """The back end's name in HOST@BACKEND#POOL."""
    return place.partition("@")[2].partition("#")[0]
