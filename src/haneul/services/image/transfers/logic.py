from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from haneul.kernel import operations
from haneul.kernel.clock import now
from haneul.kernel.db import Db
from haneul.kernel.db.news import News
from haneul.kernel.operations import Fault
from haneul.services.image.transfers.models import DONE, FAILED, RUNNING, WANTED, Transfer, transfers
from haneul.services.image.transfers.queries import BY_ID, CANCEL, DUE, FORGET, OF_OPERATION, TAKE_OVER

EPOCH_START = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
LEASE_S = 30.0

news = News()


class Wanted(msgspec.Struct, frozen=True):
    """A transfer to be made: `kind` says how, `input` from where, `location_id` to where."""

    kind: str
    input: dict[str, Any]
    location_id: int | None = None


def want(db: Db, operation_id: int, image_id: str, wanted: Wanted) -> int:
    """Have bytes of an image moved for an operation, after this transaction commits; the transfer's number."""
    number = db.insert_numbered(
        transfers,
        operation_id=operation_id,
        image_id=image_id,
        kind=wanted.kind,
        input=wanted.input,
        location_id=wanted.location_id,
        state=WANTED,
        moved_bytes=0,
        result={},
        fault=None,
        lease_owner="",
        lease_until=EPOCH_START,
        created_at=now(),
    )
    news.told(db)
    return number


def of_operation(db: Db, operation_id: int) -> list[Transfer]:
    """The operation's transfers, in the order in which they were wanted."""
    return db.all(OF_OPERATION, operation_id=operation_id)


class Share(msgspec.Struct, frozen=True):
    """Transfers of these kinds, of which so many may run at once for one project."""

    kinds: Sequence[str]
    most_of_project: int


def is_due(db: Db, share: Share) -> bool:
    """Whether there is one that nobody makes and that may run now."""
    return _due(db, share, now()) is not None


def _due(db: Db, share: Share, moment: datetime) -> Any:
    return db.value(DUE, moment=moment, kinds=share.kinds, most_of_project=share.most_of_project)


def lease(db: Db, owner: str, share: Share) -> Transfer | None:
    """Take the oldest one that nobody makes and that may run now; None if there is none, or another was quicker."""
    moment = now()
    number = _due(db, share, moment)
    found = None if number is None else db.one(BY_ID, id=int(number))
    if found is None:
        return None
    until = moment + timedelta(seconds=LEASE_S)
    before = {"id": found.id, "lease_owner": found.lease_owner, "lease_until": found.lease_until, "state": found.state}
    taken = db.update(transfers, before, state=RUNNING, lease_owner=owner, lease_until=until, moved_bytes=0)
    return msgspec.structs.replace(found, state=RUNNING, lease_owner=owner, lease_until=until) if taken else None


def is_ours(db: Db, transfer: Transfer) -> bool:
    """Whether the transfer is still to be made, and by whom it was leased."""
    found = db.one(BY_ID, id=transfer.id)
    return found is not None and (found.state, found.lease_owner) == (RUNNING, transfer.lease_owner)


def keep(db: Db, transfer: Transfer, moved_bytes: int) -> bool:
    """Renew the lease and tell how far it is; whether the transfer is still ours and wanted."""
    ours = {"id": transfer.id, "state": RUNNING, "lease_owner": transfer.lease_owner}
    until = now() + timedelta(seconds=LEASE_S)
    return bool(db.update(transfers, ours, moved_bytes=moved_bytes, lease_until=until))


def finish(db: Db, transfer: Transfer, moved_bytes: int, result: Mapping[str, Any]) -> bool:
    """The bytes are there: wake who wanted them. False if nobody does any more."""
    ours = {"id": transfer.id, "state": RUNNING, "lease_owner": transfer.lease_owner}
    ended = db.update(transfers, ours, state=DONE, moved_bytes=moved_bytes, result=dict(result))
    operations.wake(db, transfer.image_id)
    return bool(ended)


def fail(db: Db, transfer: Transfer, fault: Fault) -> bool:
    """The bytes can't be had: wake who wanted them, and say why. False if nobody does any more."""
    ours = {"id": transfer.id, "state": RUNNING, "lease_owner": transfer.lease_owner}
    ended = db.update(transfers, ours, state=FAILED, fault=msgspec.to_builtins(fault))
    operations.wake(db, transfer.image_id)
    return bool(ended)


def cancel(db: Db, operation_id: int) -> None:
    """Nobody wants the operation's transfers any more; those that run end at their next step."""
    db.run(CANCEL, of_operation=operation_id)


def forget(db: Db, operation_id: int) -> None:
    """The operation has ended."""
    db.run(FORGET, of_operation=operation_id)


def take_over_all(db: Db) -> None:
    """Let transfers of processes that died be made again at once: nobody else can be making them."""
    db.run(TAKE_OVER, epoch_start=EPOCH_START)
