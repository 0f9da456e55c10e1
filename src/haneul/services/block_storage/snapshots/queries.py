from sqlalchemy import exists

from haneul.kernel.db import by
from haneul.kernel.db.listing import Listing
from haneul.services.block_storage.lists import Items, Kind, filter_columns
from haneul.services.block_storage.volumes.models import Snapshot, snapshot_metadata, snapshots, volumes

NO_SNAPSHOT = "Snapshot {id} could not be found."
BY_ID = by(Snapshot, snapshots, "id")
LISTING = Listing(
    Snapshot,
    snapshots,
    filters={
        "project_id": snapshots.c.project_id,
        "id": snapshots.c.id,
        "name": snapshots.c.name,
        "status": snapshots.c.status,
        "volume_id": snapshots.c.volume_id,
        "user_id": snapshots.c.user_id,
        "volume_size": snapshots.c.size_gb,
        "description": snapshots.c.description,
        "availability_zone": lambda zone: exists().where(volumes.c.id == snapshots.c.volume_id, volumes.c.zone == zone),
        **filter_columns(snapshots, ("name", "status")),
    },
    sorts={
        "created_at": snapshots.c.created_at,
        "updated_at": snapshots.c.updated_at,
        "id": snapshots.c.id,
        "name": snapshots.c.name,
        "display_name": snapshots.c.name,
        "status": snapshots.c.status,
        "volume_id": snapshots.c.volume_id,
        "size": snapshots.c.size_gb,
        "volume_size": snapshots.c.size_gb,
        "user_id": snapshots.c.user_id,
        "project_id": snapshots.c.project_id,
    },
    default_sort=(("created_at", "desc"),),
    bounds=("project_id",),
)
# Every snapshot counts in its project's quota: there is none that doesn't.
OFFERED = frozenset({"name", "status", "volume_id", "metadata", "availability_zone"})
SNAPSHOTS = Kind(
    listing=LISTING,
    missing=NO_SNAPSHOT,
    offered=OFFERED,
    since={"metadata": "3.22"},
    numbers=frozenset({"volume_size"}),
    likes=frozenset({"name", "status"}),
    single=frozenset({"availability_zone"}),
    items={"metadata": Items(snapshot_metadata, snapshots.c.id)},
)
