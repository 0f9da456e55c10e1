"""A host's end of the local bus: connects to the hub's Unix socket, and again for ever when the link breaks."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence

from haneul.kernel.bus import messages
from haneul.kernel.bus.backoff import Backoff
from haneul.kernel.bus.base import PROTOCOL_VERSION, BusError
from haneul.kernel.bus.link import STREAM_LIMIT_BYTES, BadFrameError, Link, LinkClosedError
from haneul.kernel.bus.messages import (
    Answer,
    Call,
    Event,
    Goodbye,
    Hello,
    Message,
    Refusal,
    Roster,
    Subscribe,
    WakeUp,
    Welcome,
)
from haneul.kernel.bus.pending import UnsentCalls
from haneul.kernel.bus.station import Inbox

log = logging.getLogger(__name__)

FIRST_RETRY_S = 0.05
# A look for a socket file costs next to nothing, and a host is of no use until it finds control.
LAST_RETRY_S = 0.25
GREETING_DEADLINE_S = 5.0


class PeerWire:
    """Calls made while the hub is away wait for it; wakes and events are dropped."""

    def __init__(self, path: str, name: str) -> None:
        self.address = name
        self._path = path
        self._started_ns = time.time_ns()
        self._link: Link | None = None
        self._unsent = UnsentCalls()
        self._topics: set[str] = set()
        self._names: tuple[str, ...] = ()
        self._inbox: Inbox
        self._staying: asyncio.Task[None] | None = None

    async def open(self, inbox: Inbox) -> None:
        """Begin to connect."""
        self._inbox = inbox
        self._staying = asyncio.create_task(self._stay_connected())

    def subscribe(self, topic: str) -> None:
        """Have events of this topic delivered, now and after every reconnection."""
        self._topics.add(topic)
        if self._link is not None:
            self._link.send(Subscribe((topic,)))

    def peers(self) -> Sequence[str]:
        """Names of the others that the hub has told of; none while it is away."""
        return self._names

    async def close(self) -> None:
        """End the connection and stop to reconnect."""
        if self._staying is not None:
            self._staying.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._staying

    def send(self, message: Message) -> None:
        """Write a message to the hub, which passes it on."""
        if isinstance(message, Call):
            self._send_call(message)
        elif self._link is not None:
            self._link.send(message)

    def _send_call(self, call: Call) -> None:
        if self._link is None:
            self._unsent.add(call)
        elif self._link.send(call):
            self._inbox.sent(call)
        else:
            self._inbox.settled(Refusal(call.id, self.address, messages.ABSENT, "The hub has stopped reading."))

    async def _stay_connected(self) -> None:
        backoff = Backoff(FIRST_RETRY_S, LAST_RETRY_S)
        while True:
            try:
                await self._live(backoff)
            except (OSError, TimeoutError, LinkClosedError, BadFrameError, BusError) as error:
                # Only the first failure is news.
                level = logging.DEBUG if backoff.waiting else logging.WARNING
                log.log(level, "%s has no link to the hub: %s", self.address, str(error) or type(error).__name__)
            await asyncio.sleep(backoff.next_s())

    async def _live(self, backoff: Backoff) -> None:
        reader, writer = await asyncio.open_unix_connection(self._path, limit=STREAM_LIMIT_BYTES)
        link = Link(reader, writer)
        try:
            await self._greet(link)
            backoff.reset()
            self._begin(link)
            while True:
                self._take(await link.receive())
        finally:
            self._end()
            await link.close()

    async def _greet(self, link: Link) -> None:
        link.send(Hello(PROTOCOL_VERSION, self.address, self._started_ns, tuple(self._topics)))
        match await asyncio.wait_for(link.receive(), GREETING_DEADLINE_S):
            case Welcome(version=version):
                messages.refuse_version(version)
            case Goodbye(kind=kind, sentence=sentence):
                raise BusError(kind, sentence)
            case message:
                raise BadFrameError(f"a {type(message).__name__} in place of a welcome")

    def _begin(self, link: Link) -> None:
        log.info("%s is connected to the hub at %s.", self.address, self._path)
        self._link = link
        # Topics that were added since the hello.
        link.send(Subscribe(tuple(self._topics)))
        for call in self._unsent.take():
            self._send_call(call)
        # The hub lives in control.
        self._inbox.control_changed()

    def _end(self) -> None:
        if self._link is not None:
            self._link = None
            self._names = ()
            self._inbox.link_lost("The link to the hub broke before the answer came.")

    def _take(self, message: Message) -> None:
        match message:
            case Call():
                self._inbox.called(message, self.send)
            case Answer() | Refusal():
                self._inbox.settled(message)
            case WakeUp():
                self._inbox.woken(message.wake)
            case Event():
                self._inbox.happened(message)
            case Roster():
                self._names = tuple(name for name in message.names if name != self.address)
            case Goodbye():
                raise BusError(message.kind, message.sentence)
            case _:
                raise BadFrameError(f"a {type(message).__name__} that a hub has no business to send")
