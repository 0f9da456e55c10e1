"""The bus of many machines, over RabbitMQ."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from uuid import uuid4

import msgspec
from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, PublishError

from haneul.kernel.bus import messages
from haneul.kernel.bus.attendance import EVERY_S, Attendance
from haneul.kernel.bus.backoff import Backoff
from haneul.kernel.bus.base import CONTROL, BusError
from haneul.kernel.bus.messages import Answer, Call, Event, Message, Outcome, Presence, Refusal, WakeUp
from haneul.kernel.bus.methods import ToError
from haneul.kernel.bus.pending import UnsentCalls
from haneul.kernel.bus.rabbit_link import PRESENCE_TOPIC, VERSION_HEADER, Place, RabbitLink
from haneul.kernel.bus.station import Inbox, Station

log = logging.getLogger(__name__)

FIRST_RETRY_S = 0.2
LAST_RETRY_S = 5.0
LEAVE_DEADLINE_S = 2.0
BROKER_EXCEPTIONS = (*CONNECTION_EXCEPTIONS, TimeoutError)


class RabbitBus(Station):
    """A Bus over RabbitMQ; make one with `at`."""

    @classmethod
    def at(cls, url: str, name: str, *, cloud_id: str, to_error: ToError | None = None) -> "RabbitBus":
        """The bus at an amqp:// or amqps:// URL; everything on the broker carries the cloud's id in front."""
        return cls(RabbitWire(url, name, cloud_id), name, to_error)


class RabbitWire:
    """Calls made while the broker is away wait for it; wakes and events are dropped."""

    def __init__(self, url: str, name: str, cloud_id: str) -> None:
        self._url = url
        self._place = Place(cloud_id, name, f"{cloud_id}.{name}.{uuid4().hex}")
        self._presence = Presence(name, time.time_ns(), self._place.inbox)
        self._attendance = Attendance(self._presence)
        self._link: RabbitLink | None = None
        self._unsent = UnsentCalls()
        self._topics: set[str] = set()
        self._inbox: Inbox
        self._staying: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """The name of this process's private queue."""
        return self._place.inbox

    async def open(self, inbox: Inbox) -> None:
        """Begin to connect."""
        self._inbox = inbox
        self._staying = asyncio.create_task(self._stay_connected())

    def subscribe(self, topic: str) -> None:
        """Have events of this topic delivered, now and after every reconnection."""
        self._topics.add(topic)
        if self._link is not None:
            self._begin(self._link.subscribe, topic)

    def peers(self) -> Sequence[str]:
        """Names of the others that have said lately that they are there; none while the broker is away."""
        return self._attendance.names() if self._link is not None else ()

    async def close(self) -> None:
        """Say goodbye, end the connection and stop to reconnect."""
        if self._link is not None:
            with contextlib.suppress(*BROKER_EXCEPTIONS):
                async with asyncio.timeout(LEAVE_DEADLINE_S):
                    await self._link.announce(msgspec.structs.replace(self._presence, gone=True))
        if self._staying is not None:
            self._staying.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._staying

    def send(self, message: Message) -> None:
        """Begin to publish a message."""
        if self._link is None:
            if isinstance(message, Call):
                self._unsent.add(message)
            return
        match message:
            case Call():
                self._begin(self._ask, self._link, message)
            case Answer() | Refusal():
                self._begin(self._link.reply, message)
            case WakeUp():
                self._begin(self._link.wake, message)
            case Event():
                self._begin(self._link.publish, message)

    def _begin(self, work: Callable[..., Coroutine[Any, Any, None]], *values: Any) -> None:
        task = asyncio.create_task(self._forgiving(work, *values))
        # The loop itself keeps no strong reference to a task.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _forgiving(self, work: Callable[..., Coroutine[Any, Any, None]], *values: Any) -> None:
        try:
            await work(*values)
        except BROKER_EXCEPTIONS as error:
            log.debug("A message was lost with the link to the broker: %s", error)

    async def _ask(self, link: RabbitLink, call: Call) -> None:
        self._inbox.sent(call)
        try:
            await link.ask(call)
        except PublishError:
            self._refuse(call, messages.ABSENT, f"{call.to} is not connected.")
        except BROKER_EXCEPTIONS as error:
            log.debug("A call was lost with the link to the broker: %s", error)
            self._refuse(call, messages.LOST, "The link to the broker broke before the answer came.")

    def _refuse(self, call: Call, kind: str, sentence: str) -> None:
        self._inbox.settled(Refusal(call.id, self.address, kind, sentence))

    async def _stay_connected(self) -> None:
        backoff = Backoff(FIRST_RETRY_S, LAST_RETRY_S)
        while True:
            try:
                await self._live(backoff)
                log.warning("%s lost its link to the broker.", self._place.name)
            except BROKER_EXCEPTIONS as error:
                # Only the first failure is news.
                level = logging.DEBUG if backoff.waiting else logging.WARNING
                log.log(level, "%s has no link to the broker: %s", self._place.name, str(error) or type(error).__name__)
            await asyncio.sleep(backoff.next_s())

    async def _live(self, backoff: Backoff) -> None:
        link = await RabbitLink.connect(self._url, self._place)
        try:
            # Before anything is received: a call that has waited for us may be answered at once.
            self._link = link
            await link.receive(self._take_call, self._take_news)
            for topic in tuple(self._topics):
                await link.subscribe(topic)
            backoff.reset()
            log.info("%s is connected to the broker.", self._place.name)
            for call in self._unsent.take():
                self.send(call)
            self._inbox.control_changed()
            await self._keep_present(link)
        finally:
            self._disconnected()
            await link.close()

    def _disconnected(self) -> None:
        self._link = None
        self._inbox.link_lost("The link to the broker broke before the answer came.")

    async def _keep_present(self, link: RabbitLink) -> None:
        while True:
            await link.announce(self._presence)
            if await link.ended(EVERY_S):
                return
            if CONTROL in self._attendance.forget_silent():
                # It may have died between a change and the wake that tells of it.
                self._inbox.control_changed()
            await self._give_way(link)

    async def _give_way(self, link: RabbitLink) -> None:
        if self._attendance.replaced():
            await link.leave_place()
        else:
            await link.take_place()

    async def _take_call(self, message: AbstractIncomingMessage) -> None:
        match read(message):
            case Call() as call:
                self._inbox.called(call, self._replier(message))
                return
            case WakeUp() as wake:
                self._inbox.woken(wake.wake)
            case BusError() as refusal if message.reply_to and (message.correlation_id or "").isdecimal():
                self.send(Refusal(int(str(message.correlation_id)), message.reply_to, refusal.kind, str(refusal)))
        await message.ack()

    def _replier(self, message: AbstractIncomingMessage) -> Callable[[Outcome], None]:
        def reply(outcome: Outcome) -> None:
            self.send(outcome)
            self._begin(message.ack)

        return reply

    async def _take_news(self, message: AbstractIncomingMessage) -> None:
        if message.exchange == self._place.events and message.routing_key != PRESENCE_TOPIC:
            self._inbox.happened(Event(message.routing_key or "", message.body))
            return
        match read(message):
            case Answer() | Refusal() as outcome:
                self._inbox.settled(outcome)
            case WakeUp() as wake:
                self._inbox.woken(wake.wake)
            case Presence() as presence if self._link is not None:
                if self._attendance.note(presence):
                    self._begin(self._link.introduce, self._presence, presence.inbox)
                    if presence.name == CONTROL:
                        self._inbox.control_changed()
                if presence.name == self._place.name != CONTROL:
                    self._begin(self._give_way, self._link)


def read(message: AbstractIncomingMessage) -> Message | BusError:
    """What an AMQP message says, or why it can't be understood, which is logged here."""
    try:
        version = message.headers.get(VERSION_HEADER)
        messages.refuse_version(version if isinstance(version, int) else -1)
        return messages.decode(message.body)
    except BusError as refusal:
        log.warning("A message on %s was dropped: %s", message.routing_key, refusal)
        return refusal
    except msgspec.MsgspecError as error:
        log.warning("A message on %s was dropped: it is none of ours (%s).", message.routing_key, error)
        return BusError(messages.MALFORMED, "The message is none that this bus knows.")
