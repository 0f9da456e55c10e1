"""Bodies that flow: an upload that breaks off is no upload that ended, and a download stops when its reader is gone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from haneul.kernel.errors import BadRequest

Message = dict[str, Any]


class Line:
    """A request's `receive`, which remembers that the client went away; Falcon takes that for the end of the body.

    Falcon asks for the body's first part before it looks at the request at all, so where there is one, the first part
    is nothing: who is refused by his head alone need not send, nor be told to go on (`Expect: 100-continue`).
    """

    __slots__ = ("_receive", "_waits_for_body", "is_cut")

    def __init__(self, receive: Callable[[], Awaitable[Message]], *, has_body: bool = False) -> None:
        self._receive, self._waits_for_body = receive, has_body
        self.is_cut = False

    async def __call__(self) -> Message:
        if self._waits_for_body:
            self._waits_for_body = False
            return {"type": "http.request", "body": b"", "more_body": True}
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.is_cut = True
        return message

    async def until_cut(self) -> None:
        """Return when the client is gone or has its answer; what it still sends is passed over."""
        while not self.is_cut:
            await self()


async def whole(parts: AsyncIterator[bytes], line: Line) -> AsyncIterator[bytes]:
    """The parts of a request's body; BadRequest at the end if the client went away in the middle."""
    async for part in parts:
        yield part
    if line.is_cut:
        raise BadRequest("The request's body broke off before its end.")


class Flow:
    """An answer's chunks for as long as somebody reads them: the server itself would send them into the void."""

    def __init__(self, chunks: AsyncIterator[bytes], line: Line) -> None:
        self._chunks, self._line = chunks, line
        self._cut: asyncio.Task[None] | None = None

    def __aiter__(self) -> "Flow":
        return self

    async def __anext__(self) -> bytes:
        if self._cut is None:
            self._cut = asyncio.ensure_future(self._line.until_cut())
        if self._cut.done():
            raise StopAsyncIteration
        return await anext(self._chunks)

    async def close(self) -> None:
        if self._cut is not None:
            self._cut.cancel()
        end = getattr(self._chunks, "aclose", None)
        if end is not None:
            await end()
