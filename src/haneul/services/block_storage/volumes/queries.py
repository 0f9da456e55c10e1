from sqlalchemy import bindparam, func, select

from haneul.kernel.db import Query, by, columns_of
from haneul.kernel.db.among import among
from haneul.kernel.db.listing import Listing
from haneul.services.block_storage.lists import Items, Kind, filter_columns
from haneul.services.block_storage.volumes.models import (
    Snapshot,
    Volume,
    image_metadata,
    snapshots,
    volume_metadata,
    volumes,
)

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
        **filter_columns(volumes, ("name", "status")),
        "availability_zone_like": volumes.c.zone,
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
        "display_name": volumes.c.name,
        "user_id": volumes.c.user_id,
        "project_id": volumes.c.project_id,
    },
    default_sort=(("created_at", "desc"),),
    bounds=("project_id",),
)
# Every volume counts in its project's quota: there is none that doesn't.
VOLUMES = Kind(
    listing=LISTING,
    missing="Volume {id} could not be found.",
    offered=frozenset(
        {
            "name",
            "status",
            "metadata",
            "glance_metadata",
            "bootable",
            "migration_status",
            "availability_zone",
            "group_id",
            "size",
            "created_at",
            "updated_at",
        }
    ),
    since={"glance_metadata": "3.4", "group_id": "3.10", "created_at": "3.60", "updated_at": "3.60"},
    booleans=frozenset({"bootable", "multiattach"}),
    numbers=frozenset({"size"}),
    likes=frozenset({"name", "status", "availability_zone"}),
    items={
        "metadata": Items(volume_metadata, volumes.c.id),
        "glance_metadata": Items(image_metadata, volumes.c.id),
    },
)
_TOTALS = select(func.count(), func.coalesce(func.sum(volumes.c.size_gb), 0))
TOTALS_OF = _TOTALS.where(volumes.c.project_id == bindparam("project_id"))
TOTALS_OF_ALL = _TOTALS.select_from(volumes)
MOST_ITEMS = 10_000
_ITEMS = (
    select(volume_metadata.c.name, volume_metadata.c.value)
    .distinct()
    .order_by(volume_metadata.c.name, volume_metadata.c.value)
    .limit(MOST_ITEMS)
)
ITEMS_OF = _ITEMS.where(volumes.c.id == volume_metadata.c.owner_id, volumes.c.project_id == bindparam("project_id"))
ITEMS_OF_ALL = _ITEMS
