"""Beginning to rebuild a server, and its disks on the way from the old ones to new ones."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import bindparam

from haneul.kernel import operations
from haneul.kernel.db import Db, Query, columns_of
from haneul.kernel.errors import Conflict
from haneul.kernel.ids import new_uuid
from haneul.kernel.operations import Asker, Operation
from haneul.services.compute.block_devices.models import BlockDevice, block_devices
from haneul.services.compute.servers import queries
from haneul.services.compute.servers.logic import GONE, refuse_locked, refuse_unless, set_state
from haneul.services.compute.servers.models import Server

SPARE = Query(
    BlockDevice,
    columns_of(BlockDevice, block_devices).where(
        block_devices.c.server_id == bindparam("server_id"), block_devices.c.role == "spare"
    ),
)


def refuse_unfit(by: Asker, server: Server) -> None:
    """Conflict for a server that is locked, busy, in another state, or was never built."""
    refuse_locked(server, by.caller)
    refuse_unless(server, "rebuild", "active", "stopped", "error")
    if not server.host or server.wanted_power == GONE:
        raise Conflict("Cannot 'rebuild' instance {id}: it was never built. Delete it.", id=server.id)


def begin(db: Db, by: Asker, server: Server, changes: Mapping[str, Any], operation: type[Operation]) -> None:
    """Write the changes, and begin to make and take new disks; what was there before goes with the operation."""
    set_state(db, server, **changes, task_state="rebuilding")
    former = {"image_id": server.image_id, "image_properties": server.image_properties}
    operations.start(db, operation, server.id, by=by, input={"vm_state": server.vm_state, "former": former})


def make_spares(db: Db, server: Server) -> None:
    """A new disk for each that the server has, in the same place; the root one over the server's image. Repeatable."""
    if db.one(SPARE, server_id=server.id) is not None:
        return
    for disk in db.all(queries.DISKS_OF, server_id=server.id):
        image_id = server.image_id if disk.source_type == "image" else disk.image_id
        db.insert(block_devices, msgspec.structs.replace(disk, id=new_uuid(), image_id=image_id, role="spare"))


def take_spares(db: Db, server: Server) -> None:
    """The spare disks become the server's own, and those are to be deleted. Does nothing where none is spare."""
    if db.one(SPARE, server_id=server.id) is not None:
        db.update(block_devices, {"server_id": server.id, "role": "used"}, role="dropped")
        db.update(block_devices, {"server_id": server.id, "role": "spare"}, role="used")


def drop_spares(db: Db, server: Server) -> bool:
    """The spare disks are to be deleted; whether there were any."""
    return bool(db.update(block_devices, {"server_id": server.id, "role": "spare"}, role="dropped"))


def forget_dropped(db: Db, server: Server) -> None:
    """The host has deleted what it was told to."""
    db.delete(block_devices, server_id=server.id, role="dropped")
