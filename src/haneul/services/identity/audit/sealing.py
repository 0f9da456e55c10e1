"""The sealer gives new audit records their places in the chain, and tells of them on the bus in the same transaction.

Every control process has one; the head of the chain is moved by compare-and-swap, so that of two that would seal the
same records one does. A record outlives its process: whoever seals next finds it unsealed.
"""

import threading

from sqlalchemy import bindparam, update

from haneul.kernel import log
from haneul.kernel.db import Db, Query, Store, columns_of
from haneul.kernel.events import emit
from haneul.services.identity.audit.chain import HEAD, START, seal_of
from haneul.services.identity.audit.logic import news
from haneul.services.identity.audit.models import AuditRecord, audit_records, chain_heads
from haneul.services.identity.audit.notifications import PUBLISHER, notifications
from haneul.services.identity.audit.surroundings import surroundings
from haneul.services.identity.config import IdentitySettings

POLL_S = 5.0
GATHER_S = 0.05
AT_ONCE = 100

WAITING = Query(
    AuditRecord,
    columns_of(AuditRecord, audit_records)
    .where(audit_records.c.sequence.is_(None))
    .order_by(audit_records.c.id)
    .limit(AT_ONCE),
)
SEAL = (
    update(audit_records)
    .where(audit_records.c.id == bindparam("row_id"), audit_records.c.sequence.is_(None))
    .values(sequence=bindparam("place"), seal=bindparam("digest"))
)


class Sealer:
    """Seals what this process writes, and what one that died has left."""

    def __init__(self, store: Store, settings: IdentitySettings) -> None:
        self._store, self._settings = store, settings
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="audit", daemon=True)

    def start(self) -> None:
        news.wake_by(self._store.engine, self._news.set)
        self._news.set()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._news.set()
        self._thread.join(POLL_S)

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._news.wait(POLL_S)
            # Records that come close together are sealed together: in a storm of logins that is a fraction of the work.
            self._stopping.wait(GATHER_S)
            self._news.clear()
            try:
                self.seal_all()
            except Exception:
                log.failure("audit records could not be sealed")

    def seal_all(self) -> None:
        """Seal whatever waits."""
        while not self._stopping.is_set() and self._store.read(lambda db: db.one(WAITING)) is not None:
            self._store.write(lambda db: seal_some(db, self._settings))


def seal_some(db: Db, settings: IdentitySettings) -> int:
    """Seal the oldest records that wait and tell of them; how many. None does it where another sealer was quicker."""
    # The head comes first: a record that is sealed after this look has moved it.
    head = db.one(HEAD, id=1)
    if head is None:
        head = START
        db.insert_missing(chain_heads, head)
    waiting = db.all(WAITING)
    if not waiting:
        return 0
    sequence, seal, sealed = head.sequence, head.seal, []
    for record in waiting:
        sequence, seal = sequence + 1, seal_of(record, sequence + 1, seal)
        sealed.append({"row_id": record.id, "place": sequence, "digest": seal})
    here = {"id": head.id, "sequence": head.sequence, "seal": head.seal}
    if not db.update(chain_heads, here, sequence=sequence, seal=seal):
        return 0
    db.connection.execute(SEAL, sealed)
    _tell(db, waiting, settings)
    return len(sealed)


def _tell(db: Db, records: list[AuditRecord], settings: IdentitySettings) -> None:
    if settings.notification_format == "none":
        return
    around = surroundings(db, records)
    for record in records:
        for event_type, payload in notifications(record, around, settings):
            emit(db, event_type, payload, publisher=PUBLISHER, request_id=record.request_id)
