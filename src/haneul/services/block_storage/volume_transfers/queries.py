from haneul.kernel.db import by
from haneul.kernel.db.listing import Listing
from haneul.services.block_storage.lists import Kind
from haneul.services.block_storage.volume_transfers.models import Transfer, transfers

NO_TRANSFER = "Transfer {id} could not be found."
BY_ID = by(Transfer, transfers, "id")
LISTING = Listing(
    Transfer,
    transfers,
    filters={
        "project_id": transfers.c.project_id,
        "source_project_id": transfers.c.project_id,
        "id": transfers.c.id,
        "volume_id": transfers.c.volume_id,
        "name": transfers.c.name,
        "display_name": transfers.c.name,
    },
    sorts={
        "created_at": transfers.c.created_at,
        "id": transfers.c.id,
        "name": transfers.c.name,
        "display_name": transfers.c.name,
        "volume_id": transfers.c.volume_id,
    },
    default_sort=(("created_at", "asc"), ("id", "asc")),
    bounds=("project_id",),
)
TRANSFERS = Kind(
    listing=LISTING,
    missing=NO_TRANSFER,
    offered=frozenset({"id", "volume_id", "name", "display_name", "source_project_id"}),
)
