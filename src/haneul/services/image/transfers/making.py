"""One attempt at a transfer: its place, its bytes, and word of how it went."""

from functools import partial

from haneul.kernel import log, stop_points
from haneul.kernel.db import Db
from haneul.kernel.errors import ApiError, Unavailable
from haneul.kernel.operations import Fault
from haneul.kernel.operations.turn import fault_from
from haneul.services.image.drivers.base import Draft, ReadOnly, Unreachable
from haneul.services.image.images.queries import BY_ID
from haneul.services.image.locations import logic as locations
from haneul.services.image.locations.logic import new_key
from haneul.services.image.locations.models import Location
from haneul.services.image.transfers import logic
from haneul.services.image.transfers.job import Cancelled, Ground, Job, Kind, Outcome
from haneul.services.image.transfers.models import Transfer


class Making:
    """One attempt."""

    def __init__(self, ground: Ground, transfer: Transfer, kind: Kind, running: dict[str, Job]) -> None:
        self._ground, self._transfer, self._kind, self._running = ground, transfer, kind, running
        self._store = ground.store

    def run(self) -> None:
        """Make it; whatever goes wrong, no byte remains and who wanted it is told."""
        draft: Draft | None = None
        try:
            draft = self._opened()
            self._make(draft)
        except Cancelled:
            self._discard(draft)
        except Exception as error:
            self._discard(draft)
            # Bytes whose image was deleted vanish under us: then nobody wants to know.
            if not isinstance(error, FileNotFoundError) or self._store.read(self._is_wanted):
                self._tell(error)

    def _is_wanted(self, db: Db) -> bool:
        number = self._transfer.location_id
        return number is None or locations.get(db, number) is not None

    def _tell(self, error: Exception) -> None:
        if not isinstance(error, ApiError | Unreachable | ReadOnly):
            log.failure("transfer failed", image_id=self._transfer.image_id, kind=self._transfer.kind)
        fault = fault_from(_told(error))
        self._store.write(partial(self._fail, fault=fault))

    def _opened(self) -> Draft | None:
        """A draft for the transfer's location, under a key that no earlier attempt has used."""
        number = self._transfer.location_id
        if number is None:
            return None
        location = self._store.read(partial(self._place, number=number))
        backend = None if location is None else self._ground.backends.holding(location.store)
        if location is None or backend is None:
            raise Cancelled
        backend.store.delete(location.key)
        key = new_key(location.image_id)
        draft = backend.store.open_draft(key)
        if not self._store.write(partial(self._is_rekeyed, location=location, key=key)):
            draft.discard()
            raise Cancelled
        return draft

    def _place(self, db: Db, number: int) -> Location | None:
        return locations.get(db, number) if logic.is_ours(db, self._transfer) else None

    def _is_rekeyed(self, db: Db, location: Location, key: str) -> bool:
        return logic.is_ours(db, self._transfer) and locations.rekey(db, location, key) is not None

    def _make(self, draft: Draft | None) -> None:
        image = self._store.read(lambda db: db.one(BY_ID, id=self._transfer.image_id))
        if image is None:
            raise Cancelled
        job = Job(self._ground, self._transfer, image, draft)
        self._running[self._transfer.lease_owner] = job
        try:
            stop_points.reached(f"transfer:{self._transfer.kind}:opened")
            outcome = self._kind.make(job)
            stop_points.reached(f"transfer:{self._transfer.kind}:kept")
        finally:
            del self._running[self._transfer.lease_owner]
        self._store.write(partial(self._settle, job=job, outcome=outcome))
        if draft is not None and outcome.is_needless:
            self._discard(draft)
        elif draft is not None:
            draft.release()

    def _settle(self, db: Db, job: Job, outcome: Outcome) -> None:
        if not logic.finish(db, self._transfer, job.moved_bytes, outcome.result):
            raise Cancelled
        if not self._is_placed(db, outcome):
            raise Cancelled
        if self._kind.done is not None:
            self._kind.done(db, self._transfer, outcome)

    def _is_placed(self, db: Db, outcome: Outcome) -> bool:
        """Let the location say what is there now; False if nobody wants it any more."""
        number = self._transfer.location_id
        location = None if number is None else locations.get(db, number)
        if number is None or location is None:
            return number is None
        if not outcome.is_needless:
            return locations.settle(db, number, outcome.state, outcome.size) is not None
        locations.drop(db, [location])
        return True

    def _fail(self, db: Db, fault: Fault) -> None:
        if logic.fail(db, self._transfer, fault) and self._kind.failed is not None:
            self._kind.failed(db, self._transfer)

    def _discard(self, draft: Draft | None) -> None:
        if draft is None:
            return
        try:
            draft.discard()
        except (Unreachable, OSError):
            log.failure("a draft could not be discarded; its row has it deleted later")


def _told(error: Exception) -> Exception:
    return Unavailable("{reason}", reason=str(error)) if isinstance(error, Unreachable | ReadOnly) else error
