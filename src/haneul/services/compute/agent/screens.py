"""This host's end of the consoles: sockets of guests' screens, read and written for control. Nothing listens here."""

import asyncio
import secrets
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future

from haneul.kernel.bus import Bus, BusError
from haneul.kernel.bus.loop import LoopThread
from haneul.kernel.reconcile.values import Nothing
from haneul.services.compute.drivers.base import Refused
from haneul.services.compute.wire import ENDED, REFUSED, ScreenAsk, ScreenEnd, ScreenPart, ScreenRead, ScreenWrite

PART_BYTES = 512 << 10
# The stream's own buffer holds at most twice as much; beyond that the guest waits.
BUFFER_BYTES = 256 << 10
PER_GUEST = 4
# Each has a read under way all the time, and RabbitMQ gives a host no more than 64 calls at once.
PER_HOST = 32
LONGEST_WAIT_S = 30.0
WRITE_S = 10.0
IDLE_S = 45.0


class _Screen:
    """A connection to one guest's screen."""

    def __init__(self, guest_id: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.guest_id, self.reader, self.writer = guest_id, reader, writer
        self.reading = asyncio.Lock()
        self.touched_at = time.monotonic()

    async def read(self, wait_s: float) -> ScreenPart:
        """What comes next, or nothing after the wait; two readers would get each other's bytes."""
        if self.reading.locked():
            raise BusError(REFUSED, "This screen is being read already.")
        async with self.reading:
            self.touched_at = time.monotonic()
            try:
                content = await asyncio.wait_for(self.reader.read(PART_BYTES), min(wait_s, LONGEST_WAIT_S))
            except TimeoutError:
                return ScreenPart(b"")
            except OSError:
                return ScreenPart(b"", is_last=True)
            finally:
                self.touched_at = time.monotonic()
            return ScreenPart(content, is_last=not content)

    async def write(self, content: bytes) -> None:
        try:
            self.writer.write(content)
            await asyncio.wait_for(self.writer.drain(), WRITE_S)
        except (OSError, TimeoutError):
            raise BusError(ENDED, "The guest takes nothing more.") from None

    def hang_up(self) -> None:
        """Close, without waiting for a guest that takes nothing."""
        transport = self.writer.transport
        if transport.get_write_buffer_size():
            transport.abort()
        else:
            transport.close()


class Screens:
    """All screens of this host that somebody looks at, by the id of their stream; only the loop touches them."""

    def __init__(self, connect: Callable[[str], socket.socket], idle_s: float = IDLE_S) -> None:
        self._connect, self._idle_s = connect, idle_s
        self._screens: dict[str, _Screen] = {}
        self._loop = LoopThread("screens")

    def serve(self, bus: Bus) -> None:
        """Register what this host answers; call before the bus starts."""
        bus.serve("compute.screen-open", ScreenAsk, self._open)
        bus.serve("compute.screen-read", ScreenRead, lambda read: self._loop.begin(self._read(read)))
        bus.serve("compute.screen-write", ScreenWrite, lambda write: self._loop.begin(self._write(write)))
        bus.serve("compute.screen-end", ScreenEnd, lambda end: self._loop.begin(self._end(end)))

    def start(self) -> None:
        self._loop.start()
        self._loop.begin(self._drop_forgotten())

    def stop(self) -> None:
        """Hang up everywhere."""
        if self._loop.running:
            self._loop.run(self._end_all(), WRITE_S)
        self._loop.stop()

    def _open(self, ask: ScreenAsk) -> "Future[str]":
        try:
            connected = self._connect(ask.guest_id)
        except Refused as refused:
            raise BusError(REFUSED, str(refused)) from refused
        return self._loop.begin(self._adopt(ask.guest_id, connected))

    async def _adopt(self, guest_id: str, connected: socket.socket) -> str:
        screen = _Screen(guest_id, *await asyncio.open_unix_connection(sock=connected, limit=BUFFER_BYTES))
        try:
            self._refuse_crowd(guest_id)
        except BusError:
            screen.hang_up()
            raise
        stream = secrets.token_hex(16)
        self._screens[stream] = screen
        return stream

    def _refuse_crowd(self, guest_id: str) -> None:
        if sum(screen.guest_id == guest_id for screen in self._screens.values()) >= PER_GUEST:
            raise BusError(REFUSED, f"The console of server {guest_id} is open {PER_GUEST} times already.")
        if len(self._screens) >= PER_HOST:
            raise BusError(REFUSED, f"The server's host has {PER_HOST} consoles open already.")

    def _known(self, stream: str) -> _Screen:
        try:
            return self._screens[stream]
        except KeyError:
            raise BusError(ENDED, "This screen is not open any more.") from None

    async def _read(self, ask: ScreenRead) -> ScreenPart:
        part = await self._known(ask.stream).read(ask.wait_s)
        if part.is_last:
            self._drop(ask.stream)
        return part

    async def _write(self, ask: ScreenWrite) -> Nothing:
        await self._known(ask.stream).write(ask.content)
        return Nothing()

    async def _end(self, end: ScreenEnd) -> Nothing:
        self._drop(end.stream)
        return Nothing()

    async def _end_all(self) -> None:
        for stream in tuple(self._screens):
            self._drop(stream)

    def _drop(self, stream: str) -> None:
        screen = self._screens.pop(stream, None)
        if screen is not None:
            screen.hang_up()

    async def _drop_forgotten(self) -> None:
        """Whoever looks at a screen reads it all the time: one that nobody reads was left by a control that died."""
        while True:
            await asyncio.sleep(self._idle_s / 10)
            oldest = time.monotonic() - self._idle_s
            for stream, screen in tuple(self._screens.items()):
                if screen.touched_at < oldest:
                    self._drop(stream)
