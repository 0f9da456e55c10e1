"""One connection to RabbitMQ with the queues and exchanges of one process.

Calls to a host go to a queue that lives as long as the host's connection, so that an absent host is known at once;
calls to control wait in a queue which all control processes share. Answers, wakes, events and presence come to a
private inbox, apart from the calls, since calls are taken only as fast as they are answered.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import aio_pika
from aio_pika.abc import (
    AbstractConnection,
    AbstractExchange,
    AbstractIncomingMessage,
    AbstractQueue,
    DeliveryMode,
    ExchangeType,
)
from msgspec import Struct

from haneul.kernel.bus import messages
from haneul.kernel.bus.base import CONTROL, PROTOCOL_VERSION
from haneul.kernel.bus.messages import Call, Event, Outcome, Presence, WakeUp

if TYPE_CHECKING:
    from aiormq.abc import ConfirmationFrameType

CONNECT_DEADLINE_S = 10.0
HEARTBEAT_S = 15
CALLS_IN_HAND = 64
WAKE_KEPT_S = 60
SHARED_QUEUE_KEPT_MS = 24 * 3600 * 1000
VERSION_HEADER = "haneul-version"
PRESENCE_TOPIC = "haneul.presence"


class Place(Struct, frozen=True):
    """The names under which one process appears on the broker."""

    cloud_id: str
    name: str
    inbox: str

    @property
    def peers(self) -> str:
        """The exchange for calls and wakes."""
        return f"{self.cloud_id}.peers"

    @property
    def events(self) -> str:
        """The exchange for events and presence."""
        return f"{self.cloud_id}.events"

    @property
    def shared(self) -> str:
        """The queue that all control processes take calls from."""
        return f"{self.cloud_id}.{CONTROL}"

    @property
    def calls(self) -> str:
        """The queue of a host's calls."""
        return f"{self.inbox}.calls"


Receive = Callable[[AbstractIncomingMessage], Awaitable[None]]


class RabbitLink:
    """Made by `connect`; ended by whatever `ended` waits for, or by `close`."""

    _confirmed: AbstractExchange
    _peers: AbstractExchange
    _events: AbstractExchange
    _direct: AbstractExchange
    _inbox: AbstractQueue
    _calls: AbstractQueue

    def __init__(self, connection: AbstractConnection, place: Place) -> None:
        self._connection = connection
        self._place = place
        self._cancelled = asyncio.Event()
        self._ends: list[asyncio.Future[object]] = []
        self._in_place = False

    @classmethod
    async def connect(cls, url: str, place: Place) -> "RabbitLink":
        """Connect and declare everything; nothing is received before `receive`."""
        connection = await aio_pika.connect(
            url,
            timeout=CONNECT_DEADLINE_S,
            heartbeat=HEARTBEAT_S,
            client_properties={"connection_name": f"haneul {place.cloud_id} {place.name}"},
        )
        link = cls(connection, place)
        try:
            async with asyncio.timeout(CONNECT_DEADLINE_S):
                await link._declare()
        except BaseException:
            await connection.close()
            raise
        return link

    async def receive(self, on_call: Receive, on_news: Receive) -> None:
        """Begin to receive: calls (each to be acknowledged when answered) and all that comes to the inbox."""
        await self._inbox.consume(on_news, no_ack=True)
        await self._calls.consume(on_call)
        await self._inbox.bind(self._events, PRESENCE_TOPIC)
        await self.take_place()

    async def take_place(self) -> None:
        """Have calls and wakes to this name delivered here."""
        if self._in_place or self._place.name == CONTROL:
            return
        self._in_place = True
        await self._calls.bind(self._peers, f"call.{self._place.name}")
        await self._inbox.bind(self._peers, f"wake.{self._place.name}")

    async def leave_place(self) -> None:
        """Leave calls and wakes to this name to a newer process."""
        if not self._in_place:
            return
        self._in_place = False
        await self._calls.unbind(self._peers, f"call.{self._place.name}")
        await self._inbox.unbind(self._peers, f"wake.{self._place.name}")

    async def subscribe(self, topic: str) -> None:
        """Have events of this topic delivered to the inbox."""
        await self._inbox.bind(self._events, topic)

    async def ask(self, call: Call) -> None:
        """Publish a call until the broker confirms it; PublishError if its peer is absent."""
        message = aio_pika.Message(
            messages.encode(call),
            headers={VERSION_HEADER: PROTOCOL_VERSION},
            delivery_mode=DeliveryMode.NOT_PERSISTENT,
            expiration=max(call.remaining_s, 0.001),
            correlation_id=str(call.id),
            reply_to=call.sender,
        )
        # The caller watches its deadline itself; this only ends the wait for a broker that confirms nothing.
        patience_s = call.remaining_s + 1.0
        await self._confirmed.publish(message, f"call.{call.to}", mandatory=True, timeout=patience_s)

    async def reply(self, outcome: Outcome) -> None:
        """Send an answer or refusal to the inbox of whoever asked."""
        await self._tell(self._direct, outcome.to, messages.encode(outcome))

    async def wake(self, wake: WakeUp) -> None:
        """Send a wake, which nobody need be there to take."""
        await self._tell(self._peers, f"wake.{wake.to}", messages.encode(wake), WAKE_KEPT_S)

    async def publish(self, event: Event) -> None:
        """Send an event as plain JSON, so that foreign consumers can read it too."""
        await self._tell(self._events, event.topic, event.body)

    async def announce(self, presence: Presence) -> None:
        """Tell everyone that this process is there, or leaves."""
        await self._tell(self._events, PRESENCE_TOPIC, messages.encode(presence))

    async def introduce(self, presence: Presence, inbox: str) -> None:
        """Tell one newcomer that this process is there."""
        await self._tell(self._direct, inbox, messages.encode(presence))

    async def ended(self, timeout_s: float) -> bool:
        """Wait for the end of the connection, of a channel or of a consumer; False if none came in time."""
        done, _ = await asyncio.wait(self._ends, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)

    async def close(self) -> None:
        """End the connection, and with it the queues that are this process's own."""
        for end in self._ends:
            end.cancel()
        await self._connection.close()

    async def _declare(self) -> None:
        asking = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
        telling = await self._connection.channel(publisher_confirms=False)
        await asking.set_qos(prefetch_count=CALLS_IN_HAND)
        for channel in (asking, telling):
            underlay = await channel.get_underlay_channel()
            underlay.on_consumer_cancel_callbacks.add(self._consumer_cancelled)
        self._ends = [
            asyncio.ensure_future(end)
            for end in (self._connection.closed(), asking.closed(), telling.closed(), self._cancelled.wait())
        ]
        self._peers = await telling.declare_exchange(self._place.peers, ExchangeType.DIRECT, durable=True)
        self._events = await telling.declare_exchange(self._place.events, ExchangeType.TOPIC, durable=True)
        self._confirmed = await asking.get_exchange(self._place.peers, ensure=False)
        self._direct = telling.default_exchange
        self._inbox = await telling.declare_queue(self._place.inbox, exclusive=True)
        # Hosts declare it too: a call to control may be made before the first control process is there.
        shared = await asking.declare_queue(
            self._place.shared, durable=True, arguments={"x-expires": SHARED_QUEUE_KEPT_MS}
        )
        await shared.bind(self._peers, f"call.{CONTROL}")
        await shared.bind(self._peers, f"wake.{CONTROL}")
        own = self._place.name != CONTROL
        self._calls = await asking.declare_queue(self._place.calls, exclusive=True) if own else shared

    async def _consumer_cancelled(self, _frame: object) -> None:
        self._cancelled.set()

    async def _tell(
        self, exchange: AbstractExchange, key: str, body: bytes, kept_s: int | None = None
    ) -> "ConfirmationFrameType | None":
        message = aio_pika.Message(
            body,
            headers={VERSION_HEADER: PROTOCOL_VERSION},
            delivery_mode=DeliveryMode.NOT_PERSISTENT,
            expiration=kept_s,
        )
        return await exchange.publish(message, key, mandatory=False)
