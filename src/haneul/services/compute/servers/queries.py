"""Reading servers."""

from collections.abc import Sequence

from sqlalchemy import bindparam

from haneul.kernel.db import Db, Query, by, columns_of
from haneul.kernel.db.among import among
from haneul.kernel.db.listing import Listing
from haneul.services.compute.block_devices.models import BlockDevice, block_devices
from haneul.services.compute.servers.models import SORTED, Server, Verb, servers, verbs

BY_ID = by(Server, servers, "id")
ON_HOST = Query(
    Server,
    columns_of(Server, servers)
    .where(servers.c.host == bindparam("host"), servers.c.is_deleted.is_(False))
    .order_by(servers.c.number),
)
OF_IDS = Query(
    Server,
    columns_of(Server, servers).where(among(servers.c.id, "ids")).order_by(servers.c.number),
)
DISKS_OF = Query(
    BlockDevice,
    columns_of(BlockDevice, block_devices)
    .where(block_devices.c.server_id == bindparam("server_id"), block_devices.c.role == "used")
    .order_by(block_devices.c.pci_slot),
)
DISKS_OF_MANY = Query(
    BlockDevice,
    columns_of(BlockDevice, block_devices)
    .where(among(block_devices.c.server_id, "ids"), block_devices.c.role == "used")
    .order_by(block_devices.c.server_id, block_devices.c.pci_slot),
)
ASIDE_OF_MANY = Query(
    BlockDevice,
    columns_of(BlockDevice, block_devices).where(
        among(block_devices.c.server_id, "ids"), block_devices.c.role != "used"
    ),
)
VERB = by(Verb, verbs, "id")
OPEN_VERBS_OF_MANY = Query(
    Verb,
    columns_of(Verb, verbs)
    .where(among(verbs.c.server_id, "ids"), verbs.c.done_at.is_(None))
    .order_by(verbs.c.created_at),
)

# Names that clients sort and filter by, beside the columns' own. Source: Compute API reference, "List Servers".
NAMES = {
    "display_name": "name",
    "uuid": "id",
    "access_ip_v4": "access_ipv4",
    "access_ip_v6": "access_ipv6",
    "availability_zone": "zone",
    "image_ref": "image_id",
    "image": "image_id",
    "instance_type_id": "flavor_id",
    "flavor": "flavor_id",
    "locked": "is_locked",
    "node": "host",
    "display_description": "description",
    "tenant_id": "project_id",
    "terminated_at": "deleted_at",
}
FILTERED = (
    "id",
    "project_id",
    "user_id",
    "host",
    "name",
    "hostname",
    "image_id",
    "flavor_id",
    "vm_state",
    "task_state",
    "power_state",
    "key_name",
    "zone",
    "reservation_id",
    "is_locked",
    "is_deleted",
    "created_at",
    "launched_at",
    "launch_index",
    "access_ipv4",
    "access_ipv6",
    "config_drive",
    "description",
)
_sorts = {name: servers.c[name] for name in (*SORTED, "id", "project_id")}
_sorts.update({name: servers.c[column] for name, column in NAMES.items()})
LISTING = Listing(
    Server,
    servers,
    filters={
        **{name: servers.c[name] for name in FILTERED},
        "changed_since": servers.c.updated_at,
        "changed_before": servers.c.updated_at,
    },
    sorts=_sorts,
    default_sort=(("created_at", "desc"),),
    bounds=("project_id",),
)


def disks_of_many(db: Db, server_ids: Sequence[str]) -> dict[str, list[BlockDevice]]:
    """The disks of these servers, in the order of their slots, in one query."""
    found: dict[str, list[BlockDevice]] = {server_id: [] for server_id in server_ids}
    if server_ids:
        for disk in db.all(DISKS_OF_MANY, ids=list(server_ids)):
            found[disk.server_id].append(disk)
    return found


def disks_aside_of_many(db: Db, server_ids: Sequence[str]) -> dict[str, list[BlockDevice]]:
    """The disks that these servers' rebuilds have made and not taken yet, or replaced and not deleted yet."""
    found: dict[str, list[BlockDevice]] = {server_id: [] for server_id in server_ids}
    if server_ids:
        for disk in db.all(ASIDE_OF_MANY, ids=list(server_ids)):
            found[disk.server_id].append(disk)
    return found


def verb_of(db: Db, verb_id: str) -> Verb | None:
    return db.one(VERB, id=verb_id)


def open_verbs_of_many(db: Db, server_ids: Sequence[str]) -> dict[str, list[Verb]]:
    """What is still to be done once with these servers, oldest first."""
    found: dict[str, list[Verb]] = {server_id: [] for server_id in server_ids}
    if server_ids:
        for verb in db.all(OPEN_VERBS_OF_MANY, ids=list(server_ids)):
            found[verb.server_id].append(verb)
    return found
