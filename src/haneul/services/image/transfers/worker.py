"""Moves bytes for operations, in threads of its own: what a dead process was moving is begun again by another."""

import threading
import uuid
from collections.abc import Mapping
from functools import partial

from haneul.kernel import log
from haneul.kernel.clock import now
from haneul.kernel.db import Db, Store
from haneul.kernel.errors import ApiError, Unavailable
from haneul.kernel.operations import Fault
from haneul.kernel.operations.turn import fault_from
from haneul.services.image.drivers.base import Draft, ReadOnly, Unreachable
from haneul.services.image.images.queries import BY_ID
from haneul.services.image.locations import logic as locations
from haneul.services.image.locations.logic import new_key
from haneul.services.image.transfers import logic
from haneul.services.image.transfers.job import Cancelled, Ground, Job, Kind, Outcome
from haneul.services.image.transfers.models import Transfer
from haneul.services.image.transfers.queries import DUE

POLL_S = 2.0
TELL_EVERY_S = 2.0
THREADS = 2


class Transfers:
    """The threads of one process."""

    def __init__(self, store: Store, ground: Ground, kinds: Mapping[str, Kind]) -> None:
        self._store, self._ground, self._kinds = store, ground, kinds
        self._owner = uuid.uuid4().hex
        self._news = threading.Semaphore(0)
        self._stopping = threading.Event()
        self._running: dict[int, Job] = {}
        self._threads = [
            threading.Thread(target=self._work, name=f"transfers-{index}", daemon=True) for index in range(THREADS)
        ]
        self._teller = threading.Thread(target=self._tell, name="transfers-tell", daemon=True)

    def start(self) -> None:
        if self._store.is_sqlite:
            self._store.write(logic.take_over_all)
        logic.news.wake_by(self._store.engine, self._news.release)
        for thread in (*self._threads, self._teller):
            thread.start()

    def stop(self) -> None:
        """End without waiting for bytes: a transfer that runs is begun again at the next start."""
        self._stopping.set()
        for _ in self._threads:
            self._news.release()
        for thread in self._threads:
            thread.join(2)

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._news.acquire(timeout=POLL_S)
            try:
                while not self._stopping.is_set() and self.make_one():
                    pass
            except Exception:
                log.failure("transfers could not be made")

    def make_one(self) -> bool:
        """Make the oldest transfer that waits; whether there was one."""
        # What nobody may take is only looked at, so that an idle cloud writes nothing.
        if self._store.read(lambda db: db.value(DUE, moment=now())) is None:
            return False
        transfer = self._store.write(partial(logic.lease, owner=self._owner))
        if transfer is not None:
            _Making(self._ground, transfer, self._kinds[transfer.kind], self._running).run()
        return True

    def _tell(self) -> None:
        while not self._stopping.wait(TELL_EVERY_S):
            for job in list(self._running.values()):
                try:
                    job.tell()
                except Exception:
                    log.failure("a transfer's lease could not be renewed", image_id=job.transfer.image_id)


class _Making:
    """One attempt at a transfer."""

    def __init__(self, ground: Ground, transfer: Transfer, kind: Kind, running: dict[int, Job]) -> None:
        self._ground, self._transfer, self._kind, self._running = ground, transfer, kind, running
        self._store = ground.store

    def run(self) -> None:
        """Make it; whatever goes wrong, no byte remains and who wanted it is told."""
        draft: Draft | None = None
        try:
            draft = self._opened()
            self._make(draft)
        except (Cancelled, FileNotFoundError):
            self._discard(draft)
        except Exception as error:
            self._discard(draft)
            if not isinstance(error, ApiError | Unreachable | ReadOnly):
                log.failure("transfer failed", image_id=self._transfer.image_id, kind=self._transfer.kind)
            fault = fault_from(_told(error))
            self._store.write(partial(self._fail, fault=fault))

    def _opened(self) -> Draft | None:
        """A draft for the transfer's location, under a key that no earlier attempt has used."""
        number = self._transfer.location_id
        if number is None:
            return None
        location = self._store.read(partial(locations.get, number=number))
        backend = None if location is None else self._ground.backends.holding(location.store)
        if location is None or backend is None:
            raise Cancelled
        backend.store.delete(location.key)
        key = new_key(location.image_id)
        draft = backend.store.open_draft(key)
        if self._store.write(partial(locations.rekey, location=location, key=key)) is None:
            draft.discard()
            raise Cancelled
        return draft

    def _make(self, draft: Draft | None) -> None:
        image = self._store.read(lambda db: db.one(BY_ID, id=self._transfer.image_id))
        if image is None:
            raise Cancelled
        job = Job(self._ground, self._transfer, image, draft)
        self._running[self._transfer.id] = job
        try:
            outcome = self._kind.make(job)
        finally:
            del self._running[self._transfer.id]
        self._store.write(partial(self._settle, job=job, outcome=outcome))
        if draft is not None:
            draft.release()

    def _settle(self, db: Db, job: Job, outcome: Outcome) -> None:
        if not logic.finish(db, self._transfer, job.moved_bytes, outcome.result):
            raise Cancelled
        number = self._transfer.location_id
        if number is not None and locations.settle(db, number, outcome.state, outcome.size) is None:
            raise Cancelled

        if self._kind.done is not None:
            self._kind.done(db, self._transfer, outcome)

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
