from sqlalchemy import bindparam, func, select

from haneul.kernel.db import Query, by, columns_of
from haneul.kernel.db.among import among
from haneul.kernel.db.listing import Listing
from haneul.services.block_storage.volumes.models import Snapshot, Volume, snapshots, volumes

BY_ID = by(Volume, volumes, "id")
OF_IDS = Query(Volume, columns_of(Volume, volumes).where(among(volumes.c.id, "ids")).order_by(volumes.c.id))
# A pool's name follows the back end's, which follows the host's: HOST@BACKEND#POOL.
ON_HOST = Query(
    Volume,
    columns_of(Volume, volumes)
    .where(volumes.c.host >= bindparam("first"), volumes.c.host < bindparam("after"))
    .order_by(volumes.c.id),
)
SNAPSHOTS_OF_MANY = Query(
    Snapshot,
    columns_of(Snapshot, snapshots)
    .where(among(snapshots.c.volume_id, "ids"))
    .order_by(snapshots.c.volume_id, snapshots.c.created_at, snapshots.c.id),
)
ALLOCATED = select(volumes.c.host, func.sum(volumes.c.size_gb)).where(volumes.c.host != "").group_by(volumes.c.host)
LISTING = Listing(
    Volume,
    volumes,
    filters={
        "project_id": volumes.c.project_id,
        "id": volumes.c.id,
        "name": volumes.c.name,
        "status": volumes.c.status,
        "size": volumes.c.size_gb,
        "bootable": volumes.c.is_bootable,
        "availability_zone": volumes.c.zone,
        "volume_type_id": volumes.c.type_id,
        "user_id": volumes.c.user_id,
        "host": volumes.c.host,
        "group_id": volumes.c.group_id,
        "migration_status": volumes.c.migration_status,
        "multiattach": volumes.c.is_multiattach,
        "source_volid": volumes.c.source_id,
        "description": volumes.c.description,
    },
    sorts={
        "created_at": volumes.c.created_at,
        "updated_at": volumes.c.updated_at,
        "id": volumes.c.id,
        "name": volumes.c.name,
        "status": volumes.c.status,
        "size": volumes.c.size_gb,
        "host": volumes.c.host,
        "bootable": volumes.c.is_bootable,
        "availability_zone": volumes.c.zone,
        "volume_type_id": volumes.c.type_id,
    },
    default_sort=(("created_at", "desc"),),
)
