"""Events go to a row in the same transaction as what they tell of, and from there to the bus: at least once, in order.

On the wire they wear oslo.messaging's envelope (version 2.0), so that existing consumers of notifications read them.
"""

import threading
from typing import Any

import msgspec
from sqlalchemy import bindparam, delete

from haneul.kernel import log
from haneul.kernel.bus import Bus, BusError
from haneul.kernel.clock import now
from haneul.kernel.db import Db, Query, Store, columns_of
from haneul.kernel.db.news import News
from haneul.kernel.events.models import Waiting, outbox
from haneul.kernel.ids import new_uuid

TOPIC = "notifications.info"
POLL_S = 5.0
AT_ONCE = 200

OLDEST = Query(Waiting, columns_of(Waiting, outbox).order_by(outbox.c.id).limit(AT_ONCE))
PUBLISHED = delete(outbox).where(outbox.c.id <= bindparam("newest"))

news = News()


def emit(db: Db, event_type: str, payload: dict[str, Any], *, publisher: str, request_id: str = "") -> None:
    """Tell of something in this transaction: `compute.instance.create.end`, `identity.project.deleted`.

    `publisher` is the service that speaks. The payload holds no secret: whoever may read the bus reads it.
    """
    db.insert_numbered(
        outbox,
        event_type=event_type,
        publisher=publisher,
        payload=payload,
        request_id=request_id,
        created_at=now(),
    )
    news.told(db)


class Publisher:
    """Takes events from the outbox to the bus."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self._store, self._bus = store, bus
        self._news = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="events", daemon=True)

    def start(self) -> None:
        news.wake_by(self._store.engine, self._news.set)
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._news.set()
        self._thread.join(POLL_S)

    def _work(self) -> None:
        while not self._stopping:
            self._news.wait(POLL_S)
            self._news.clear()
            try:
                while self._publish_some() == AT_ONCE:
                    pass
            except Exception:
                log.failure("events could not be published")

    def _publish_some(self) -> int:
        waiting = self._store.read(lambda db: db.all(OLDEST))
        if not waiting:
            return 0
        for event in waiting:
            try:
                self._bus.publish(TOPIC, envelope(event))
            except BusError as refused:
                log.event("event was not published", "warning", reason=str(refused))
                return 0
        newest = waiting[-1].id
        self._store.write(lambda db: db.run(PUBLISHED, newest=newest))
        return len(waiting)


def envelope(event: Waiting) -> dict[str, str]:
    """The event as oslo.messaging writes notifications."""
    message = {
        "message_id": new_uuid(),
        "publisher_id": event.publisher,
        "event_type": event.event_type,
        "priority": "INFO",
        "payload": event.payload,
        "timestamp": event.created_at.strftime("%Y-%m-%d %H:%M:%S.%f"),
        "_unique_id": f"{event.id:032x}",
        "_context_request_id": event.request_id,
    }
    return {"oslo.version": "2.0", "oslo.message": msgspec.json.encode(message).decode()}
