"""A guest's screen as control sees it: bytes that travel over the bus, to and from the guest's host."""

import asyncio
from concurrent.futures import Future
from typing import TypeVar

from haneul.kernel.bus import BusError
from haneul.kernel.errors import Conflict, Unavailable
from haneul.kernel.http.sites import Stream
from haneul.kernel.reconcile.values import Nothing
from haneul.services.compute.hosts_link import HostLink
from haneul.services.compute.servers.models import Server
from haneul.services.compute.wire import ENDED, REFUSED, ScreenAsk, ScreenEnd, ScreenPart, ScreenRead, ScreenWrite

T = TypeVar("T")
# How long a host waits for the guest to draw something, and how much longer we wait for the host.
WAIT_S = 10.0
PATIENCE_S = 10.0
GONE = "The server's screen is gone."
SILENT = "The host of instance {id} does not answer; try again."


class Screen:
    """One connection to a guest's screen; made by `open_screen`."""

    def __init__(self, hosts: HostLink, host: str, stream: str) -> None:
        self._hosts, self._host, self._stream = hosts, host, stream

    async def relay(self, client: Stream) -> str:
        """Carry bytes both ways until one side ends; why. EOFError when the client is gone."""
        halves = [asyncio.create_task(self._show(client)), asyncio.create_task(self._type(client))]
        try:
            await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
            return next(half.result() for half in halves if half.done())
        except BusError as refused:
            if refused.kind == ENDED:
                return GONE
            raise Unavailable("The link to the server's host broke.") from refused
        finally:
            for half in halves:
                half.cancel()
            await asyncio.gather(*halves, return_exceptions=True)
            self._end()

    async def _show(self, client: Stream) -> str:
        while True:
            read = ScreenRead(self._stream, WAIT_S)
            part = await _answered(
                self._hosts.ask(
                    self._host, "compute.screen-read", read, returns=ScreenPart, deadline_s=WAIT_S + PATIENCE_S
                )
            )
            if part.content:
                await client.send(part.content)
            if part.is_last:
                return GONE

    async def _type(self, client: Stream) -> str:
        while True:
            write = ScreenWrite(self._stream, await client.receive())
            asked = self._hosts.ask(
                self._host, "compute.screen-write", write, returns=Nothing, deadline_s=WAIT_S + PATIENCE_S
            )
            await _answered(asked)

    def _end(self) -> None:
        """Tell the host; one that does not hear it ends a stream that nobody reads by itself."""
        try:
            end = ScreenEnd(self._stream)
            self._hosts.ask(self._host, "compute.screen-end", end, returns=Nothing, deadline_s=PATIENCE_S)
        except BusError:
            return


async def open_screen(hosts: HostLink, server: Server) -> Screen:
    """Connect to the screen of a server's guest; Conflict with the host's sentence if that can't be."""
    try:
        asked = hosts.ask(server.host, "compute.screen-open", ScreenAsk(server.id), returns=str, deadline_s=PATIENCE_S)
        return Screen(hosts, server.host, await _answered(asked))
    except BusError as refused:
        if refused.kind == REFUSED:
            raise Conflict("{reason}", reason=str(refused)) from refused
        raise Unavailable(SILENT, id=server.id) from refused


async def _answered(asked: "Future[T]") -> T:
    return await asyncio.wrap_future(asked)
