import hashlib
import hmac
import secrets

import msgspec

from haneul.kernel.auth import Caller
from haneul.kernel.clock import now
from haneul.kernel.db import Db, unique
from haneul.kernel.errors import BadRequest, NotFound
from haneul.kernel.ids import is_uuid_like, new_uuid
from haneul.services.block_storage.quota_sets.logic import take_transfer
from haneul.services.block_storage.snapshots import logic as snapshots
from haneul.services.block_storage.volume_transfers.models import Transfer, transfers
from haneul.services.block_storage.volume_transfers.queries import BY_ID, NO_TRANSFER
from haneul.services.block_storage.volumes import logic as volumes
from haneul.services.block_storage.volumes.models import Volume

SALT_BYTES, KEY_BYTES = 8, 8
AWAITING = "awaiting-transfer"


class NewTransfer(msgspec.Struct, frozen=True):
    """An offer as understood from a request."""

    name: str | None
    no_snapshots: bool


def create(db: Db, volume: Volume, wanted: NewTransfer) -> tuple[Transfer, str]:
    """Offer the volume, which nobody may use until it is accepted or withdrawn; the offer and its key."""
    if volume.status != "available":
        raise BadRequest("Invalid volume: status must be available")
    if not wanted.no_snapshots:
        for snapshot in snapshots.of_volume(db, volume.id):
            if snapshot.status != "available":
                raise BadRequest("Invalid snapshot: snapshot: {id} status must be available", id=snapshot.id)
    key, salt = secrets.token_hex(KEY_BYTES), secrets.token_hex(SALT_BYTES)
    transfer = Transfer(
        id=new_uuid(),
        volume_id=volume.id,
        project_id=volume.project_id,
        name=wanted.name,
        salt=salt,
        digest=_digest(salt, key),
        no_snapshots=wanted.no_snapshots,
        created_at=now(),
    )
    volumes.change(db, volume, status=AWAITING, previous_status=volume.status)
    with unique("Volume {id} is offered already.", id=volume.id):
        db.insert(transfers, transfer)
    return transfer, key


def _digest(salt: str, key: str) -> str:
    return hmac.new(salt.encode(), key.encode(), hashlib.sha256).hexdigest()


def get(db: Db, transfer_id: str) -> Transfer:
    """The offer, whoever may see it; NotFound."""
    transfer = db.one(BY_ID, id=transfer_id) if is_uuid_like(transfer_id) else None
    if transfer is None:
        raise NotFound(NO_TRANSFER, id=transfer_id)
    return transfer


def get_visible(db: Db, transfer_id: str, caller: Caller) -> Transfer:
    """The offer if it is of the caller's project or he is an admin, else NotFound."""
    transfer = get(db, transfer_id)
    if "admin" not in caller.roles and transfer.project_id != caller.project_id:
        raise NotFound(NO_TRANSFER, id=transfer_id)
    return transfer


def delete(db: Db, transfer: Transfer, volume: Volume) -> None:
    """Withdraw the offer; its volume may be used again."""
    db.delete(transfers, id=transfer.id)
    if volume.status == AWAITING:
        volumes.change(db, volume, status="available")


def accept(db: Db, transfer: Transfer, caller: Caller, key: str) -> Volume:
    """Make the volume the caller's, with its snapshots unless they were kept back; BadRequest for a wrong key."""
    if not hmac.compare_digest(_digest(transfer.salt, key), transfer.digest):
        raise BadRequest("Invalid auth key: Attempt to transfer {id} with invalid auth key.", id=transfer.id)
    volume = volumes.get(db, transfer.volume_id)
    if volume.status != AWAITING:
        raise BadRequest(
            "Invalid volume: Transfer {id}: Volume id {volume} expected in awaiting-transfer state.",
            id=transfer.id,
            volume=volume.id,
        )
    kept = () if transfer.no_snapshots else snapshots.of_volume(db, volume.id)
    sizes_gb = [volume.size_gb, *(one.size_gb for one in kept)]
    take_transfer(db, caller.project_id or "", volume.type_id, sizes_gb)
    owner = {"project_id": caller.project_id or "", "user_id": caller.user_id}
    if not transfer.no_snapshots:
        _pass_on_snapshots(db, transfer, owner)
    db.delete(transfers, id=transfer.id)
    return volumes.change(db, volume, status="available", **owner)


def _pass_on_snapshots(db: Db, transfer: Transfer, owner: dict[str, str]) -> None:
    for snapshot in snapshots.of_volume(db, transfer.volume_id):
        if snapshot.status != "available":
            raise BadRequest(
                "Invalid snapshot: Transfer {id}: Snapshot {snapshot} is not in the expected available state.",
                id=transfer.id,
                snapshot=snapshot.id,
            )
        snapshots.change(db, snapshot, **owner)
